//! The envelope of an OTLP request in a line, as our exporter `stdout` and the serverless-otlp-forwarder's write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use thundra_core::Signal;

use super::decode::{DecodeError, Format, request, unzip};
use crate::rows::Telemetry;

/// The name of the member that tells an envelope, and comes first.
pub(super) const NAME: &str = "__otel_otlp_stdout";

/// The beginning of an envelope.
const START: &str = r#"{"__otel_otlp_stdout""#;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Envelope {
    endpoint: String,
    #[serde(default)]
    content_type: String,
    #[serde(default)]
    content_encoding: String,
    #[serde(default)]
    base64: bool,
    payload: Value,
}

/// Reads an envelope anywhere in a line; `None` for any other line.
pub(super) fn read(line: &str) -> Option<Result<Telemetry, DecodeError>> {
    // Some runtimes write time, request id and level in front, and any text may follow.
    let json = line.get(line.find(START)?..)?;
    let envelope = serde_json::Deserializer::from_str(json).into_iter::<Envelope>().next()?;
    let opened = envelope.map_err(|error| DecodeError::Malformed(error.to_string())).and_then(open);
    Some(opened)
}

fn open(envelope: Envelope) -> Result<Telemetry, DecodeError> {
    let malformed = |problem: String| DecodeError::Malformed(problem);
    let bytes = match envelope.payload {
        Value::String(text) if envelope.base64 => {
            STANDARD.decode(text).map_err(|error| malformed(format!("base64: {error}")))?
        }
        Value::String(text) => text.into_bytes(),
        json => json.to_string().into_bytes(),
    };
    let bytes = match envelope.content_encoding.as_str() {
        "gzip" => unzip(&bytes)?,
        "" | "identity" | "none" => bytes,
        other => return Err(malformed(format!("the content encoding {other:?}"))),
    };
    let format = if envelope.content_type.starts_with("application/json") { Format::Json } else { Format::Protobuf };
    // An endpoint of one signal may have any path.
    let signal = match envelope.endpoint.rsplit('/').next() {
        Some("logs") => Signal::Logs,
        Some("metrics") => Signal::Metrics,
        _ => Signal::Traces,
    };
    request(signal, format, &bytes)
}
