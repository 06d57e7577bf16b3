//! The trace of the initialisation, kept until the first invocation links to its span.

use std::sync::{Mutex, PoisonError};

use thundra_core::TraceContext;

static CONTEXT: Mutex<Option<TraceContext>> = Mutex::new(None);

/// Keeps the context of the span of the initialisation.
pub(crate) fn keep(context: Option<TraceContext>) {
    *CONTEXT.lock().unwrap_or_else(PoisonError::into_inner) = context;
}

/// Takes the context, for the first exported invocation.
pub(super) fn take() -> Option<TraceContext> {
    CONTEXT.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Returns the context, for an invocation that is perhaps not exported.
pub(super) fn context() -> Option<TraceContext> {
    CONTEXT.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
