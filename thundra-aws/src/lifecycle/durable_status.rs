//! The status reported by an invocation for the durable execution.
//!
//! Lambda takes an invocation for a success even if the invocation reports a failed execution. No metric, no
//! dead-letter queue and no X-Ray segment shows the failure.

use serde::Serialize;
use thundra_core::exception::Exception;
use thundra_core::{ScopeFlags, ScopeRef, semconv};

use super::response_members::ResponseMembers;

const FAILED: &str = "FAILED";
/// The `error.type` of a failure without a type.
const UNTYPED: &str = "durable_execution_failed";

/// Records the status on the invocation. A failed execution is a failure of the invocation. A suspended execution is
/// not.
pub(super) fn report(invocation: ScopeRef, members: ResponseMembers) {
    let Some(status) = members.status else { return };
    if status == FAILED && !invocation.flags().contains(ScopeFlags::FAILED) {
        let error_type = members.error_type.filter(|error_type| !error_type.is_empty());
        let error_type = error_type.unwrap_or_else(|| UNTYPED.to_owned());
        invocation.set_flags(ScopeFlags::FAILED);
        invocation.fail(&Exception::new(error_type, members.error_message.unwrap_or_default()));
    }
    invocation
        .set_attribute(semconv::DURABLE_INVOCATION_STATUS, thundra_core::cut(&status, MAX_STATUS_BYTES).to_owned());
}

/// The response that fails the execution.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FailedExecution {
    error: ExecutionError,
    status: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExecutionError {
    error_message: String,
    error_type: String,
}

impl FailedExecution {
    /// Returns the response for an exception.
    pub(super) fn of(exception: &Exception) -> Self {
        let error_message = exception.message().to_owned();
        let error = ExecutionError { error_message, error_type: exception.error_type().to_owned() };
        FailedExecution { error, status: FAILED }
    }
}

/// The longest recorded status, in bytes. Lambda's own are shorter.
const MAX_STATUS_BYTES: usize = 64;
