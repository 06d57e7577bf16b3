//! A tree for people, on standard error.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::writer::Writer;
use super::{Batch, Export, ExportError, ExportFuture};
use crate::tree;

/// `true` while a tree is being written: whoever writes to standard error then waits for as long as nobody reads it.
static WRITING: AtomicBool = AtomicBool::new(false);

/// Prints each flush as a tree on standard error.
///
/// A thread writes: where nobody reads standard error, spans wait and the program goes on.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConsoleExporter {
    writer: Writer,
}

impl ConsoleExporter {
    /// The exporter.
    pub fn new() -> Self {
        ConsoleExporter { writer: Writer::new(write) }
    }
}

impl Default for ConsoleExporter {
    fn default() -> Self {
        ConsoleExporter::new()
    }
}

impl Export for ConsoleExporter {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        self.writer.export(batch)
    }

    fn force_flush(&self, deadline: Instant) -> ExportFuture<'_> {
        self.writer.force_flush(deadline)
    }
}

fn write(batch: &Batch) -> Result<(), ExportError> {
    let text = tree::print(batch.spans().collect(), tree::Show::Everything);
    WRITING.store(true, Ordering::Relaxed);
    let written = std::io::stderr().lock().write_all(text.as_bytes());
    WRITING.store(false, Ordering::Relaxed);
    written.map_err(|error| ExportError::Permanent(format!("standard error: {error}").into()))
}

pub(crate) fn is_writing() -> bool {
    WRITING.load(Ordering::Relaxed)
}
