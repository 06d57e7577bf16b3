//! Partial success: <https://opentelemetry.io/docs/specs/otlp/#partial-success-1>.

use crate::otlp::response;
use crate::{OtlpProtocol, Signal};

/// Reads the partial success in a collector's response: the number of rejected records, and the message. A rejection is
/// final.
///
/// Returns `None` where the collector accepted all records, or reports a negative number.
pub fn partial_success(bytes: &[u8], signal: Signal, protocol: OtlpProtocol) -> Option<(u64, String)> {
    let (rejected, message) = match protocol {
        OtlpProtocol::Protobuf => response::partial_success(bytes)?,
        OtlpProtocol::Json => {
            let response: serde_json::Value = serde_json::from_slice(bytes).ok()?;
            let partial = response.get("partialSuccess")?;
            let rejected = partial.get(match signal {
                Signal::Traces => "rejectedSpans",
                Signal::Logs => "rejectedLogRecords",
                Signal::Metrics => "rejectedDataPoints",
            })?;
            // A 64-bit integer is text in OTLP/JSON; some collectors send a number all the same.
            let rejected = rejected.as_i64().or_else(|| rejected.as_str()?.parse().ok())?;
            (rejected, partial.get("errorMessage").and_then(|text| text.as_str()).unwrap_or_default().to_owned())
        }
    };
    let rejected = u64::try_from(rejected).ok().filter(|rejected| *rejected > 0)?;
    Some((rejected, message))
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
            let expected = Some((3, error_message()));
            assert_eq!(partial_success(&protobuf, signal, OtlpProtocol::Protobuf), expected, "{signal}");
            for (json, expected) in [("\"3\"", expected.clone()), ("3", expected), ("\"0\"", None), ("-1", None)] {
                let json = format!(r#"{{"partialSuccess":{{"{name}":{json},"errorMessage":"too old"}}}}"#);
                assert_eq!(partial_success(json.as_bytes(), signal, OtlpProtocol::Json), expected, "{json}");
            }
        }
    }
}
