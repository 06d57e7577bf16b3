//! The exporter that writes lines to standard output.

use std::time::Instant;

use super::line::Lines;
use super::writer::Writer;
use super::{Batch, Export, ExportFuture, StandardStream};
use crate::Signal;

/// Writes each batch as one line of JSON. A batch over 256 KiB takes several lines.
///
/// A line holds the OTLP request as base64 of [gzip](super::Gzip). A single record over the limit is lost, and counted.
/// A thread of the exporter writes. Batches wait while nobody reads standard output, and the program continues.
///
/// # Examples
///
/// ```
/// use thundra_core::Telemetry;
/// use thundra_core::export::StdoutExporter;
///
/// assert!(thundra_core::install(Telemetry::builder().exporter(StdoutExporter::new())));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct StdoutExporter {
    writer: Writer,
}

impl StdoutExporter {
    /// Makes the exporter.
    pub fn new() -> Self {
        let lines = Lines::default();
        StdoutExporter::of(Writer::new(move |batch| lines.write(&lines.line(batch)?)))
    }

    pub(super) fn of(writer: Writer) -> Self {
        StdoutExporter { writer }
    }
}

impl Default for StdoutExporter {
    fn default() -> Self {
        StdoutExporter::new()
    }
}

impl Export for StdoutExporter {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        self.writer.export(batch)
    }

    fn takes(&self, _: Signal) -> bool {
        true
    }

    fn force_flush(&self, deadline: Instant) -> ExportFuture<'_> {
        self.writer.force_flush(deadline)
    }

    fn standard_stream(&self) -> Option<StandardStream> {
        Some(StandardStream::Output)
    }
}
