//! A message of a log as a log record: JSON by the names of common loggers, or text as it is.

use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::{Map, Value as Json};
use thundra_core::{SpanId, TraceId, semconv};

use super::message::nanos;
use super::value::{any, attributes, string, text};

/// The names of a member in the formats of loggers, the most common first.
const TIME: [&str; 4] = ["timestamp", "time", "@timestamp", "ts"];
const LEVEL: [&str; 4] = ["level", "sLevel", "severity", "log.level"];
const MESSAGE: [&str; 2] = ["message", "msg"];
const TRACE_ID: [&str; 3] = ["trace_id", "traceId", "trace.id"];
const SPAN_ID: [&str; 3] = ["span_id", "spanId", "span.id"];
const REQUEST_ID: [&str; 5] = ["function_request_id", "requestId", "awsRequestId", "AWSRequestId", "request_id"];

/// A record, and what it says of its function.
#[derive(Debug, Default)]
pub(super) struct LogLine {
    pub(super) record: LogRecord,
    pub(super) service: Option<String>,
    pub(super) request_id: Option<String>,
}

impl LogLine {
    /// Reads a JSON object.
    pub(super) fn of_json(mut members: Map<String, Json>) -> Self {
        let mut line = LogLine::default();
        let record = &mut line.record;
        record.time_unix_nano = take(&mut members, &TIME, time).unwrap_or(0);
        if let Some(level) = take(&mut members, &LEVEL, |json| Some(json.as_str()?.to_owned())) {
            (record.severity_number, record.severity_text) = (severity(&level), level);
        }
        record.body = Some(match take(&mut members, &MESSAGE, |json| Some(json.clone())) {
            Some(message) => any(message),
            None => string(&Json::Object(members.clone()).to_string()),
        });
        let trace_id = take(&mut members, &TRACE_ID, |json| TraceId::from_hex(json.as_str()?));
        let trace_id = trace_id.or_else(|| members.get(semconv::XRAY_TRACE_ID).and_then(xray));
        let span_id = take(&mut members, &SPAN_ID, |json| SpanId::from_hex(json.as_str()?));
        record.trace_id = trace_id.map(|id| id.to_bytes().to_vec()).unwrap_or_default();
        record.span_id = span_id.map(|id| id.to_bytes().to_vec()).unwrap_or_default();
        line.service = take(&mut members, &["service", semconv::FUNCTION_NAME], |json| Some(json.as_str()?.to_owned()));
        line.request_id = take(&mut members, &REQUEST_ID, |json| Some(json.as_str()?.to_owned()));
        line.record.attributes = attributes(members);
        line
    }

    /// Reads any other message.
    pub(super) fn of_text(message: &str) -> Self {
        let mut line =
            LogLine { record: LogRecord { body: Some(string(message)), ..LogRecord::default() }, ..LogLine::default() };
        for word in ["START RequestId: ", "END RequestId: "] {
            if let Some(id) = message.strip_prefix(word) {
                line.request_id = id.split_whitespace().next().map(str::to_owned);
                line.record.severity_number = severity("INFO");
                return line;
            }
        }
        // Lambda's runtimes write the time, the request id and the level in front, between tabs.
        let mut rest = message;
        while let Some((word, after)) = rest.split_once('\t') {
            let unbracketed = word.trim_start_matches('[').trim_end_matches(']');
            if word.len() == 36 && word.split('-').count() == 5 {
                line.request_id = Some(word.to_owned());
            } else if line.record.severity_number == 0 && severity(unbracketed) != 0 {
                (line.record.severity_number, line.record.severity_text) =
                    (severity(unbracketed), unbracketed.to_owned());
            } else if let Some(time) = nanos(word) {
                line.record.time_unix_nano = u64::try_from(time).unwrap_or(0);
            } else {
                break;
            }
            rest = after;
        }
        if line.request_id.is_some() || line.record.severity_number != 0 {
            line.record.body = Some(string(rest));
        }
        line
    }

    /// Adds the request id, as records of our exporter have it.
    pub(super) fn with_request_id(mut self, request_id: Option<&str>) -> Self {
        if let Some(id) = self.request_id.as_deref().or(request_id) {
            self.record.attributes.push(text(semconv::FAAS_INVOCATION_ID, id));
        }
        self
    }
}

fn take<T>(members: &mut Map<String, Json>, names: &[&str], read: impl Fn(&Json) -> Option<T>) -> Option<T> {
    let (name, value) = names.iter().find_map(|name| Some((*name, read(members.get(*name)?)?)))?;
    members.remove(name);
    Some(value)
}

/// Reads a time: text, or a number of seconds or milliseconds since 1970.
fn time(json: &Json) -> Option<u64> {
    match json {
        Json::String(text) => u64::try_from(nanos(text)?).ok(),
        Json::Number(number) => {
            let number = number.as_f64().filter(|number| *number > 0.0)?;
            Some(if number < 1e11 { number * 1e9 } else { number * 1e6 } as u64)
        }
        _ => None,
    }
}

fn xray(json: &Json) -> Option<TraceId> {
    let (time, unique) = json.as_str()?.strip_prefix("1-")?.split_once('-')?;
    TraceId::from_hex(&format!("{time}{unique}"))
}

/// Returns OTLP's number of a level; 0 for any other word.
fn severity(level: &str) -> i32 {
    match level.to_ascii_uppercase().as_str() {
        "TRACE" => 1,
        "DEBUG" => 5,
        "INFO" | "NOTICE" => 9,
        "WARN" | "WARNING" => 13,
        "ERROR" => 17,
        "FATAL" | "CRITICAL" => 21,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::text as text_of;

    #[test]
    fn lines_of_loggers_are_read() {
        const ID: &str = "8f507cfc-a72f-4b3f-9d7d-9ac4f4a3a1c4";
        let json = |line: &str| match serde_json::from_str(line) {
            Ok(Json::Object(members)) => LogLine::of_json(members),
            _ => LogLine::of_text(line),
        };
        for (line, severity, request_id, body, why) in [
            (format!(r#"{{"level":"WARN","message":"a","function_request_id":"{ID}"}}"#), 13, Some(ID), "a", "JSON"),
            (format!("2026-11-26T00:00:00.000Z\t{ID}\tERROR\ta\tb"), 17, Some(ID), "a\tb", "a runtime's"),
            (format!("[INFO]\t2026-11-26T00:00:00.000Z\t{ID}\ta"), 9, Some(ID), "a", "Python's"),
            (
                format!("START RequestId: {ID} Version: $LATEST"),
                9,
                Some(ID),
                &format!("START RequestId: {ID} Version: $LATEST"),
                "Lambda's",
            ),
            ("a\tb".to_owned(), 0, None, "a\tb", "text"),
            (r#"{"a":1}"#.to_owned(), 0, None, r#"{"a":1}"#, "other JSON"),
        ] {
            let line = json(&line);
            assert_eq!((line.record.severity_number, line.request_id.as_deref()), (severity, request_id), "{why}");
            assert_eq!(line.record.body.as_ref().map(text_of).as_deref(), Some(body), "{why}");
        }
    }
}
