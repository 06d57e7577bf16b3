//! Keeps log lines in their scopes, and writes the kept lines of failed scopes (`THUNDRA_LOG_BUFFER`).
//!
//! Lines more detailed than the written ones wait in the buffer of their scope. The kept lines are written when the
//! scope fails or nears the deadline. A successful scope drops the kept lines. Once kept lines were written, further
//! lines are written at once.

use super::entered::Entered;
use super::line_buffer::LineBuffer;
use super::scope_span::SCOPE_TARGET;
use super::slab::SCOPES;
use super::slot::{ScopeId, SpanSlot};
use crate::config::LOGS;
use crate::export::{StandardStream, write_line};

/// Keeps a line in a scope. Returns `false` for a line to write at once.
pub(crate) fn keep(scope: ScopeId, line: &[u8], limit: usize) -> bool {
    let Some(mut state) = SCOPES.lock(scope) else { return true };
    if state.kept_lines.came_out() {
        return false;
    }
    // A successful scope needs no more lines.
    if !state.sealed {
        state.kept_lines.keep(line, limit);
    }
    true
}

/// Writes the kept lines of an open scope.
pub(crate) fn come_out(scope: ScopeId) {
    if !LOGS {
        return;
    }
    // A scope that waits has kept nothing.
    let state = SCOPES.lock_as_is(scope).filter(|state| !state.sealed && !state.is_waiting());
    let Some(mut state) = state else { return };
    let (lines, recorded) = (state.kept_lines.take(), state.recorded);
    state.release_kept_records();
    let (due, evicted) = (state.take_log_chunk(), state.kept_lines.take_evicted_records());
    let receiver = state.receiver.clone();
    // A value may log while being printed, so the scope is not locked together with standard error.
    drop(state);
    due.into_iter().for_each(|records| receiver.add(records));
    // The loss of records in a program without lines is reported as well.
    let evicted = lines.as_ref().map_or(evicted, LineBuffer::evicted);
    if evicted > 0 {
        let _current = Entered::new(SpanSlot::root_of(scope, recorded));
        tracing::warn!(target: SCOPE_TARGET, evicted, "{evicted} older log lines were evicted: THUNDRA_LOG_BUFFER is full");
    }
    if let Some(mut lines) = lines {
        // A closed standard error cannot be reported anywhere.
        let _ = write_line(StandardStream::Error, lines.lines());
        lines.recycle();
    }
}

/// Writes the kept lines of an open scope, and of the scopes nested in it.
pub(crate) fn all_come_out(scope: ScopeId) {
    come_out(scope);
    if LOGS {
        SCOPES.nested_in(scope).into_iter().for_each(come_out);
    }
}
