//! The traces of the initialisation and of a restore, kept until the first invocation links to their spans.

use std::sync::{Mutex, MutexGuard, PoisonError};

use thundra_core::{Records, TraceContext, export_later, follows_xray};

static KEPT: Mutex<Kept> = Mutex::new(Kept { contexts: Vec::new(), records: Vec::new() });

struct Kept {
    contexts: Vec<TraceContext>,
    /// The traces, kept only if X-Ray alone receives them: an unsampled invocation must not export the traces.
    records: Vec<Records>,
}

fn kept() -> MutexGuard<'static, Kept> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a finished trace. The first exported invocation links to the trace, and decides whether X-Ray gets the trace.
pub(crate) fn keep(root: Option<TraceContext>, records: Records) {
    link(root, &records);
    if follows_xray() {
        kept().records.push(records);
    } else {
        export_later(records.withheld());
    }
}

/// Exports a finished trace with the next flush, perhaps before the first invocation. The first exported invocation
/// links to the trace.
pub(crate) fn export(root: Option<TraceContext>, records: Records) {
    link(root, &records);
    export_later(records);
}

fn link(root: Option<TraceContext>, records: &Records) {
    // An unexported trace is no target of a link.
    if !records.is_empty() {
        kept().contexts.extend(root);
    }
}

/// Takes the contexts, for the first exported invocation. The next flush exports the traces.
pub(super) fn take() -> Vec<TraceContext> {
    let (contexts, records) = {
        let mut kept = kept();
        (std::mem::take(&mut kept.contexts), std::mem::take(&mut kept.records))
    };
    records.into_iter().for_each(export_later);
    contexts
}

/// Returns the contexts, for an invocation whose export is uncertain.
pub(super) fn contexts() -> Vec<TraceContext> {
    kept().contexts.clone()
}
