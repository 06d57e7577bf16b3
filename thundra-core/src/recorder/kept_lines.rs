//! Log lines kept until they matter (`THUNDRA_LOG_BUFFER`).
//!
//! Lines more detailed than the written ones wait in the buffer of their scope. They come out when the scope fails or
//! nears its deadline. A scope that succeeds drops them. After lines came out, further ones are written at once.

use std::io::Write;

use super::entered::Entered;
use super::line_buffer::LineBuffer;
use super::scope_span::SCOPE_TARGET;
use super::slab::SCOPES;
use super::slot::{ScopeId, SpanSlot};

/// The kept lines of a scope.
#[derive(Debug, Default)]
pub(crate) struct KeptLines {
    /// `None` before the first line.
    buffer: Option<LineBuffer>,
    /// `true` once the lines came out.
    came_out: bool,
}

impl KeptLines {
    /// Drops the lines.
    #[inline]
    pub(crate) fn discard(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            buffer.recycle();
        }
    }

    /// Takes the lines, once.
    fn take(&mut self) -> Option<LineBuffer> {
        self.came_out = true;
        self.buffer.take()
    }
}

/// Keeps a line in its scope. Returns `false` for a line to write at once.
pub(crate) fn keep(scope: ScopeId, line: &[u8], limit: usize) -> bool {
    let Some(mut state) = SCOPES.lock(scope) else { return true };
    if state.kept_lines.came_out {
        return false;
    }
    // A scope that succeeded needs no more lines.
    if !state.sealed {
        state.kept_lines.buffer.get_or_insert_with(LineBuffer::pooled).push(line, limit);
    }
    true
}

/// Writes the kept lines of an open scope.
pub(crate) fn come_out(scope: ScopeId) {
    let Some(mut state) = SCOPES.lock(scope).filter(|state| !state.sealed) else { return };
    let (kept, recorded) = (state.kept_lines.take(), state.recorded);
    // A value that is being printed may log, so the scope is not locked together with standard error.
    drop(state);
    if let Some(buffer) = kept {
        write(buffer, SpanSlot::root_of(scope, recorded));
    }
}

/// Writes the kept lines of an open scope, and of the scopes nested in it.
pub(crate) fn all_come_out(scope: ScopeId) {
    come_out(scope);
    SCOPES.nested_in(scope).into_iter().for_each(come_out);
}

fn write(mut buffer: LineBuffer, root: SpanSlot) {
    let (lines, evicted) = buffer.lines();
    if evicted > 0 {
        let _current = Entered::new(root);
        tracing::warn!(target: SCOPE_TARGET, evicted, "{evicted} older log lines were evicted: THUNDRA_LOG_BUFFER is full");
    }
    // There is nowhere to report that standard error is closed.
    let _ = std::io::stderr().lock().write_all(lines);
    buffer.recycle();
}
