//! A line of a log: telemetry, Lambda's report of an invocation, or any other line.

use crate::decode::{DecodeError, Telemetry};
use crate::envelope;
use crate::report::Report;

/// A line of a log.
#[derive(Debug)]
pub enum Line {
    /// An OTLP request in an envelope.
    Telemetry(Telemetry),
    /// Lambda's figures of an invocation.
    Report(Box<Report>),
    /// A line for people, or a document with metrics.
    Other,
}

impl Line {
    /// Reads a line, written at a time in nanoseconds since 1970.
    ///
    /// # Errors
    ///
    /// If the line is an envelope with unreadable content.
    pub fn read(text: &str, written: u64) -> Result<Self, DecodeError> {
        match envelope::read(text) {
            Some(telemetry) => telemetry.map(Line::Telemetry),
            None => Ok(Report::read(text, written).map_or(Line::Other, |report| Line::Report(Box::new(report)))),
        }
    }
}
