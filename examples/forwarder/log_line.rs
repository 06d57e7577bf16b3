//! Any line of a log as an OTLP log record.
//!
//! A line of JSON is read by the names of common loggers in Lambda functions: `thundra`, the Powertools for AWS Lambda,
//! DAZN's logger, and Lambda's own JSON format. The message becomes the body, and members without a field in a log
//! record become attributes. Any other line becomes the body unchanged.

use chrono::DateTime;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use serde_json::{Map, Value as Json};
use thundra_core::{SpanId, TraceId};

use crate::report;
use crate::value::{any, attribute, attributes};

/// The names of a member in the formats of loggers, the most common first.
const TIME: [&str; 4] = ["timestamp", "time", "@timestamp", "ts"];
const LEVEL: [&str; 4] = ["level", "sLevel", "severity", "log.level"];
const MESSAGE: [&str; 2] = ["message", "msg"];
const TRACE_ID: [&str; 3] = ["trace_id", "traceId", "trace.id"];
const SPAN_ID: [&str; 3] = ["span_id", "spanId", "span.id"];
const REQUEST_ID: [&str; 5] = ["function_request_id", "requestId", "awsRequestId", "AWSRequestId", "request_id"];

/// A line as a log record.
#[derive(Debug)]
pub(crate) struct LogLine {
    pub(crate) record: LogRecord,
    /// The service named by the line.
    pub(crate) service: Option<String>,
}

impl LogLine {
    /// Reads a line, written at a time in milliseconds since 1970. `None` for an empty line.
    pub(crate) fn read(text: &str, timestamp: i64) -> Option<Self> {
        let text = text.trim_end();
        if text.trim_start().is_empty() {
            return None;
        }
        let prefix = Prefix::of(text);
        let mut line = match serde_json::from_str(prefix.rest) {
            Ok(Json::Object(members)) => Self::of_members(members, prefix.rest),
            _ => LogLine { record: LogRecord { body: string(text), ..LogRecord::default() }, service: None },
        };
        let record = &mut line.record;
        record.observed_time_unix_nano = u64::try_from(timestamp).unwrap_or_default().saturating_mul(1_000_000);
        if record.time_unix_nano == 0 {
            record.time_unix_nano = record.observed_time_unix_nano;
        }
        if let Some(level) = prefix.level.filter(|_| record.severity_number == 0) {
            (record.severity_number, record.severity_text) = (severity(level).into(), level.to_owned());
        }
        let has_request_id = record.attributes.iter().any(|attribute| attribute.key == "faas.invocation_id");
        if let Some(id) = prefix.request_id.filter(|_| !has_request_id) {
            record.attributes.push(attribute("faas.invocation_id", Value::StringValue(id.to_owned())));
        }
        Some(line)
    }

    fn of_members(mut members: Map<String, Json>, text: &str) -> Self {
        if let Some(platform) = Self::of_platform(&members, text) {
            return platform;
        }
        let mut record = LogRecord::default();
        if let Some(time) = take(&mut members, &TIME, time) {
            record.time_unix_nano = time;
        }
        if let Some((number, level)) = take(&mut members, &LEVEL, level) {
            (record.severity_number, record.severity_text) = (number.into(), level);
        }
        // DAZN's logger writes the level twice.
        take(&mut members, &LEVEL, |json| level(json).filter(|(_, text)| *text == record.severity_text));
        record.body = match take(&mut members, &MESSAGE, |json| Some(json.clone())) {
            Some(message) => Some(any(message)),
            // JSON with neither level nor message is data in its own format.
            None if record.severity_number == 0 => {
                return LogLine { record: LogRecord { body: string(text), ..record }, service: None };
            }
            None => None,
        };
        let xray = |json: &Json| report::trace_id(json.as_str()?);
        let trace_id = take(&mut members, &TRACE_ID, |json| TraceId::from_hex(json.as_str()?));
        let trace_id = trace_id.or_else(|| members.get("xray_trace_id").and_then(xray));
        record.trace_id = trace_id.map(|id| id.to_bytes().to_vec()).unwrap_or_default();
        let span_id = take(&mut members, &SPAN_ID, |json| SpanId::from_hex(json.as_str()?));
        record.span_id = span_id.filter(|_| trace_id.is_some()).map(|id| id.to_bytes().to_vec()).unwrap_or_default();
        let service = take(&mut members, &["service"], |json| Some(json.as_str()?.to_owned()));
        let request_id = take(&mut members, &REQUEST_ID, |json| Some(json.as_str()?.to_owned()));
        // Lines of `thundra` have the event's name beside the target.
        if members.contains_key("target") {
            record.event_name =
                take(&mut members, &["event"], |json| Some(json.as_str()?.to_owned())).unwrap_or_default();
        }
        record.attributes = attributes(members);
        if let Some(id) = request_id {
            record.attributes.push(attribute("faas.invocation_id", Value::StringValue(id)));
        }
        LogLine { record, service }
    }

    /// Reads one of Lambda's own events, such as `platform.start`.
    fn of_platform(members: &Map<String, Json>, text: &str) -> Option<Self> {
        let name = members.get("type")?.as_str().filter(|name| name.starts_with("platform."))?;
        let mut record = LogRecord {
            time_unix_nano: members.get("time").and_then(time).unwrap_or_default(),
            severity_number: SeverityNumber::Info.into(),
            event_name: format!("aws.lambda.{name}"),
            body: string(text),
            ..LogRecord::default()
        };
        if let Some(id) = members.get("record").and_then(|record| record.get("requestId")?.as_str()) {
            record.attributes.push(attribute("faas.invocation_id", Value::StringValue(id.to_owned())));
        }
        Some(LogLine { record, service: None })
    }
}

/// The prefix of a text line from Lambda's runtimes: the time, the request id and the level, between tabs.
#[derive(Debug, Default)]
struct Prefix<'a> {
    request_id: Option<&'a str>,
    level: Option<&'a str>,
    rest: &'a str,
}

impl<'a> Prefix<'a> {
    fn of(text: &'a str) -> Self {
        let mut prefix = Prefix { rest: text, ..Prefix::default() };
        for word in ["START RequestId: ", "END RequestId: "] {
            if let Some(id) = text.strip_prefix(word) {
                prefix.request_id = id.split([' ', '\t']).next();
                prefix.level = Some("INFO");
                return prefix;
            }
        }
        while let Some((word, rest)) = prefix.rest.split_once('\t') {
            let unbracketed = word.trim_start_matches('[').trim_end_matches(']');
            if is_uuid(word) {
                prefix.request_id = Some(word);
            } else if prefix.level.is_none() && severity(unbracketed) != SeverityNumber::Unspecified {
                prefix.level = Some(unbracketed);
            } else if nanoseconds(word).is_none() {
                break;
            }
            prefix.rest = rest;
        }
        prefix
    }
}

fn is_uuid(word: &str) -> bool {
    let is_place = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    word.len() == 36 && word.bytes().enumerate().all(is_place)
}

/// Removes the first readable member of a list, and returns the value.
fn take<T>(members: &mut Map<String, Json>, names: &[&str], read: impl Fn(&Json) -> Option<T>) -> Option<T> {
    let (name, value) = names.iter().find_map(|name| Some((*name, read(members.get(*name)?)?)))?;
    members.remove(name);
    Some(value)
}

/// Reads a time, in nanoseconds since 1970.
fn time(json: &Json) -> Option<u64> {
    match json {
        Json::String(text) => nanoseconds(text),
        // The size tells the unit: 10^11 ms, 10^14 µs and 10^17 ns were in 1973. Lambda and Node write milliseconds.
        Json::Number(number) => {
            let nanos = match number.as_f64().filter(|number| *number > 0.0)? {
                number if number < 1e11 => number * 1e9,
                number if number < 1e14 => number * 1e6,
                number if number < 1e17 => number * 1e3,
                number => number,
            };
            // Times after the year 2262 are refused, as in text.
            Some(nanos as u64).filter(|nanos| i64::try_from(*nanos).is_ok())
        }
        _ => None,
    }
}

/// Reads a time as text: RFC 3339, or the form of Python's Powertools.
fn nanoseconds(text: &str) -> Option<u64> {
    let time =
        DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S,%3f%z"));
    u64::try_from(time.ok()?.timestamp_nanos_opt()?).ok()
}

fn level(json: &Json) -> Option<(SeverityNumber, String)> {
    match json {
        Json::String(text) => Some((severity(text), text.clone())),
        // The levels of pino and bunyan.
        Json::Number(number) => {
            let (severity, text) = match number.as_u64()? {
                10 => (SeverityNumber::Trace, "TRACE"),
                20 => (SeverityNumber::Debug, "DEBUG"),
                30 => (SeverityNumber::Info, "INFO"),
                40 => (SeverityNumber::Warn, "WARN"),
                50 => (SeverityNumber::Error, "ERROR"),
                60 => (SeverityNumber::Fatal, "FATAL"),
                _ => return None,
            };
            Some((severity, text.to_owned()))
        }
        _ => None,
    }
}

fn severity(level: &str) -> SeverityNumber {
    match level.to_ascii_uppercase().as_str() {
        "TRACE" => SeverityNumber::Trace,
        "DEBUG" => SeverityNumber::Debug,
        "INFO" | "INFORMATION" | "NOTICE" => SeverityNumber::Info,
        "WARN" | "WARNING" => SeverityNumber::Warn,
        "ERROR" => SeverityNumber::Error,
        "FATAL" | "CRITICAL" | "ALERT" | "EMERGENCY" | "PANIC" => SeverityNumber::Fatal,
        _ => SeverityNumber::Unspecified,
    }
}

fn string(text: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(text.to_owned())) })
}

#[cfg(test)]
mod tests;
