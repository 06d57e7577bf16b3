//! The encoded log records of a scope.

use crate::Records;
use crate::otlp::write::{self, tag};

/// The size from which the records of an open scope move to the backlog.
const CHUNK_BYTES: usize = 64 * 1024;

/// The log records of a scope.
#[derive(Debug, Default)]
pub(super) struct RecordBuffer {
    /// A run of `ScopeLogs.log_records` fields.
    bytes: Vec<u8>,
    count: u32,
    /// The bytes reserved for the next records: those of the last ones. Growing would copy the records.
    first_room: usize,
}

impl RecordBuffer {
    /// Adds a record, encoded in two parts.
    pub(super) fn add(&mut self, head: &[u8], attributes: &[u8]) {
        let first_room = if self.bytes.capacity() == 0 { self.first_room } else { 0 };
        self.bytes.reserve(first_room.max(head.len() + attributes.len() + 8));
        write::delimited(&mut self.bytes, tag::SPAN, head.len() + attributes.len());
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(attributes);
        self.count += 1;
    }

    /// Adds a run of encoded records.
    pub(super) fn add_run(&mut self, run: &[u8], count: usize) {
        self.bytes.extend_from_slice(run);
        self.count = self.count.saturating_add(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// Returns `true` without a record.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes all records.
    pub(super) fn take(&mut self) -> Records {
        let RecordBuffer { bytes, count, first_room } = std::mem::take(self);
        self.first_room = if count == 0 { first_room } else { bytes.len().min(CHUNK_BYTES) };
        Records::of_logs(bytes, count)
    }

    /// Takes all records, if enough for a chunk.
    pub(super) fn take_chunk(&mut self) -> Option<Records> {
        (self.bytes.len() >= CHUNK_BYTES).then(|| self.take())
    }
}
