//! The [envelope] of an OTLP request in a line, as our exporter `stdout` and the serverless-otlp-forwarder's write it.
//!
//! [envelope]: https://crates.io/crates/otlp-stdout-span-exporter

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use thundra_core::Signal;

use crate::decode::{DecodeError, Format, Telemetry, decode, unzip};

/// The beginning of an envelope.
const START: &str = r#"{"__otel_otlp_stdout""#;

/// An envelope. Its headers are ignored: who sends the request on has headers of its own.
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

/// Reads the request of an envelope anywhere in a line; `None` for any other line.
pub(crate) fn read(line: &str) -> Option<Result<Telemetry, DecodeError>> {
    // Some runtimes write time, request id and level in front of the JSON.
    let json = line.get(line.find(START)?..)?;
    // The stream reader stops at the end of the object, and ignores any text after the object.
    let envelope = serde_json::Deserializer::from_str(json).into_iter::<Envelope>().next()?;
    Some(envelope.map_err(|error| DecodeError::Malformed(error.to_string())).and_then(Envelope::open))
}

impl Envelope {
    fn open(self) -> Result<Telemetry, DecodeError> {
        let malformed = |problem: String| DecodeError::Malformed(problem);
        let bytes = match self.payload {
            Value::String(text) if self.base64 => {
                STANDARD.decode(text).map_err(|error| malformed(format!("base64: {error}")))?
            }
            Value::String(text) => text.into_bytes(),
            json => json.to_string().into_bytes(),
        };
        let bytes = match self.content_encoding.as_str() {
            "gzip" => unzip(&bytes)?,
            "" | "identity" | "none" => bytes,
            other => return Err(malformed(format!("the content encoding {other:?} is not supported"))),
        };
        let format = if self.content_type.starts_with("application/json") { Format::Json } else { Format::Protobuf };
        // A signal's own endpoint may have any path.
        let signal = match self.endpoint.rsplit('/').next() {
            Some("logs") => Signal::Logs,
            Some("metrics") => Signal::Metrics,
            _ => Signal::Traces,
        };
        decode(signal, format, &bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
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
            (envelope(PROTOBUF, Some("identity"), true, &json!(STANDARD.encode(&binary))), "ours, too short for gzip"),
            (envelope(PROTOBUF, None, true, &json!(STANDARD.encode(&binary))), "without compression"),
            (envelope(JSON, Some("gzip"), true, &json!(gzip(text.to_string().as_bytes()))), "JSON in base64"),
            (envelope(JSON, None, false, &text), "JSON as it is"),
            (envelope(JSON, None, false, &json!(text.to_string())), "JSON as a text"),
        ] {
            for line in [line.clone(), format!("2026-11-26T00:00:00Z 8f5 INFO {line}\n"), format!("{line} and more")] {
                match read(&line) {
                    Some(Ok(Telemetry::Traces(request))) => assert_eq!(request, spans(), "{why}"),
                    other => panic!("{why}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn the_endpoint_names_the_signal() {
        for (path, expected) in
            [("v1/logs", "Logs"), ("v1/metrics", "Metrics"), ("v1/traces", "Traces"), ("a", "Traces")]
        {
            let line = envelope("", None, true, &json!("")).replace("v1/traces", path);
            let found = format!("{:?}", read(&line).unwrap().unwrap());
            assert!(found.starts_with(expected), "{path}: {found}");
        }
    }

    #[test]
    fn an_envelope_that_cannot_be_read_is_named_and_other_lines_are_not() {
        let bomb = gzip(&vec![0; 65 << 20]);
        let many = gzip(&[&[0x0a, 0x80, 0x9b, 0xee, 0x02][..], &[0x12, 0].repeat(3_000_000)].concat());
        for (line, error, why) in [
            (r#"{"__otel_otlp_stdout":"1","endp"#.to_owned(), Some("EOF while parsing"), "a line that was cut"),
            (envelope("", Some("gzip"), true, &json!("%")), Some("base64: "), "no base64"),
            (envelope("", Some("gzip"), true, &json!("AAAA")), Some("gzip: "), "no gzip"),
            (envelope("", Some("gzip"), true, &json!(bomb)), Some("gzip: more than 64 MiB"), "a bomb"),
            (envelope("", Some("gzip"), true, &json!(many)), Some("more than two million"), "a bomb of messages"),
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
            match (read(&line), error) {
                (None, None) => {}
                (Some(Err(found)), Some(error)) => assert!(found.to_string().starts_with(error), "{why}: {found}"),
                (found, _) => panic!("{why}: {found:?}"),
            }
        }
    }
}
