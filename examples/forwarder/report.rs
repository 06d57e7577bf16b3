//! Lambda's report of an invocation: time, memory, initialisation, outcome.
//!
//! Lambda writes the report as text or as JSON, depending on the log format of the function. See
//! <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report>.

use aws_lambda_events::event::cloudwatch_logs::LogData;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::Value as Json;
use thundra_core::TraceId;

use crate::value::attribute;

/// A figure by its names in text, in JSON, and as an attribute. Times are in milliseconds, sizes in MiB.
const FIGURES: [[&str; 3]; 7] = [
    ["Duration", "durationMs", "aws.lambda.report.duration_ms"],
    ["Billed Duration", "billedDurationMs", "aws.lambda.report.billed_duration_ms"],
    ["Memory Size", "memorySizeMB", "aws.lambda.report.memory_size_mb"],
    ["Max Memory Used", "maxMemoryUsedMB", "aws.lambda.report.max_memory_used_mb"],
    ["Init Duration", "initDurationMs", "aws.lambda.report.init_duration_ms"],
    ["Restore Duration", "restoreDurationMs", "aws.lambda.report.restore_duration_ms"],
    ["Billed Restore Duration", "billedRestoreDurationMs", "aws.lambda.report.billed_restore_duration_ms"],
];

/// The status of an invocation without an error.
const SUCCESS: &str = "success";

/// Lambda's figures of an invocation.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Report {
    pub(crate) request_id: String,
    /// `success`, `error`, `failure` or `timeout`.
    status: String,
    error_type: Option<String>,
    trace_id: Option<TraceId>,
    /// The figures in the order of [`FIGURES`].
    figures: [Option<f64>; FIGURES.len()],
    text: String,
    /// The time of the line, in milliseconds since 1970.
    timestamp: i64,
}

impl Report {
    /// Reads a report; `None` for any other line.
    pub(crate) fn read(line: &str, timestamp: i64) -> Option<Self> {
        let text = line.trim();
        let report = match text.strip_prefix("REPORT ") {
            Some(members) => Self::read_text(members)?,
            None if text.starts_with('{') && text.contains("platform.report") => Self::read_json(text)?,
            None => return None,
        };
        Some(Report { text: text.to_owned(), timestamp, ..report })
    }

    fn read_text(members: &str) -> Option<Self> {
        let mut report = Report { status: SUCCESS.to_owned(), ..Report::default() };
        for (name, value) in members.split(['\t', '\n']).filter_map(|member| member.trim().split_once(": ")) {
            match name {
                "RequestId" => report.request_id = value.to_owned(),
                "Status" => report.status = value.to_owned(),
                "Error Type" => report.error_type = Some(value.to_owned()),
                "XRAY TraceId" => report.trace_id = trace_id(value),
                _ => report.set(|[text, ..]| *text == name, value.split(' ').next()?.parse().ok()),
            }
        }
        Some(report).filter(|report| !report.request_id.is_empty())
    }

    fn read_json(line: &str) -> Option<Self> {
        let event: Json = serde_json::from_str(line).ok()?;
        let is_report = event.get("type").is_some_and(|kind| kind == "platform.report");
        let record = event.get("record").filter(|_| is_report)?;
        let text = |name: &str| record.get(name).and_then(Json::as_str).map(str::to_owned);
        let header = record.pointer("/tracing/value").and_then(Json::as_str);
        let root = header.and_then(|header| header.split(';').next());
        let mut report = Report {
            request_id: text("requestId")?,
            status: text("status").unwrap_or_else(|| SUCCESS.to_owned()),
            error_type: text("errorType"),
            trace_id: root.and_then(|root| trace_id(root.trim_start_matches("Root="))),
            ..Report::default()
        };
        for (name, value) in record.get("metrics").and_then(Json::as_object).into_iter().flatten() {
            report.set(|[_, json, _]| json == name, value.as_f64());
        }
        Some(report)
    }

    fn set(&mut self, is_named: impl Fn(&[&str; 3]) -> bool, value: Option<f64>) {
        if let Some(figure) = FIGURES.iter().position(is_named).and_then(|index| self.figures.get_mut(index)) {
            *figure = value;
        }
    }

    /// Returns the figures, and the status.
    pub(crate) fn attributes(&self) -> Vec<KeyValue> {
        let figures = FIGURES.iter().zip(self.figures);
        let figures = figures.filter_map(|([_, _, key], value)| Some(attribute(key, Value::DoubleValue(value?))));
        let status = attribute("aws.lambda.report.status", Value::StringValue(self.status.clone()));
        let error_type =
            self.error_type.clone().map(|kind| attribute("aws.lambda.report.error_type", Value::StringValue(kind)));
        figures.chain([status]).chain(error_type).collect()
    }

    /// Returns the report as a log record, for an invocation without a root span in the delivery.
    pub(crate) fn log_record(self) -> LogRecord {
        let mut attributes = self.attributes();
        attributes.push(attribute("faas.invocation_id", Value::StringValue(self.request_id)));
        let severity = if self.status == SUCCESS { SeverityNumber::Info } else { SeverityNumber::Error };
        let nanos = u64::try_from(self.timestamp).unwrap_or_default().saturating_mul(1_000_000);
        LogRecord {
            time_unix_nano: nanos,
            observed_time_unix_nano: nanos,
            severity_number: severity.into(),
            event_name: "aws.lambda.report".to_owned(),
            body: Some(AnyValue { value: Some(Value::StringValue(self.text)) }),
            attributes,
            trace_id: self.trace_id.map(|id| id.to_bytes().to_vec()).unwrap_or_default(),
            ..LogRecord::default()
        }
    }
}

/// Returns the function that wrote a log, as a resource. Lines may name the service.
pub(crate) fn resource(log: &LogData, service: Option<&str>) -> Resource {
    let text = |text: &str| Value::StringValue(text.to_owned());
    let list = |name: &str| Value::ArrayValue(ArrayValue { values: vec![AnyValue { value: Some(text(name)) }] });
    let function = log.log_group.strip_prefix("/aws/lambda/").unwrap_or(&log.log_group);
    let attributes = vec![
        attribute("service.name", text(service.unwrap_or(function))),
        attribute("faas.name", text(function)),
        attribute("cloud.provider", text("aws")),
        attribute("cloud.platform", text("aws_lambda")),
        attribute("cloud.account.id", text(&log.owner)),
        attribute("aws.log.group.names", list(&log.log_group)),
        attribute("aws.log.stream.names", list(&log.log_stream)),
    ];
    Resource { attributes, ..Resource::default() }
}

/// Reads an X-Ray trace id (`1-5759e988-bd862e3fe1be46a994272793`) as the W3C trace id of the same trace.
pub(crate) fn trace_id(text: &str) -> Option<TraceId> {
    let (time, unique) = text.strip_prefix("1-")?.split_once('-')?;
    TraceId::from_hex(&format!("{time}{unique}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLD: &str = "REPORT RequestId: 8f507cfc\tDuration: 2.24 ms\tBilled Duration: 203 ms\tMemory Size: 128 MB\t\
        Max Memory Used: 65 MB\tInit Duration: 200.5 ms\t\nXRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\t\
        SegmentId: 53995c3f42cd8ad8\tSampled: true\t\n";

    fn figures(report: &Report) -> Vec<(&str, f64)> {
        let figures = FIGURES.iter().zip(report.figures);
        figures.filter_map(|([_, _, key], value)| Some((key.rsplit('.').next()?, value?))).collect()
    }

    #[test]
    fn a_line_of_text_is_read() {
        let report = Report::read(COLD, 0).unwrap();
        assert_eq!((report.request_id.as_str(), report.status.as_str()), ("8f507cfc", "success"));
        assert_eq!(report.trace_id, TraceId::from_hex("5759e988bd862e3fe1be46a994272793"));
        let expected = [
            ("duration_ms", 2.24),
            ("billed_duration_ms", 203.0),
            ("memory_size_mb", 128.0),
            ("max_memory_used_mb", 65.0),
            ("init_duration_ms", 200.5),
        ];
        assert_eq!(figures(&report), expected);
    }

    #[test]
    fn a_restored_and_failed_invocation_is_read() {
        let line = "REPORT RequestId: 1\tDuration: 3000.00 ms\tRestore Duration: 300 ms\t\
            Billed Restore Duration: 400 ms\tStatus: error\tError Type: Runtime.ExitError";
        let report = Report::read(line, 1_764_115_200_000).unwrap();
        assert_eq!((report.status.as_str(), report.error_type.as_deref()), ("error", Some("Runtime.ExitError")));
        let expected = [("duration_ms", 3000.0), ("restore_duration_ms", 300.0), ("billed_restore_duration_ms", 400.0)];
        assert_eq!(figures(&report), expected);
    }

    #[test]
    fn a_line_of_json_is_read() {
        let line = r#"{"time":"2026-11-26T00:00:00.000Z","type":"platform.report","record":{"requestId":"1","status":"timeout",
            "metrics":{"durationMs":3000,"billedDurationMs":3000,"memorySizeMB":128,"maxMemoryUsedMB":30},
            "tracing":{"spanId":"53995c3f42cd8ad8","type":"X-Amzn-Trace-Id","value":"Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}}}"#;
        let report = Report::read(line, 1_764_115_200_000).unwrap();
        assert_eq!((report.request_id.as_str(), report.status.as_str()), ("1", "timeout"));
        assert_eq!(report.trace_id, TraceId::from_hex("5759e988bd862e3fe1be46a994272793"));
        assert_eq!(figures(&report).len(), 4);
        let record = report.log_record();
        assert_eq!((record.severity_number, record.time_unix_nano), (17, 1_764_115_200_000_000_000));
    }

    #[test]
    fn other_lines_are_no_reports() {
        for (line, why) in [
            ("", "empty"),
            ("REPORT", "nothing follows"),
            ("REPORT of the day: fine", "a user's own"),
            (r#"{"type":"platform.start","record":{"requestId":"1"}}"#, "another event of Lambda"),
            (r#"{"message":"platform.report"}"#, "a user's own JSON"),
            (r#"{"type":"platform.report","record":{}"#, "a line that was cut"),
        ] {
            assert_eq!(Report::read(line, 0), None, "{why}");
        }
    }
}
