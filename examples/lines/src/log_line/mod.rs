//! Any line of a log as an OTLP log record.
//!
//! A line of JSON is read by the names of common loggers in Lambda functions: `thundra`, the Powertools for AWS Lambda,
//! DAZN's logger, and Lambda's own JSON format. The message becomes the body, and members without a field in a log
//! record become attributes. Any other line becomes the body unchanged.

mod level;
mod prefix;
#[cfg(test)]
mod tests;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use serde_json::{Map, Value as Json};
use thundra_core::{SpanId, TraceId};

use self::level::{level, severity};
use self::prefix::Prefix;
use crate::time::time;
use crate::value::{INVOCATION_ID, any, attribute, attributes, string};
use crate::xray;

/// The names of a member in the formats of loggers, the most common first.
const TIME: [&str; 4] = ["timestamp", "time", "@timestamp", "ts"];
const LEVEL: [&str; 4] = ["level", "sLevel", "severity", "log.level"];
const MESSAGE: [&str; 2] = ["message", "msg"];
const TRACE_ID: [&str; 3] = ["trace_id", "traceId", "trace.id"];
const SPAN_ID: [&str; 3] = ["span_id", "spanId", "span.id"];
const REQUEST_ID: [&str; 5] = ["function_request_id", "requestId", "awsRequestId", "AWSRequestId", "request_id"];

/// A line as a log record.
#[derive(Debug, Default)]
pub struct LogLine {
    /// The record. Without a time of its own, it has the time at which the line was written.
    pub record: LogRecord,
    /// The service named by the line, or else its function.
    pub service: Option<String>,
    /// The request id of the invocation. The record has it as an attribute.
    pub request_id: Option<String>,
    /// The length of the words in front of the body that the record has in its fields.
    prefix: usize,
}

impl LogLine {
    /// Reads a line, written at a time in nanoseconds since 1970. `None` for an empty line.
    pub fn read(text: &str, written: u64) -> Option<Self> {
        let text = text.trim_end();
        if text.trim_start().is_empty() {
            return None;
        }
        let prefix = Prefix::of(text);
        let mut line = match serde_json::from_str(prefix.rest) {
            Ok(Json::Object(members)) => Self::of_members(members, prefix.rest),
            _ => LogLine { prefix: prefix.len(text), ..Self::of_body(text) },
        };
        let record = &mut line.record;
        record.observed_time_unix_nano = written;
        if record.time_unix_nano == 0 {
            record.time_unix_nano = prefix.time.unwrap_or(written);
        }
        if let Some(level) = prefix.level.filter(|_| record.severity_number == 0) {
            (record.severity_number, record.severity_text) = (severity(level).into(), level.to_owned());
        }
        line.request_id = line.request_id.or_else(|| prefix.request_id.map(str::to_owned));
        let has_request_id = record.attributes.iter().any(|attribute| attribute.key == INVOCATION_ID);
        if let Some(id) = line.request_id.as_ref().filter(|_| !has_request_id) {
            record.attributes.push(attribute(INVOCATION_ID, Value::StringValue(id.clone())));
        }
        Some(line)
    }

    /// Returns the line with a body that has no time, request id and level in front. The record has them in its fields.
    pub fn without_prefix(mut self) -> Self {
        let prefix = std::mem::take(&mut self.prefix);
        if let Some(Value::StringValue(body)) = self.record.body.as_mut().and_then(|body| body.value.as_mut())
            && let Some(rest) = body.get(prefix..)
        {
            *body = rest.to_owned();
        }
        self
    }

    fn of_body(text: &str) -> Self {
        LogLine { record: LogRecord { body: Some(string(text)), ..LogRecord::default() }, ..LogLine::default() }
    }

    fn of_members(mut members: Map<String, Json>, text: &str) -> Self {
        if let Some(platform) = Self::of_platform(&members, text) {
            return platform;
        }
        let mut record =
            LogRecord { time_unix_nano: take(&mut members, &TIME, time).unwrap_or_default(), ..LogRecord::default() };
        if let Some((number, level)) = take(&mut members, &LEVEL, level) {
            (record.severity_number, record.severity_text) = (number.into(), level);
        }
        // DAZN's logger writes the level twice.
        take(&mut members, &LEVEL, |json| level(json).filter(|(_, text)| *text == record.severity_text));
        let trace_id = take(&mut members, &TRACE_ID, |json| TraceId::from_hex(json.as_str()?));
        let xray = |json: &Json| xray::trace_id(json.as_str()?);
        if let Some(trace_id) = trace_id.or_else(|| members.get("xray_trace_id").and_then(xray)) {
            record.trace_id = trace_id.to_bytes().to_vec();
            let span_id = take(&mut members, &SPAN_ID, |json| SpanId::from_hex(json.as_str()?));
            record.span_id = span_id.map(|id| id.to_bytes().to_vec()).unwrap_or_default();
        }
        record.body = match take(&mut members, &MESSAGE, |json| Some(json.clone())) {
            Some(message) => Some(any(message)),
            // JSON with neither level nor message is data in its own format: its names may mean something else.
            None if record.severity_number == 0 => {
                return LogLine { record: LogRecord { body: Some(string(text)), ..record }, ..LogLine::default() };
            }
            None => None,
        };
        let service = take(&mut members, &["service"], text_of);
        let service = service.or_else(|| members.get("function_name").and_then(text_of));
        let request_id = take(&mut members, &REQUEST_ID, text_of);
        // Lines of `thundra` have the event's name beside the target.
        if members.contains_key("target") {
            record.event_name = take(&mut members, &["event"], text_of).unwrap_or_default();
        }
        record.attributes = attributes(members);
        LogLine { record, service, request_id, prefix: 0 }
    }

    /// Reads one of Lambda's own events, such as `platform.start`.
    fn of_platform(members: &Map<String, Json>, text: &str) -> Option<Self> {
        let name = members.get("type")?.as_str().filter(|name| name.starts_with("platform."))?;
        let of_record = |member: &str| text_of(members.get("record")?.get(member)?);
        let mut line = Self::of_body(text);
        line.record.time_unix_nano = members.get("time").and_then(time).unwrap_or_default();
        line.record.severity_number = SeverityNumber::Info.into();
        line.record.event_name = format!("aws.lambda.{name}");
        Some(LogLine { service: of_record("functionName"), request_id: of_record("requestId"), ..line })
    }
}

/// Removes the first readable member of a list, and returns the value.
fn take<T>(members: &mut Map<String, Json>, names: &[&str], read: impl Fn(&Json) -> Option<T>) -> Option<T> {
    let (name, value) = names.iter().find_map(|name| Some((*name, read(members.get(*name)?)?)))?;
    members.remove(name);
    Some(value)
}

fn text_of(json: &Json) -> Option<String> {
    json.as_str().map(str::to_owned)
}
