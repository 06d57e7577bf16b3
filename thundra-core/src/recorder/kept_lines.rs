//! The log lines and log records of a scope, kept until the scope fails.

use super::line_buffer::LineBuffer;

/// The kept lines of a scope.
#[derive(Debug, Default)]
pub(crate) struct KeptLines {
    /// `None` before the first line.
    lines: Option<LineBuffer>,
    /// `None` before the first record.
    records: Option<LineBuffer>,
    /// The number of evicted records not yet reported.
    evicted_records: u64,
    /// `true` once the lines were written.
    came_out: bool,
}

impl KeptLines {
    /// Returns `true` once the lines were written. Further lines are to be written at once.
    pub(super) fn came_out(&self) -> bool {
        self.came_out
    }

    /// Keeps a line, within a limit of bytes.
    pub(super) fn keep(&mut self, line: &[u8], limit: usize) {
        self.lines.get_or_insert_with(LineBuffer::pooled).push(&[line], limit);
    }

    /// Keeps the parts of an encoded record, within a limit of bytes.
    pub(super) fn keep_record(&mut self, parts: &[&[u8]], limit: usize) {
        self.records.get_or_insert_with(LineBuffer::pooled).push(parts, limit);
    }

    /// Takes the lines for writing.
    pub(super) fn take(&mut self) -> Option<LineBuffer> {
        self.came_out = true;
        self.lines.take()
    }

    /// Takes the records for export.
    pub(super) fn take_records(&mut self) -> Option<LineBuffer> {
        self.came_out = true;
        let records = self.records.take()?;
        self.evicted_records = records.evicted();
        Some(records)
    }

    /// Takes the number of evicted records, for a report.
    pub(super) fn take_evicted_records(&mut self) -> u64 {
        std::mem::take(&mut self.evicted_records)
    }

    /// Returns `true` if nothing is kept.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_none() && self.records.is_none()
    }

    /// Makes the place ready for another scope.
    #[inline]
    pub(super) fn reset(&mut self) {
        if !self.is_empty() {
            self.discard();
        }
        (self.evicted_records, self.came_out) = (0, false);
    }

    /// Drops the lines and the records.
    #[cold]
    pub(super) fn discard(&mut self) {
        for buffer in [self.lines.take(), self.records.take()].into_iter().flatten() {
            buffer.recycle();
        }
    }
}
