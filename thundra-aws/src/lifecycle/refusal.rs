//! Responses refused by Lambda. The runtime logs the refusal, and counts the invocation as a success.

use std::fmt::Debug;

use thundra_core::exception::Exception;
use thundra_core::{ScopeFlags, ScopeRef, read_runtime_errors};
use tracing::field::{Field, Visit};

/// Records refusals on their invocations from now on.
pub(super) fn watch() {
    read_runtime_errors(|event| {
        let mut refusal = Refusal(None);
        event.record(&mut refusal);
        if let (Some(status), Some(invocation)) = (refusal.0, ScopeRef::current()) {
            report(invocation, &status);
        }
    });
}

/// Records Lambda's status for a refused response. An earlier failure is the cause, and stays.
fn report(invocation: ScopeRef, status: &str) {
    if !invocation.flags().contains(ScopeFlags::FAILED) {
        // Over 6 MB, or over 200 MB of a stream.
        let error_type = if status.starts_with("413") { "response_too_large" } else { "response_refused" };
        invocation.set_flags(ScopeFlags::FAILED);
        invocation.fail(&Exception::new(error_type, format!("Lambda refused the response: {status}")));
    }
}

/// The field with the status of Lambda's response, present in one event of the runtime only.
struct Refusal(Option<String>);

impl Visit for Refusal {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "status" {
            self.0 = Some(format!("{value:?}"));
        }
    }
}
