//! Bytes as telemetry.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use thundra_core::Signal;

use super::{json, size};
use crate::rows::Telemetry;

/// The limit of a request's bytes after decompression. A small request could hold gigabytes of zeros.
pub(crate) const MAX_BYTES: usize = 64 << 20;

/// Why bytes are no telemetry.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum DecodeError {
    #[error("more than 64 MiB")]
    TooLarge,
    #[error("more than two million messages")]
    TooMany,
    #[error("{0}")]
    Malformed(String),
}

/// The format of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Protobuf,
    Json,
}

/// Decodes a request of OTLP.
pub(crate) fn request(signal: Signal, format: Format, bytes: &[u8]) -> Result<Telemetry, DecodeError> {
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
        _ => return Err(DecodeError::Malformed("a signal that the console does not know".to_owned())),
    };
    decoded.map_err(|error| malformed(&error, "protobuf"))
}

/// Decompresses gzip.
pub(crate) fn unzip(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let mut plain = Vec::new();
    let mut reader = MultiGzDecoder::new(bytes).take(MAX_BYTES as u64 + 1);
    reader.read_to_end(&mut plain).map_err(|error| DecodeError::Malformed(format!("gzip: {error}")))?;
    if plain.len() > MAX_BYTES { Err(DecodeError::TooLarge) } else { Ok(plain) }
}
