//! The exporter of lines to standard output.

use std::time::Instant;

use super::line::Lines;
use super::writer::Writer;
use super::{Batch, Export, ExportFuture, StandardStream};
use crate::Signal;
use crate::signal::Signals;

/// Writes each batch of spans as one line of JSON. A batch over 256 KiB takes several lines.
///
/// Log records are not written: a log with the lines of the exporter has the log lines already.
///
/// A line holds the OTLP request as base64 of [gzip](super::Gzip), or of the request alone where gzip does not make it
/// shorter. The member `content-encoding` is then `identity`. A single record over the limit is lost, and counted.
/// A thread of the exporter writes. While nobody reads standard output, batches wait and the program continues.
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
    signals: Signals,
}

impl StdoutExporter {
    /// Makes the exporter.
    pub fn new() -> Self {
        let lines = Lines::default();
        let writer = Writer::new(move |batch| lines.write(&lines.line(batch)?));
        StdoutExporter::of([Signal::Traces], writer)
    }

    pub(super) fn of(signals: impl IntoIterator<Item = Signal>, writer: Writer) -> Self {
        StdoutExporter { writer, signals: signals.into_iter().collect() }
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

    fn takes(&self, signal: Signal) -> bool {
        self.signals.contains(signal)
    }

    fn force_flush(&self, deadline: Instant) -> ExportFuture<'_> {
        self.writer.force_flush(deadline)
    }

    fn standard_stream(&self) -> Option<StandardStream> {
        Some(StandardStream::Output)
    }
}
