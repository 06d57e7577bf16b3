//! The exporter of the records lost by other exporters: lines on standard output, up to a limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::line::Lines;
use super::writer::Writer;
use super::{ExportError, LossReason, StdoutExporter};
use crate::Signal;

/// The length of a short line. With less room, no batch is packed in vain.
const MIN_LINE_BYTES: usize = 512;

/// The limit of a flush's lines in bytes, and the rest of the limit.
#[derive(Debug)]
pub(crate) struct Room {
    limit: usize,
    left: AtomicUsize,
}

impl Room {
    pub(crate) fn new(limit: usize) -> Self {
        Room { limit, left: AtomicUsize::new(limit) }
    }

    /// Makes room for another flush.
    pub(crate) fn refill(&self) {
        self.left.store(self.limit, Ordering::Relaxed);
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) < MIN_LINE_BYTES
    }

    /// Takes room for a line. Returns `false`, and takes nothing, with less room.
    fn take(&self, bytes: usize) -> bool {
        let less = |left: usize| left.checked_sub(bytes);
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }

    fn limit_reached(&self) -> String {
        format!("THUNDRA_SPILL allows {} bytes a flush", self.limit)
    }
}

/// Returns an exporter for the lines of [`StdoutExporter`], up to the limit of `room`.
pub(crate) fn spill_exporter(room: Arc<Room>) -> StdoutExporter {
    let lines = Lines::default();
    let writer = Writer::new(move |batch| {
        if room.is_spent() {
            return Err(ExportError::permanent(room.limit_reached()).with_loss_reason(LossReason::SpillLimit));
        }
        let line = lines.line(batch)?;
        if !room.take(line.len()) {
            // A part of the batch may fit.
            return Err(ExportError::too_large(room.limit_reached()).with_loss_reason(LossReason::SpillLimit));
        }
        lines.write(&line)
    });
    StdoutExporter::of(Signal::ALL, writer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_has_room_for_its_limit_and_what_is_left_is_not_saved() {
        let room = Room::new(2000);
        assert!(room.take(1200) && !room.take(801), "a line that does not fit takes nothing");
        assert!(!room.is_spent() && room.take(800) && room.is_spent());
        room.refill();
        room.refill();
        assert!(room.take(2000) && room.is_spent());
        assert!(Room::new(100).is_spent(), "no line is that short");
    }
}
