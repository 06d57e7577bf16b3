//! What a message is: telemetry, metrics, a report, a bundle of messages, or a log line.

use std::collections::HashMap;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{ResourceLogs, ScopeLogs};
use serde_json::Value as Json;
use thundra_core::Signal;

use super::decode::{Format, request};
use super::log_line::LogLine;
use super::message::Message;
use super::value::resource;
use super::{emf, envelope};
use crate::rows::{Batch, Report, Telemetry};

/// The streams whose current invocation is remembered.
const MAX_STREAMS: usize = 10_000;

/// The names of a signal's list in OTLP/JSON.
const OTLP: [(&str, Signal); 3] =
    [("resourceSpans", Signal::Traces), ("resourceLogs", Signal::Logs), ("resourceMetrics", Signal::Metrics)];

/// Reads the messages of a log, and remembers what later ones need.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The service that the log named last.
    service: Option<String>,
    /// The request id of the invocation in each stream.
    invocations: HashMap<String, String>,
    /// The time of the message before.
    time: i64,
}

impl Lines {
    /// Adds what a message has to a batch.
    pub(super) fn read(&mut self, message: &Message, batch: &mut Batch) {
        if message.time > 0 {
            self.time = message.time;
        }
        let text = message.text.trim();
        if text.is_empty() {
            return;
        }
        match envelope::read(text) {
            Some(Ok(telemetry)) => return batch.add(telemetry),
            // A line that was cut, such as one over CloudWatch's limit.
            Some(Err(_)) => return batch.rejected.lines += 1,
            None => {}
        }
        if let Some(report) = Report::read(text) {
            return self.report(report, message, batch);
        }
        // Some runtimes write words in front of JSON.
        let json = text.find('{').and_then(|start| serde_json::from_str(text.get(start..)?).ok());
        match json {
            Some(json) => self.json(json, text, message, batch),
            None => self.log(LogLine::of_text(text), message, batch),
        }
    }

    /// Adds what a JSON value has, such as one that takes several lines.
    pub(super) fn json(&mut self, json: Json, text: &str, message: &Message, batch: &mut Batch) {
        if json.get(envelope::NAME).is_some() {
            match envelope::read(&json.to_string()) {
                Some(Ok(telemetry)) => batch.add(telemetry),
                _ => batch.rejected.lines += 1,
            }
            return;
        }
        for (name, signal) in OTLP {
            if json.get(name).is_some() {
                match request(signal, Format::Json, json.to_string().as_bytes()) {
                    Ok(telemetry) => batch.add(telemetry),
                    Err(_) => batch.rejected.lines += 1,
                }
                return;
            }
        }
        // What `aws logs filter-log-events` prints, and what a subscription delivers.
        for name in ["events", "logEvents"] {
            let is_message = |event: &Json| event.get("message").is_some_and(Json::is_string);
            if let Some(events) = json.get(name).and_then(Json::as_array).filter(|events| events.iter().all(is_message))
            {
                return self.events(&json, events, batch);
            }
        }
        if let Some(metrics) = emf::read(&json, self.service.as_deref().unwrap_or("unknown")) {
            return batch.add(Telemetry::Metrics(metrics));
        }
        if let Some(name) = json.pointer("/record/functionName").and_then(Json::as_str) {
            self.service = Some(name.to_owned());
        }
        match json {
            Json::Object(members) if text.starts_with('{') => {
                // Lambda's own events have no message of their own.
                let is_platform =
                    members.get("type").and_then(Json::as_str).is_some_and(|kind| kind.starts_with("platform."));
                let line = if is_platform { platform(&members, text) } else { LogLine::of_json(members) };
                self.log(line, message, batch);
            }
            _ => self.log(LogLine::of_text(text), message, batch),
        }
    }

    fn events(&mut self, bundle: &Json, events: &[Json], batch: &mut Batch) {
        if let Some(group) = bundle.get("logGroup").and_then(Json::as_str) {
            self.service = Some(group.rsplit('/').next().unwrap_or(group).to_owned());
        }
        for event in events {
            let member = |name: &str| event.get(name).or_else(|| bundle.get(name)).and_then(Json::as_str);
            let millis = event.get("timestamp").and_then(Json::as_i64).unwrap_or(0);
            let text = member("message").unwrap_or_default();
            // A bundle in a bundle would have no end.
            if !text.contains("\"logEvents\"") && !text.contains("\"events\"") {
                let stream = member("logStreamName").or_else(|| member("logStream")).unwrap_or_default();
                let time = millis.saturating_mul(1_000_000);
                self.read(&Message { time, stream: stream.to_owned(), text: text.to_owned() }, batch);
            }
        }
    }

    fn report(&mut self, mut report: Report, message: &Message, batch: &mut Batch) {
        if report.time == 0 {
            report.time = if message.time > 0 { message.time } else { self.time };
        }
        report.function = self.service.clone().unwrap_or_default();
        self.invocations.remove(&message.stream);
        batch.add(Telemetry::Report(report));
    }

    fn log(&mut self, line: LogLine, message: &Message, batch: &mut Batch) {
        let known = self.invocations.get(&message.stream).cloned();
        if let Some(id) = line.request_id.as_ref().filter(|_| self.invocations.len() < MAX_STREAMS) {
            self.invocations.insert(message.stream.clone(), id.clone());
        }
        if line.service.is_some() {
            self.service.clone_from(&line.service);
        }
        let service = self.service.clone().unwrap_or_else(|| "unknown".to_owned());
        let mut record = line.with_request_id(known.as_deref()).record;
        let time = if message.time > 0 { message.time } else { self.time };
        record.observed_time_unix_nano = u64::try_from(time).unwrap_or(0);
        if record.time_unix_nano == 0 {
            record.time_unix_nano = record.observed_time_unix_nano;
        }
        let scope_logs = vec![ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }];
        let run = ResourceLogs { resource: Some(resource(&service)), scope_logs, ..ResourceLogs::default() };
        batch.add(Telemetry::Logs(ExportLogsServiceRequest { resource_logs: vec![run] }));
    }
}

/// Reads one of Lambda's own events, such as `platform.start`.
fn platform(members: &serde_json::Map<String, Json>, text: &str) -> LogLine {
    let mut line = LogLine::of_text(text);
    let time = members.get("time").and_then(Json::as_str).and_then(super::message::nanos);
    line.record.time_unix_nano = time.and_then(|time| u64::try_from(time).ok()).unwrap_or(0);
    line.record.severity_number = 9;
    line.request_id = members.get("record").and_then(|record| record.get("requestId")?.as_str()).map(str::to_owned);
    line
}
