//! A tree of spans on standard error.

use std::time::Instant;

use super::writer::Writer;
use super::{Batch, Export, ExportError, ExportFuture, StandardStream, write_line};
use crate::{diagnostics, tree};

/// Prints each batch as a tree on standard error.
///
/// A thread of the exporter writes. Spans wait while nobody reads standard error, and the program continues.
///
/// # Examples
///
/// ```
/// use thundra_core::Telemetry;
/// use thundra_core::export::ConsoleExporter;
///
/// assert!(thundra_core::install(Telemetry::builder().exporter(ConsoleExporter::new())));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct ConsoleExporter {
    writer: Writer,
}

impl ConsoleExporter {
    /// Makes the exporter.
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

    fn standard_stream(&self) -> Option<StandardStream> {
        Some(StandardStream::Error)
    }

    fn force_flush(&self, deadline: Instant) -> ExportFuture<'_> {
        self.writer.force_flush(deadline)
    }
}

fn write(batch: &Batch) -> Result<(), ExportError> {
    let text = tree::print(batch.spans().collect(), tree::Show::Everything);
    let written = diagnostics::while_held(|| write_line(StandardStream::Error, text.as_bytes()));
    written.map_err(|error| ExportError::permanent(format!("standard error: {error}")))
}
