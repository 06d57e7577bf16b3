//! Diagnostics for programs without recorded spans: one line on stderr with the remedy, if the cause is certain.

use std::sync::atomic::{AtomicBool, Ordering};

use super::slab::SCOPES;
use crate::diagnostics;

/// `true` once the program made a span fit for recording.
static SPAN_SEEN: AtomicBool = AtomicBool::new(false);

/// Notes a span of the program. The first span of a callsite registers the callsite.
pub(super) fn span_seen() {
    // Relaxed: the flag publishes nothing, and is read when the program ends.
    SPAN_SEEN.store(true, Ordering::Relaxed);
}

/// Reports once that the program made spans without a scope, so no span was recorded. Called at the end of the program:
/// a scope may be opened until then.
pub(crate) fn report_missing_scope() {
    // Relaxed: see `span_seen`.
    if SPAN_SEEN.load(Ordering::Relaxed) && !SCOPES.were_claimed() {
        diagnostics::once(
            "scope.none",
            "no span was recorded, because the program began no scope (an invocation, a server's request, a record of a \
             batch): run the program's work in one, as in \
             thundra_http::scope(\"work\", async { … }).await",
        );
    }
}
