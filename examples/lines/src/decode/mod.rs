//! Bytes as telemetry: OTLP as protobuf or JSON, gzipped or not.

mod json;
mod size;

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use thundra_core::Signal;

/// The limit of a request's bytes after decompression. A line of 1 MiB, the limit of CloudWatch Logs, could hold up to
/// 1 GiB of zeros.
pub const MAX_BYTES: usize = 64 << 20;

/// An OTLP request.
#[derive(Clone, Debug, PartialEq)]
pub enum Telemetry {
    /// Spans.
    Traces(ExportTraceServiceRequest),
    /// Log records.
    Logs(ExportLogsServiceRequest),
    /// Metrics.
    Metrics(ExportMetricsServiceRequest),
}

/// The reason why bytes or a line cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes are more than [`MAX_BYTES`] after decompression.
    #[error("gzip: more than 64 MiB")]
    TooLarge,
    /// The request has so many messages that they would fill the memory.
    #[error("more than two million messages")]
    TooMany,
    /// The bytes have another form.
    #[error("{0}")]
    Malformed(String),
}

/// The format of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Protobuf.
    Protobuf,
    /// OTLP/JSON.
    Json,
}

/// Decodes an OTLP request.
///
/// # Errors
///
/// If the bytes are no request of the signal, or too many messages.
pub fn decode(signal: Signal, format: Format, bytes: &[u8]) -> Result<Telemetry, DecodeError> {
    let malformed = |error: &dyn Display, format| DecodeError::Malformed(format!("{format}: {error}"));
    let bytes = match format {
        Format::Protobuf => Cow::Borrowed(bytes),
        Format::Json => json::protobuf(signal, bytes).map_err(|error| malformed(&error, "JSON"))?.into(),
    };
    if !size::fits(&bytes) {
        return Err(DecodeError::TooMany);
    }
    let decoded = match signal {
        Signal::Traces => ExportTraceServiceRequest::decode(&*bytes).map(Telemetry::Traces),
        Signal::Logs => ExportLogsServiceRequest::decode(&*bytes).map(Telemetry::Logs),
        Signal::Metrics => ExportMetricsServiceRequest::decode(&*bytes).map(Telemetry::Metrics),
        _ => return Err(DecodeError::Malformed(format!("no request of {signal} is known"))),
    };
    decoded.map_err(|error| malformed(&error, "protobuf"))
}

/// Decompresses gzip, up to [`MAX_BYTES`].
///
/// # Errors
///
/// If the bytes are not gzip, or hold more.
pub fn unzip(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut plain = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(MAX_BYTES as u64 + 1);
    reader.read_to_end(&mut plain).map_err(|error| DecodeError::Malformed(format!("gzip: {error}")))?;
    if plain.len() > MAX_BYTES { Err(DecodeError::TooLarge) } else { Ok(plain) }
}
