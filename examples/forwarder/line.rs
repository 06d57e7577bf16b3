//! A line of a log: telemetry, Lambda's report of an invocation, or any other line.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use serde::Deserialize;
use serde_json::Value;

use crate::report::Report;
use crate::request::Request;

/// The limit of a decompressed payload. A line of 1 MiB, the limit of CloudWatch Logs, could hold up to 1 GiB of zeros.
const MAX_PAYLOAD_BYTES: u64 = 64 << 20;

/// A line of a log.
#[derive(Debug)]
pub(crate) enum Line {
    /// An OTLP request in the envelope of the serverless-otlp-forwarder.
    Telemetry(Telemetry),
    /// Lambda's figures of an invocation.
    Report(Box<Report>),
    /// A line for people.
    Other,
}

/// An OTLP request.
#[derive(Debug)]
pub(crate) enum Telemetry {
    Traces(ExportTraceServiceRequest),
    Logs(ExportLogsServiceRequest),
    Metrics(ExportMetricsServiceRequest),
}

/// The [envelope] of an OTLP request. The envelope's headers are ignored: the forwarder uses its own headers.
///
/// [envelope]: https://crates.io/crates/otlp-stdout-span-exporter
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

impl Line {
    /// Reads a line, written at a time in milliseconds since 1970.
    ///
    /// # Errors
    ///
    /// If the line is an envelope with unreadable content.
    pub(crate) fn read(text: &str, timestamp: i64) -> Result<Self, String> {
        // Some runtimes write time, request id and level in front of the JSON.
        if let Some(start) = text.find(r#"{"__otel_otlp_stdout""#) {
            let json = text.get(start..).unwrap_or_default();
            // The stream reader stops at the end of the object, and ignores any text after the object.
            let envelope = serde_json::Deserializer::from_str(json).into_iter().next();
            let envelope: Envelope = envelope.ok_or("no envelope")?.map_err(|error| error.to_string())?;
            return envelope.open().map(Line::Telemetry);
        }
        Ok(Report::read(text, timestamp).map_or(Line::Other, |report| Line::Report(Box::new(report))))
    }
}

impl Envelope {
    fn open(self) -> Result<Telemetry, String> {
        let bytes = match self.payload {
            Value::String(text) if self.base64 => STANDARD.decode(text).map_err(|error| format!("base64: {error}"))?,
            Value::String(text) => text.into_bytes(),
            json => json.to_string().into_bytes(),
        };
        let bytes = match self.content_encoding.as_str() {
            "gzip" => unzip(&bytes).map_err(|error| format!("gzip: {error}"))?,
            "" | "identity" | "none" => bytes,
            other => return Err(format!("the content encoding {other:?} is not supported")),
        };
        let is_json = self.content_type.starts_with("application/json");
        // A signal's own endpoint may have any path.
        match self.endpoint.rsplit('/').next() {
            Some("logs") => Request::decode_as(&bytes, is_json).map(Telemetry::Logs),
            Some("metrics") => Request::decode_as(&bytes, is_json).map(Telemetry::Metrics),
            _ => Request::decode_as(&bytes, is_json).map(Telemetry::Traces),
        }
    }
}

fn unzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let mut reader = GzDecoder::new(bytes).take(MAX_PAYLOAD_BYTES + 1);
    reader.read_to_end(&mut plain).map_err(|error| error.to_string())?;
    if plain.len() as u64 > MAX_PAYLOAD_BYTES {
        return Err(format!("more than {} MiB", MAX_PAYLOAD_BYTES >> 20));
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use prost::Message as _;
    use serde_json::json;

    use super::*;

    fn spans() -> ExportTraceServiceRequest {
        let span = Span { trace_id: vec![1; 16], span_id: vec![2; 8], name: "bill".to_owned(), ..Span::default() };
        let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
        ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }] }
    }

    fn gzip(plain: &[u8]) -> String {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        STANDARD.encode(encoder.finish().unwrap())
    }

    fn envelope(content_type: &str, encoding: Option<&str>, base64: bool, payload: &Value) -> String {
        let mut envelope = json!({
            "__otel_otlp_stdout": "otlp-stdout-span-exporter@0.17.1", "source": "orders", "method": "POST",
            "endpoint": "http://localhost:4318/v1/traces", "headers": { "api-key": "secret" },
            "content-type": content_type, "base64": base64, "payload": payload,
        });
        if let Some(encoding) = encoding {
            envelope["content-encoding"] = json!(encoding);
        }
        // The members of the public exporter begin with this one; a map sorts it first as well.
        envelope.to_string()
    }

    #[test]
    fn every_form_of_an_envelope_is_read() {
        const PROTOBUF: &str = "application/x-protobuf";
        const JSON: &str = "application/json";
        let (binary, text) = (spans().encode_to_vec(), serde_json::to_value(spans()).unwrap());
        for (line, why) in [
            (envelope(PROTOBUF, Some("gzip"), true, &json!(gzip(&binary))), "ours, and the public exporter's"),
            (envelope(PROTOBUF, None, true, &json!(STANDARD.encode(&binary))), "without compression"),
            (envelope(JSON, Some("gzip"), true, &json!(gzip(text.to_string().as_bytes()))), "JSON in base64"),
            (envelope(JSON, None, false, &text), "JSON as it is"),
            (envelope(JSON, None, false, &json!(text.to_string())), "JSON as a text"),
        ] {
            for line in [line.clone(), format!("2026-11-26T00:00:00Z 8f5 INFO {line}\n")] {
                match Line::read(&line, 0) {
                    Ok(Line::Telemetry(Telemetry::Traces(request))) => assert_eq!(request, spans(), "{why}"),
                    other => panic!("{why}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn an_envelope_that_cannot_be_read_is_named_and_other_lines_are_not() {
        let bomb = gzip(&vec![0; 65 << 20]);
        for (line, error, why) in [
            (r#"{"__otel_otlp_stdout":"1","endp"#.to_owned(), Some("EOF while parsing"), "a line that was cut"),
            (envelope("", Some("gzip"), true, &json!("%")), Some("base64: "), "no base64"),
            (envelope("", Some("gzip"), true, &json!("AAAA")), Some("gzip: "), "no gzip"),
            (envelope("", Some("gzip"), true, &json!(bomb)), Some("gzip: more than 64 MiB"), "a bomb"),
            (
                envelope("", Some("zstd"), true, &json!("AAAA")),
                Some("the content encoding \"zstd\""),
                "another encoding",
            ),
            (envelope("", None, true, &json!("////")), Some("protobuf: "), "no protobuf"),
            (envelope("application/json", None, false, &json!({ "resourceSpans": 1 })), Some("JSON: "), "no OTLP"),
            ("START RequestId: 1 Version: $LATEST".to_owned(), None, "a line of Lambda"),
            (String::new(), None, "an empty line"),
        ] {
            match (Line::read(&line, 0), error) {
                (Ok(Line::Other), None) => {}
                (Err(found), Some(error)) => assert!(found.starts_with(error), "{why}: {found}"),
                (found, _) => panic!("{why}: {found:?}"),
            }
        }
    }
}
