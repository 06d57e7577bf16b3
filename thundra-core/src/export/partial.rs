//! Partial success: <https://opentelemetry.io/docs/specs/otlp/#partial-success-1>.

use crate::otlp::response;
use crate::{OtlpProtocol, Signal};

/// `true` in a build with OTLP/JSON. Without the feature, the compiler drops the reader of JSON.
const READS_JSON: bool = cfg!(feature = "otlp-json");

/// A collector's report about an accepted request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialSuccess {
    /// The number of rejected records. A rejection is final. With `0`, the message is a warning.
    pub rejected: u64,
    /// The collector's message; may be empty.
    pub message: String,
}

/// Reads the partial success in a collector's response. `None` for a complete success, and for an unreadable body. A
/// negative number counts as zero.
pub fn partial_success(bytes: &[u8], signal: Signal, protocol: OtlpProtocol) -> Option<PartialSuccess> {
    let (rejected, message) = match protocol {
        OtlpProtocol::Protobuf => response::partial_success(bytes)?,
        OtlpProtocol::Json if !READS_JSON => return None,
        OtlpProtocol::Json => {
            let response: serde_json::Value = serde_json::from_slice(bytes).ok()?;
            let partial = response.get("partialSuccess")?.as_object()?;
            let rejected = partial.get(match signal {
                Signal::Traces => "rejectedSpans",
                Signal::Logs => "rejectedLogRecords",
                Signal::Metrics => "rejectedDataPoints",
            });
            // A 64-bit integer is text in OTLP/JSON; some collectors send a number all the same. Zero may be left out.
            let rejected = rejected.and_then(|rejected| rejected.as_i64().or_else(|| rejected.as_str()?.parse().ok()));
            (rejected.unwrap_or_default(), text(partial.get("errorMessage")))
        }
    };
    Some(PartialSuccess { rejected: u64::try_from(rejected).unwrap_or_default(), message })
}

/// Reads the message in a collector's response to a failed request; empty where the body has none.
pub fn failure_message(bytes: &[u8], protocol: OtlpProtocol) -> String {
    match protocol {
        OtlpProtocol::Protobuf => response::status_message(bytes).unwrap_or_default(),
        OtlpProtocol::Json if !READS_JSON => String::new(),
        OtlpProtocol::Json => {
            text(serde_json::from_slice::<serde_json::Value>(bytes).ok().as_ref().and_then(|body| body.get("message")))
        }
    }
}

fn text(value: Option<&serde_json::Value>) -> String {
    value.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::{ExportLogsPartialSuccess, ExportLogsServiceResponse};
    use opentelemetry_proto::tonic::collector::metrics::v1::{
        ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
    };
    use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
    use prost::Message;

    use super::*;

    #[test]
    fn each_signal_has_its_partial_success() {
        let error_message = || "too old".to_owned();
        let spans = ExportTracePartialSuccess { rejected_spans: 3, error_message: error_message() };
        let records = ExportLogsPartialSuccess { rejected_log_records: 3, error_message: error_message() };
        let points = ExportMetricsPartialSuccess { rejected_data_points: 3, error_message: error_message() };
        for (signal, protobuf, name) in [
            (
                Signal::Traces,
                ExportTraceServiceResponse { partial_success: Some(spans) }.encode_to_vec(),
                "rejectedSpans",
            ),
            (
                Signal::Logs,
                ExportLogsServiceResponse { partial_success: Some(records) }.encode_to_vec(),
                "rejectedLogRecords",
            ),
            (
                Signal::Metrics,
                ExportMetricsServiceResponse { partial_success: Some(points) }.encode_to_vec(),
                "rejectedDataPoints",
            ),
        ] {
            let expected = |rejected| Some(PartialSuccess { rejected, message: error_message() });
            assert_eq!(partial_success(&protobuf, signal, OtlpProtocol::Protobuf), expected(3), "{signal}");
            for (json, rejected) in
                [("\"3\"", 3), ("3", 3), ("\"0\"", 0), ("-1", 0), ("null", 0), ("\"x\"", 0), ("1.5", 0)]
            {
                let json = format!(r#"{{"partialSuccess":{{"{name}":{json},"errorMessage":"too old"}}}}"#);
                assert_eq!(partial_success(json.as_bytes(), signal, OtlpProtocol::Json), expected(rejected), "{json}");
            }
            let warning = br#"{"partialSuccess":{"errorMessage":"too old"}}"#;
            assert_eq!(partial_success(warning, signal, OtlpProtocol::Json), expected(0));
        }
    }

    #[test]
    fn a_body_that_is_none_reports_nothing() {
        for body in
            ["", "{}", "null", "[]", r#"{"partialSuccess":null}"#, r#"{"partialSuccess":[]}"#, "<html>", "\u{ff}"]
        {
            assert_eq!(partial_success(body.as_bytes(), Signal::Traces, OtlpProtocol::Json), None, "{body}");
            assert_eq!(failure_message(body.as_bytes(), OtlpProtocol::Json), "", "{body}");
        }
        assert_eq!(failure_message(br#"{"code":3,"message":"no name"}"#, OtlpProtocol::Json), "no name");
        assert_eq!(failure_message(b"\x08\x03\x12\x07no name", OtlpProtocol::Protobuf), "no name");
        assert_eq!(failure_message(b"<html>", OtlpProtocol::Protobuf), "");
    }
}
