//! A tree for people, on standard error.

use std::io::Write;
use std::time::Instant;

use super::{Batch, Export, ExportFuture};
use crate::tree;

/// Prints each flush as a tree on standard error.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ConsoleExporter;

impl ConsoleExporter {
    /// The exporter.
    pub fn new() -> Self {
        ConsoleExporter
    }
}

impl Export for ConsoleExporter {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        let text = tree::print(batch.spans().collect(), tree::Show::Everything);
        // A closed standard error is nobody's trouble.
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        Box::pin(std::future::ready(Ok(())))
    }
}
