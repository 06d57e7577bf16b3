//! The traces of the initialisation and of a restore, kept until the first invocation links to their spans.

use std::sync::{Mutex, PoisonError};

use thundra_core::TraceContext;

static CONTEXTS: Mutex<Vec<TraceContext>> = Mutex::new(Vec::new());

/// Keeps the context of a root span.
pub(crate) fn keep(context: Option<TraceContext>) {
    CONTEXTS.lock().unwrap_or_else(PoisonError::into_inner).extend(context);
}

/// Takes the contexts, for the first exported invocation.
pub(super) fn take() -> Vec<TraceContext> {
    std::mem::take(&mut *CONTEXTS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Returns the contexts, for an invocation that is perhaps not exported.
pub(super) fn contexts() -> Vec<TraceContext> {
    CONTEXTS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
