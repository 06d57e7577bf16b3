use super::*;

/// The time at which the lines were written.
const WRITTEN: u64 = 1_764_115_200_000_000_000;

const ID: &str = "8f507cfc-0000-4000-8000-0123456789ab";

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn read(text: &str) -> LogRecord {
    LogLine::read(text, WRITTEN).unwrap().record
}

fn body(record: &LogRecord) -> &str {
    match record.body.as_ref().and_then(|body| body.value.as_ref()) {
        Some(Value::StringValue(text)) => text,
        other => panic!("{other:?} is no text"),
    }
}

fn text<'a>(record: &'a LogRecord, key: &str) -> Option<&'a str> {
    let attribute = record.attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

#[test]
fn a_line_of_ours_has_its_fields_in_the_record() {
    let line = format!(
        r#"{{"level":"WARN","message":"sold out","timestamp":"2025-11-26T00:00:00.5Z","event":"stock.empty","target":"shop",
        "service":"orders","function_request_id":"r-1","cold_start":true,"trace_id":"{TRACE}","span_id":"b7ad6b7169203331",
        "x-correlation-id":"c-1","left":0}}"#
    );
    let LogLine { record, service, request_id, .. } = LogLine::read(&line, WRITTEN).unwrap();
    assert_eq!((service.as_deref(), request_id.as_deref()), (Some("orders"), Some("r-1")));
    assert_eq!((body(&record), record.event_name.as_str()), ("sold out", "stock.empty"));
    assert_eq!((record.severity_number, record.severity_text.as_str()), (13, "WARN"));
    assert_eq!((record.time_unix_nano, record.observed_time_unix_nano), (1_764_115_200_500_000_000, WRITTEN));
    assert_eq!(record.trace_id, TraceId::from_hex(TRACE).unwrap().to_bytes());
    assert_eq!(record.span_id, [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]);
    assert_eq!(text(&record, "faas.invocation_id"), Some("r-1"));
    assert_eq!(text(&record, "x-correlation-id"), Some("c-1"));
    let mut keys: Vec<_> = record.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["cold_start", "faas.invocation_id", "left", "target", "x-correlation-id"]);
}

#[test]
fn the_names_of_other_loggers_are_read() {
    for (line, expected, why) in [
        (
            r#"{"level":"INFO","location":"handler:15","message":"hello","timestamp":"2025-11-26 00:00:01,000+0000",
            "function_request_id":"r-1","xray_trace_id":"1-0af76519-16cd43dd8448eb211c80319c"}"#,
            (9, "INFO", 1, Some("r-1"), true),
            "Powertools for Python",
        ),
        (
            r#"{"message":"hello","level":50,"sLevel":"ERROR","awsRequestId":"r-1"}"#,
            (17, "ERROR", 0, Some("r-1"), false),
            "DAZN",
        ),
        (
            r#"{"timestamp":"2025-11-26T00:00:02.000Z","level":"INFO","requestId":"r-1","message":"hello"}"#,
            (9, "INFO", 2, Some("r-1"), false),
            "Lambda's format for Node",
        ),
        (r#"{"level":30,"time":1764115203000,"msg":"hello"}"#, (9, "INFO", 3, None, false), "pino"),
        (r#"{"severity":"critical","ts":1764115204.0,"message":"hello"}"#, (21, "critical", 4, None, false), "seconds"),
    ] {
        let record = read(line);
        let (number, level, seconds, request_id, has_trace) = expected;
        assert_eq!(body(&record), "hello", "{why}");
        assert_eq!((record.severity_number, record.severity_text.as_str()), (number, level), "{why}");
        assert_eq!(record.time_unix_nano, WRITTEN + seconds * 1_000_000_000, "{why}");
        assert_eq!(text(&record, "faas.invocation_id"), request_id, "{why}");
        assert_eq!(!record.trace_id.is_empty(), has_trace, "{why}");
        assert!(record.span_id.is_empty(), "{why}");
        assert!(
            record.attributes.iter().all(|attribute| attribute.key != "level" && attribute.key != "sLevel"),
            "{why}"
        );
    }
}

#[test]
fn a_line_of_text_is_the_body() {
    for (line, severity, request_id, why) in [
        ("hello\tworld".to_owned(), 0, None, "any line"),
        ("{\"level\":\"INFO\",\"mess".to_owned(), 0, None, "JSON that was cut"),
        ("[1, 2]".to_owned(), 0, None, "no object"),
        (r#"{"left":0}"#.to_owned(), 0, None, "an object that is no log line"),
        (format!("START RequestId: {ID} Version: $LATEST"), 9, Some(ID), "a line of Lambda"),
        (format!("END RequestId: {ID}"), 9, Some(ID), "a line of Lambda"),
        (format!("2025-11-26T00:00:00.000Z\t{ID}\tERROR\tno\tsuch order"), 17, Some(ID), "the runtime for Node"),
        (format!("[WARNING]\t2025-11-26T00:00:00.000Z\t{ID}\tno such order"), 13, Some(ID), "the runtime for Python"),
    ] {
        let record = read(&format!("{line}\n"));
        assert_eq!((body(&record), record.severity_number), (line.as_str(), severity), "{why}");
        assert_eq!((text(&record, "faas.invocation_id"), record.time_unix_nano), (request_id, WRITTEN), "{why}");
    }
    assert!(LogLine::read(" \n", WRITTEN).is_none(), "an empty line");
    let record = read(&format!("2025-11-26T00:00:00.000Z\t{ID}\tINFO\t{{\"message\":\"sold\",\"level\":\"DEBUG\"}}"));
    assert_eq!((body(&record), record.severity_number), ("sold", 5), "JSON behind a prefix");
    assert_eq!(text(&record, "faas.invocation_id"), Some(ID));
}

#[test]
fn the_words_of_a_prefix_are_in_the_fields_and_can_be_cut_off_the_body() {
    let start = format!("START RequestId: {ID} Version: $LATEST");
    for (line, severity, request_id, seconds, rest, why) in [
        (format!("2025-11-26T00:00:01.000Z\t{ID}\tERROR\ta\tb"), 17, Some(ID), 1, "a\tb", "the runtime for Node"),
        (format!("[INFO]\t2025-11-26T00:00:02.000Z\t{ID}\ta"), 9, Some(ID), 2, "a", "the runtime for Python"),
        ("WARN\té".to_owned(), 13, None, 0, "é", "a level"),
        ("2025-11-26T00:00:03.000Z\t7".to_owned(), 0, None, 3, "2025-11-26T00:00:03.000Z\t7", "a row of a table"),
        (start.clone(), 9, Some(ID), 0, &start, "a line of Lambda"),
        ("a\tb".to_owned(), 0, None, 0, "a\tb", "any line"),
        (format!("INFO\t{{\"message\":\"a\\tb\",\"awsRequestId\":\"{ID}\"}}"), 9, Some(ID), 0, "a\tb", "JSON"),
        (r#"{"a":1}"#.to_owned(), 0, None, 0, r#"{"a":1}"#, "other JSON"),
    ] {
        let line = LogLine::read(&line, WRITTEN).unwrap().without_prefix();
        assert_eq!((body(&line.record), line.record.severity_number), (rest, severity), "{why}");
        assert_eq!(
            (line.request_id.as_deref(), text(&line.record, "faas.invocation_id")),
            (request_id, request_id),
            "{why}"
        );
        assert_eq!(line.record.time_unix_nano, WRITTEN + seconds * 1_000_000_000, "{why}");
    }
}

#[test]
fn a_function_is_a_service_unless_the_line_names_one() {
    for (line, service, why) in [
        (r#"{"level":"INFO","message":"a","service":"orders","function_name":"f"}"#, Some("orders"), "a service"),
        (r#"{"level":"INFO","message":"a","function_name":"f"}"#, Some("f"), "a function"),
        (r#"{"type":"platform.initStart","record":{"functionName":"f"}}"#, Some("f"), "an event of Lambda"),
        (r#"{"service":"orders"}"#, None, "an object that is no log line"),
        ("a", None, "text"),
    ] {
        let line = LogLine::read(line, WRITTEN).unwrap();
        assert_eq!(line.service.as_deref(), service, "{why}");
        assert_eq!(text(&line.record, "service"), None, "{why}");
    }
}

#[test]
fn no_key_stands_twice() {
    let line = format!(
        r#"{{"level":"INFO","message":"a","requestId":"r-1","faas.invocation_id":"r-2","trace_id":"{TRACE}"}}"#
    );
    let keys: Vec<_> = read(&line).attributes.into_iter().map(|attribute| attribute.key).collect();
    assert_eq!(keys, ["faas.invocation_id"]);
}

#[test]
fn an_event_of_lambda_has_its_name_and_its_invocation() {
    let line = r#"{"time":"2025-11-26T00:00:01Z","type":"platform.start","record":{"requestId":"r-1"}}"#;
    let record = read(line);
    assert_eq!((body(&record), record.event_name.as_str()), (line, "aws.lambda.platform.start"));
    assert_eq!((text(&record, "faas.invocation_id"), record.severity_number), (Some("r-1"), 9));
    assert_eq!(record.time_unix_nano, WRITTEN + 1_000_000_000);
}

#[test]
fn what_cannot_be_read_stays_an_attribute() {
    let record = read(
        r#"{"level":"INFO","message":{"order":1},"timestamp":"soon","trace_id":"00","span_id":"b7ad6b7169203331","service":7}"#,
    );
    assert_eq!((record.time_unix_nano, record.trace_id.len(), record.span_id.len()), (WRITTEN, 0, 0));
    assert_eq!((text(&record, "timestamp"), text(&record, "trace_id")), (Some("soon"), Some("00")));
    assert!(matches!(record.body.unwrap().value, Some(Value::KvlistValue(_))), "a structured message");
    assert!(record.attributes.iter().any(|attribute| attribute.key == "service"));
}

#[test]
fn the_size_of_a_number_tells_the_unit_of_a_time() {
    for (time, nanos, why) in [
        ("1764115203", Some(1_764_115_203_000_000_000), "seconds"),
        ("1764115203.5", Some(1_764_115_203_500_000_000), "parts of a second, as of Python"),
        ("1764115203500", Some(1_764_115_203_500_000_000), "milliseconds, as of Node"),
        ("1764115203500000", Some(1_764_115_203_500_000_000), "microseconds, as of Java"),
        ("1764115203500000000", Some(1_764_115_203_500_000_000), "nanoseconds, as of Go"),
        ("99999999999", None, "the year 5138 in seconds, and in no other unit"),
        ("100000000000", Some(100_000_000_000_000_000), "the first milliseconds"),
        ("100000000000000", Some(100_000_000_000_000_000), "the first microseconds"),
        ("100000000000000000", Some(100_000_000_000_000_000), "the first nanoseconds"),
        ("18446744073709551615", None, "more than the nanoseconds of a time"),
        ("1e300", None, "a huge number"),
        ("0", None, "not set"),
        ("-1764115203", None, "a negative number"),
    ] {
        let record = read(&format!(r#"{{"level":"INFO","message":"hello","timestamp":{time}}}"#));
        assert_eq!(record.time_unix_nano, nanos.unwrap_or(WRITTEN), "{why}");
        let is_kept = record.attributes.iter().any(|attribute| attribute.key == "timestamp");
        assert_eq!(is_kept, nanos.is_none(), "{why}");
    }
}
