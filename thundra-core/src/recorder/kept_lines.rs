//! The log lines of a scope that are kept until they matter.

use super::line_buffer::LineBuffer;

/// The kept lines of a scope.
#[derive(Debug, Default)]
pub(crate) struct KeptLines {
    /// `None` before the first line.
    buffer: Option<LineBuffer>,
    /// `true` once the lines came out.
    came_out: bool,
}

impl KeptLines {
    /// Returns `true` once the lines came out. Further ones are to be written at once.
    pub(super) fn came_out(&self) -> bool {
        self.came_out
    }

    /// Keeps a line, within a limit of bytes.
    pub(super) fn keep(&mut self, line: &[u8], limit: usize) {
        self.buffer.get_or_insert_with(LineBuffer::pooled).push(line, limit);
    }

    /// Takes the lines, which come out.
    pub(super) fn take(&mut self) -> Option<LineBuffer> {
        self.came_out = true;
        self.buffer.take()
    }

    /// Drops the lines.
    #[inline]
    pub(crate) fn discard(&mut self) {
        if let Some(buffer) = self.buffer.take() {
            buffer.recycle();
        }
    }
}
