//! Failures known only from the log events of the runtime: a response refused by Lambda, although the runtime counts a
//! success, and the failure of a handler that does not [report](super::reporting) outcomes.

use std::fmt::Debug;

use thundra_core::exception::{Exception, UNNAMED, name_in_debug};
use thundra_core::{ScopeFlags, ScopeRef, formatted, read_runtime_errors};
use tracing::Event;
use tracing::field::{Field, Visit};

use super::{event, reporting};

/// The targets of the runtime's events about a handler.
const HANDLER: &str = "lambda_runtime::layers::panic";
const READER: &str = "lambda_runtime::layers::api_response";
/// The text about a panic. The runtime does not log the message of the panic.
const PANIC: &str = "user handler panicked";

/// Records the failures logged by the runtime on the invocations from now on.
pub(super) fn watch() {
    read_runtime_errors(|event| {
        // An earlier failure is the cause, and is not replaced.
        if let Some(invocation) = ScopeRef::current().filter(|scope| !scope.flags().contains(ScopeFlags::FAILED)) {
            report(invocation, event);
        }
    });
}

fn report(invocation: ScopeRef, event: &Event<'_>) {
    let mut fields = Fields::default();
    event.record(&mut fields);
    let exception = match (fields, event.metadata().target()) {
        (Fields { status: Some(status), .. }, _) => refusal(&status),
        (Fields { message, .. }, HANDLER) if !reporting::is_in_use() => failure(&message),
        (_, READER) if !reporting::is_in_use() => return event::report_unreadable(invocation),
        _ => return,
    };
    invocation.set_flags(ScopeFlags::FAILED);
    invocation.fail(&exception);
}

/// Describes Lambda's status for a refused response.
fn refusal(status: &str) -> Exception {
    // Over 6 MB, or over 200 MB of a stream.
    let error_type = if status.starts_with("413") { "response_too_large" } else { "response_refused" };
    Exception::new(error_type, format!("Lambda refused the response: {status}"))
}

/// Describes a failure of the handler by the `Debug` text of the error.
fn failure(debug: &str) -> Exception {
    if debug == PANIC {
        return Exception::new("panic", "panicked");
    }
    let error_type = name_in_debug(debug).unwrap_or(UNNAMED);
    let text = serde_json::from_str::<String>(debug); // the `Debug` text of a text
    Exception::new(error_type.to_owned(), text.unwrap_or_else(|_| debug.to_owned()))
}

/// The fields of an event.
#[derive(Default)]
struct Fields {
    message: String,
    /// The status of a refused response. No other event of the runtime has a status.
    status: Option<String>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // The text of the handler's error is made by the program.
        let text = || formatted(|| format!("{value:?}"));
        match field.name() {
            "message" => self.message = text(),
            "status" => self.status = Some(text()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_cannot_be_formatted_stops_nobody() {
        struct Broken;
        impl Debug for Broken {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("broken")
            }
        }
        watch();
        let scope = thundra_core::Scope::builder("invocation").begin();
        let logged = || tracing::error!(target: "lambda_runtime::layers::panic", "{:?}", Broken);
        tracing::subscriber::with_default(thundra_core::subscriber(thundra_core::config()), || scope.enter(logged));
    }

    #[test]
    fn a_failure_is_described_by_what_the_runtime_logs() {
        for (debug, error_type, message, why) in [
            ("user handler panicked", "panic", "panicked", "a panic"),
            ("Declined(7)", "Declined", "Declined(7)", "an error with a name"),
            (r#""no such \"name\"""#, "Error", r#"no such "name""#, "a text"),
            ("no such name", "Error", "no such name", "an error of `anyhow`"),
        ] {
            let failure = failure(debug);
            assert_eq!((failure.error_type(), failure.message()), (error_type, message), "{why}");
        }
    }
}
