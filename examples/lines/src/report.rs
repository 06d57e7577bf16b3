//! Lambda's report of an invocation: time, memory, initialisation, outcome.
//!
//! Lambda writes the report as text or as JSON, depending on the log format of the function. See
//! <https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report>.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use serde_json::Value as Json;
use thundra_core::TraceId;

use crate::time::time;
use crate::value::{INVOCATION_ID, attribute, string};
use crate::xray::trace_id;

/// A figure of a report. Times are in milliseconds, sizes in MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// The time of the handler.
    Duration,
    /// The billed part of the time, in whole milliseconds.
    BilledDuration,
    /// The memory of the function.
    MemorySize,
    /// The most memory in use.
    MaxMemoryUsed,
    /// The time of the initialisation, at a cold start.
    InitDuration,
    /// The time in which a snapshot was restored, in place of an initialisation.
    RestoreDuration,
    /// The billed part of that time.
    BilledRestoreDuration,
}

/// The figures by their names in text, in JSON, and as attributes.
const FIGURES: [(Figure, [&str; 3]); 7] = [
    (Figure::Duration, ["Duration", "durationMs", "aws.lambda.report.duration_ms"]),
    (Figure::BilledDuration, ["Billed Duration", "billedDurationMs", "aws.lambda.report.billed_duration_ms"]),
    (Figure::MemorySize, ["Memory Size", "memorySizeMB", "aws.lambda.report.memory_size_mb"]),
    (Figure::MaxMemoryUsed, ["Max Memory Used", "maxMemoryUsedMB", "aws.lambda.report.max_memory_used_mb"]),
    (Figure::InitDuration, ["Init Duration", "initDurationMs", "aws.lambda.report.init_duration_ms"]),
    (Figure::RestoreDuration, ["Restore Duration", "restoreDurationMs", "aws.lambda.report.restore_duration_ms"]),
    (
        Figure::BilledRestoreDuration,
        ["Billed Restore Duration", "billedRestoreDurationMs", "aws.lambda.report.billed_restore_duration_ms"],
    ),
];

/// The status of an invocation without an error.
const SUCCESS: &str = "success";

/// Lambda's figures of an invocation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The request id of the invocation; never empty.
    pub request_id: String,
    /// `success`, `error`, `failure` or `timeout`.
    pub status: String,
    /// The type of the error.
    pub error_type: Option<String>,
    /// The trace of the invocation, if X-Ray is on.
    pub trace_id: Option<TraceId>,
    /// The time of the report, in nanoseconds since 1970. A report as text has none.
    pub time: Option<u64>,
    figures: BTreeMap<Figure, f64>,
    text: String,
    written: u64,
}

impl Report {
    /// Reads a report, written at a time in nanoseconds since 1970; `None` for any other line.
    pub fn read(line: &str, written: u64) -> Option<Self> {
        let text = line.trim();
        let report = match text.strip_prefix("REPORT ") {
            Some(members) if members.starts_with("RequestId: ") => Self::read_text(members),
            None if text.starts_with('{') && text.contains("platform.report") => Self::read_json(text)?,
            _ => return None,
        };
        let is_report = !report.request_id.is_empty();
        is_report.then(|| Report { text: text.to_owned(), written, ..report })
    }

    fn read_text(members: &str) -> Self {
        let mut report = Report { status: SUCCESS.to_owned(), ..Report::default() };
        for (name, value) in members.split(['\t', '\n']).filter_map(|member| member.trim().split_once(": ")) {
            match name {
                "RequestId" => report.request_id = value.to_owned(),
                "Status" => report.status = value.to_owned(),
                "Error Type" => report.error_type = Some(value.to_owned()),
                "XRAY TraceId" => report.trace_id = trace_id(value),
                _ => {
                    let number = value.split(' ').next().and_then(|number| number.parse().ok());
                    report.set(|[text, ..]| *text == name, number);
                }
            }
        }
        report
    }

    fn read_json(text: &str) -> Option<Self> {
        let event: Json = serde_json::from_str(text).ok()?;
        let is_report = event.get("type").is_some_and(|kind| kind == "platform.report");
        let record = event.get("record").filter(|_| is_report)?;
        let text = |name: &str| record.get(name).and_then(Json::as_str).map(str::to_owned);
        let header = record.pointer("/tracing/value").and_then(Json::as_str).unwrap_or_default();
        let ids = header.split(';').map(|member| member.trim().trim_start_matches("Root="));
        let mut report = Report {
            request_id: text("requestId")?,
            status: text("status").unwrap_or_else(|| SUCCESS.to_owned()),
            error_type: text("errorType"),
            trace_id: ids.into_iter().find_map(trace_id),
            time: event.get("time").and_then(time),
            ..Report::default()
        };
        for (name, value) in record.get("metrics").and_then(Json::as_object).into_iter().flatten() {
            report.set(|[_, json, _]| json == name, value.as_f64());
        }
        Some(report)
    }

    fn set(&mut self, is_named: impl Fn(&[&str; 3]) -> bool, value: Option<f64>) {
        let figure = FIGURES.iter().find(|(_, names)| is_named(names));
        if let (Some((figure, _)), Some(value)) = (figure, value.filter(|value| value.is_finite() && *value >= 0.0)) {
            self.figures.insert(*figure, value);
        }
    }

    /// Returns a figure; `None` if Lambda did not report it.
    pub fn figure(&self, figure: Figure) -> Option<f64> {
        self.figures.get(&figure).copied()
    }

    /// Returns the figures, and the status.
    pub fn attributes(&self) -> Vec<KeyValue> {
        let figures = FIGURES
            .iter()
            .filter_map(|(figure, [_, _, key])| Some(attribute(key, Value::DoubleValue(self.figure(*figure)?))));
        let status = attribute("aws.lambda.report.status", Value::StringValue(self.status.clone()));
        let error_type =
            self.error_type.clone().map(|kind| attribute("aws.lambda.report.error_type", Value::StringValue(kind)));
        figures.chain([status]).chain(error_type).collect()
    }

    /// Returns the report as a log record, for an invocation without a root span.
    pub fn log_record(self) -> LogRecord {
        let mut attributes = self.attributes();
        attributes.push(attribute(INVOCATION_ID, Value::StringValue(self.request_id)));
        let severity = if self.status == SUCCESS { SeverityNumber::Info } else { SeverityNumber::Error };
        LogRecord {
            time_unix_nano: self.written,
            observed_time_unix_nano: self.written,
            severity_number: severity.into(),
            event_name: "aws.lambda.report".to_owned(),
            body: Some(string(&self.text)),
            attributes,
            trace_id: self.trace_id.map(|id| id.to_bytes().to_vec()).unwrap_or_default(),
            ..LogRecord::default()
        }
    }
}

#[cfg(test)]
mod tests;
