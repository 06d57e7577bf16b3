//! What a message is: telemetry, a report, a bundle of messages, metrics, or a log line.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::Value as Json;
use thundra_core::{Signal, semconv};
use thundra_lines::{Document, Format, Line, LogLine, Telemetry, attribute, decode};

use super::message::Message;
use crate::rows::{Batch, Report};

/// The streams whose current invocation is remembered.
const MAX_STREAMS: usize = 10_000;

/// The names of a signal's list in OTLP/JSON.
const OTLP: [(&str, Signal); 3] =
    [("resourceSpans", Signal::Traces), ("resourceLogs", Signal::Logs), ("resourceMetrics", Signal::Metrics)];

/// The names of the messages in what `aws logs filter-log-events` prints, and in what a subscription delivers.
const BUNDLES: [&str; 2] = ["events", "logEvents"];

/// Reads the messages of a log, and remembers what later ones need.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The service that the log named last.
    service: Option<String>,
    /// The request id of the invocation in each stream.
    invocations: HashMap<String, String>,
    /// The time of the last message with a time.
    time: u64,
}

impl Lines {
    /// Adds what a message has to a batch.
    pub(super) fn read(&mut self, message: &Message, batch: &mut Batch) {
        self.message(message, &BUNDLES, batch);
    }

    /// Adds what a message has, which may be one of some bundles.
    fn message(&mut self, message: &Message, bundles: &[&str], batch: &mut Batch) {
        if message.time > 0 {
            self.time = message.time;
        }
        let text = message.text.trim();
        match Line::read(text, self.time) {
            Ok(Line::Telemetry(telemetry)) => batch.add(telemetry),
            Ok(Line::Report(report)) => {
                self.invocations.remove(&message.stream);
                batch.reports.push(Report::of(&report, self.service.as_deref(), self.time));
            }
            Ok(Line::Other) => {
                if !self.container(text, bundles, batch) && !self.document(text, batch) {
                    self.log(text, &message.stream, batch);
                }
            }
            // A line that was cut, such as one over CloudWatch's limit.
            Err(_) => batch.rejected.lines += 1,
        }
    }

    /// Adds what a JSON value contains: OTLP, or the messages of a bundle. Returns `false` for any other text.
    fn container(&mut self, text: &str, bundles: &[&str], batch: &mut Batch) -> bool {
        let mut names = OTLP.iter().map(|(name, _)| name).chain(bundles);
        if !names.any(|name| text.contains(name)) {
            return false;
        }
        // Some runtimes write words in front of JSON.
        let json = text.find('{').and_then(|start| text.get(start..)).unwrap_or_default();
        let Ok(value) = serde_json::from_str::<Json>(json) else { return false };
        if let Some((_, signal)) = OTLP.iter().find(|(name, _)| value.get(name).is_some()) {
            match decode(*signal, Format::Json, json.as_bytes()) {
                Ok(telemetry) => batch.add(telemetry),
                Err(_) => batch.rejected.lines += 1,
            }
            return true;
        }
        let is_message = |event: &Json| event.get("message").is_some_and(Json::is_string);
        let mut lists = bundles.iter().filter_map(|name| value.get(name)?.as_array());
        let events = lists.find(|events| events.iter().all(is_message));
        events.is_some_and(|events| {
            self.events(&value, events, batch);
            true
        })
    }

    fn events(&mut self, bundle: &Json, events: &[Json], batch: &mut Batch) {
        if let Some(group) = bundle.get("logGroup").and_then(Json::as_str) {
            self.service = Some(group.rsplit('/').next().unwrap_or(group).to_owned());
        }
        for event in events {
            let member = |name: &str| event.get(name).or_else(|| bundle.get(name)).and_then(Json::as_str);
            let millis = event.get("timestamp").and_then(Json::as_u64).unwrap_or(0);
            let stream = member("logStreamName").or_else(|| member("logStream")).unwrap_or_default().to_owned();
            let text = member("message").unwrap_or_default().to_owned();
            // A bundle in a bundle would have no end.
            self.message(&Message { time: millis.saturating_mul(1_000_000), stream, text }, &[], batch);
        }
    }

    /// Adds the metrics of a document. Returns `false` for a text that is, at least in part, no document.
    fn document(&mut self, text: &str, batch: &mut Batch) -> bool {
        let is_readable = match Document::read(text) {
            Some(Ok(document)) => {
                let (metrics, errors) = document.metrics(self.resource(document.service()));
                if metrics.resource_metrics.is_empty() && errors.is_empty() {
                    return false;
                }
                batch.add(Telemetry::Metrics(metrics));
                errors.is_empty()
            }
            Some(Err(_)) => false,
            None => return false,
        };
        batch.rejected.lines += u64::from(!is_readable);
        is_readable
    }

    fn log(&mut self, text: &str, stream: &str, batch: &mut Batch) {
        let Some(line) = LogLine::read(text, self.time).map(LogLine::without_prefix) else { return };
        let LogLine { mut record, service, request_id, .. } = line;
        // A line without a message is shown, and found, as it is.
        record.body.get_or_insert_with(|| AnyValue { value: Some(Value::StringValue(text.to_owned())) });
        self.service = service.or_else(|| self.service.take());
        match request_id {
            Some(id) if self.invocations.len() < MAX_STREAMS => _ = self.invocations.insert(stream.to_owned(), id),
            Some(_) => {}
            None => record.attributes.extend(self.invocations.get(stream).map(|id| invocation(id))),
        }
        let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
        let run = ResourceLogs { resource: Some(self.resource(None)), scope_logs, ..ResourceLogs::default() };
        batch.add(Telemetry::Logs(ExportLogsServiceRequest { resource_logs: vec![run] }));
    }

    /// Returns the resource of a service, or else of the service that the log named last.
    fn resource(&self, service: Option<&str>) -> Resource {
        let service = service.or(self.service.as_deref()).unwrap_or("unknown").to_owned();
        Resource {
            attributes: vec![attribute(semconv::SERVICE_NAME, Value::StringValue(service))],
            ..Resource::default()
        }
    }
}

/// Makes the attribute of an invocation, as records of our exporter have it.
fn invocation(id: &str) -> KeyValue {
    attribute(semconv::FAAS_INVOCATION_ID, Value::StringValue(id.to_owned()))
}

#[cfg(test)]
mod tests;
