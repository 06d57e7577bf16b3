//! The status of an HTTP response.

use thundra_core::{ScopeFlags, ScopeRef, Status, semconv};

/// Records the status of a response on its invocation.
pub(super) fn report_status(invocation: ScopeRef, code: u16) {
    invocation.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, code);
    if code >= 500 {
        invocation.set_flags(ScopeFlags::HTTP_ERROR);
        invocation.set_attribute(semconv::ERROR_TYPE, code.to_string());
        invocation.set_status(Status::error(""));
    }
}
