//! Durable executions: envelopes around events of other sources.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use thundra_core::propagation::{ParentSource, Trust};

use super::{TRACEPARENT, attributes, config, detected, recognised, sqs, v2};
use crate::payload;
use crate::trigger::detect;

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:orders:1/durable-execution/order-7/9f7d84c9-ea3d";

/// The operation of an execution with the given input.
fn execution(input: &str) -> Json {
    json!({"Id": "9f7d84c9-ea3d", "Type": "EXECUTION", "Status": "STARTED", "StartTimestamp": 1_700_000_000,
        "ExecutionDetails": {"InputPayload": input}})
}

fn envelope(operations: &[Json]) -> Json {
    json!({"DurableExecutionArn": ARN, "CheckpointToken": "t0", "InitialExecutionState": {"Operations": operations, "NextMarker": ""}})
}

fn step() -> Json {
    json!({"Id": "s-1", "Type": "STEP", "Status": "SUCCEEDED", "StepDetails": {"Result": "1"}})
}

#[test]
fn an_execution_is_read_as_its_input() {
    let placed = json!({"detail-type": "placed", "source": "shop", "detail": {"a": 1}});
    let record = json!({"Records": [sqs(json!({"traceparent": {"stringValue": TRACEPARENT, "dataType": "String"}}), None, json!("hi"))]});
    for (input, faas, parent, trust, name, expected, why) in [
        (json!({"order": 7}), "other", ParentSource::None, Trust::Full, None, "", "a call"),
        (
            json!({"order": 7, "__context__": {"traceparent": TRACEPARENT}}),
            "other",
            ParentSource::TraceParent,
            Trust::Full,
            None,
            "",
            "a call with a context",
        ),
        (record, "pubsub", ParentSource::TraceParent, Trust::Full, None, "messaging.system=aws_sqs\n", "SQS"),
        (placed, "pubsub", ParentSource::None, Trust::Full, None, "messaging.system=aws_eventbridge\n", "EventBridge"),
        (
            v2("a.execute-api.eu-west-1.amazonaws.com", "GET /pets/{id}", json!(null)),
            "http",
            ParentSource::TraceParent,
            Trust::Edge,
            Some("GET /pets/{id}"),
            "http.route=/pets/{id}\n",
            "an HTTP API",
        ),
        (
            envelope(&[execution("{}")]),
            "other",
            ParentSource::None,
            Trust::Full,
            None,
            "",
            "an envelope is not opened twice",
        ),
    ] {
        let trigger = detected(&envelope(&[execution(&input.to_string())]));
        assert_eq!(
            (trigger.source.name, trigger.faas_trigger.as_str(), trigger.trust),
            ("durable", faas, trust),
            "{why}"
        );
        let source = trigger.messages.first().map_or(ParentSource::None, |message| message.inbound.source);
        assert_eq!((source, trigger.span_name.as_deref()), (parent, name), "{why}");
        let attributes = attributes(&trigger);
        assert!(
            attributes.contains(expected) && attributes.contains(&format!("faas.trigger={faas}\n")),
            "{why}: {attributes}"
        );
        let own =
            format!("durable.execution.arn={ARN}\ndurable.execution.name=order-7\ndurable.invocation.first=true\n");
        assert!(attributes.ends_with(&own), "{why}: {attributes}");
        let id = if faas == "http" { "r-1" } else { "9f7d84c9-ea3d" };
        assert_eq!(trigger.default_correlation_id.as_deref(), Some(id), "{why}");
        let inside = detect(input.to_string().as_bytes(), &config(&[]), Trust::Edge);
        assert_eq!(inside.execution.is_some(), why.contains("twice"), "{why}");
    }
}

#[test]
fn an_untrusted_caller_of_the_function_is_the_caller_of_the_execution() {
    let event = envelope(&[execution(r#"{"order":7}"#)]).to_string();
    assert_eq!(detect(event.as_bytes(), &config(&[]), Trust::Edge).trust, Trust::Edge);
}

#[test]
fn all_invocations_of_an_execution_agree() {
    let of = |event: Json| {
        let trigger = detected(&event);
        let first = trigger.attributes.iter().find(|(key, _)| *key == "durable.invocation.first").unwrap().1.clone();
        let execution = trigger.execution.as_ref().unwrap();
        (first, execution.trace_id, trigger.default_correlation_id)
    };
    let (first, trace, id) = of(envelope(&[execution("{}")]));
    assert_eq!(first, true.into());
    let mut paged = envelope(&[execution("{}")]);
    paged["InitialExecutionState"]["NextMarker"] = json!("m-1");
    for (event, why) in [(envelope(&[execution("{}"), step()]), "resumed"), (paged, "with more pages")] {
        assert_eq!(of(event), (false.into(), trace, id.clone()), "{why}");
    }
    let mut another = envelope(&[execution("{}")]);
    another["DurableExecutionArn"] = json!(ARN.replace("9f7d", "9f7e"));
    assert_ne!(of(another).1, trace, "another execution");
    assert_eq!(trace.to_string(), "13a12e1118cfc0e362a9d9988e3c7b4e", "the function never changes");
}

#[test]
fn trace_ids_of_executions_are_evenly_distributed() {
    let sampler = thundra_core::Sampler::ratio(0.25);
    let trace = |number: u32| {
        let mut event = envelope(&[execution("{}")]);
        event["DurableExecutionArn"] = json!(format!("{ARN}{number}"));
        detected(&event).execution.unwrap().trace_id
    };
    let sampled = (0..2_000).filter(|number| sampler.sample(None, trace(*number))).count();
    assert!((400..600).contains(&sampled), "{sampled}");
}

#[test]
fn the_context_is_cut_out_of_the_string_and_nothing_else_changes() {
    let context = json!({"x-correlation-id": "c-1"});
    for (input, left, why) in [
        (format!(r#"{{"__context__":{context},"a":"é\n😀"}}"#), r#"{"a":"é\n😀"}"#.to_owned(), "first"),
        (
            format!("{{\n \"a\":\"\\u00e9\\\"\",\t\"__context__\":{context}}}"),
            "{\n \"a\":\"\\u00e9\\\"\"}".to_owned(),
            "last",
        ),
        (
            format!(r#"{{"detail-type":"t","source":"s","detail":{{"__context__":{context},"b":1}}}}"#),
            r#"{"detail-type":"t","source":"s","detail":{"b":1}}"#.to_owned(),
            "in the detail of an event",
        ),
        (r#"{"a":1}"#.to_owned(), r#"{"a":1}"#.to_owned(), "none"),
    ] {
        // Each way to write the string: as serde_json does, and with other escapes.
        for write in
            [|text: &str| json!(text).to_string(), |text: &str| json!(text).to_string().replace('é', "\\u00e9")]
        {
            let place = json!("PLACE").to_string();
            let event =
                |input: &str| envelope(&[execution("PLACE"), step()]).to_string().replace(&place, &write(input));
            let (before, expected) = (event(&input), event(&left));
            let trigger = recognised(before.as_bytes(), &config(&[]));
            let after = payload::strip_all(before.into(), &trigger.context_ranges);
            assert_eq!(std::str::from_utf8(&after).unwrap(), expected, "{why}");
            let id = trigger.messages.first().and_then(|message| message.inbound.correlation.get("id"));
            assert_eq!(id, (input != left).then_some("c-1"), "{why}");
        }
    }
}

#[test]
fn a_long_wait_does_not_make_a_message_old() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let event = |sent: Duration, started: Duration, is_first: bool| {
        let mut record = sqs(json!({}), None, json!("hi"));
        record["attributes"]["SentTimestamp"] = json!(sent.as_millis().to_string());
        let mut execution = execution(&json!({"Records": [record]}).to_string());
        execution["StartTimestamp"] = json!(started.as_secs_f64());
        envelope(&if is_first { vec![execution] } else { vec![execution, step()] })
    };
    let ago = |seconds| now - Duration::from_secs(seconds);
    for (sent, started, is_first, is_old, has_time, why) in [
        (ago(20), ago(10), true, false, true, "first"),
        (ago(20), ago(10), false, false, false, "resumed"),
        (ago(9_010), ago(9_000), false, false, false, "resumed after hours"),
        (ago(9_010), ago(9_000), true, false, false, "tried again after hours"),
        (ago(9_000), ago(10), true, true, true, "from a dead-letter queue"),
        (ago(99_000), ago(9_000), false, true, false, "from a dead-letter queue, and resumed"),
    ] {
        let trigger = detected(&event(sent, started, is_first));
        let [message] = trigger.messages.as_slice() else { panic!("{why}") };
        assert_eq!((message.is_old(), message.sent_at.is_some()), (is_old, has_time), "{why}");
    }
}

#[test]
fn the_start_is_read_in_every_form() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (started, why) in [
        (json!(now), "seconds"),
        (json!(now as f64 + 0.5), "with a fraction"),
        (json!(now * 1000), "milliseconds"),
        (json!((now * 1000).to_string()), "a number as text"),
        (json!("2199-01-01T00:00:00.5Z"), "a date"),
    ] {
        let mut record = sqs(json!({}), None, json!("hi"));
        record["attributes"]["SentTimestamp"] = json!(((now - 9_000) * 1000).to_string());
        let mut execution = execution(&json!({"Records": [record]}).to_string());
        execution["StartTimestamp"] = started;
        let trigger = detected(&envelope(&[execution, step()]));
        assert!(trigger.messages[0].is_old(), "{why}");
    }
}

#[test]
fn oddities_of_an_envelope_are_no_error() {
    let with = |key: &str, value: Json| {
        let mut event = envelope(&[execution("{}")]);
        event[key] = value;
        event
    };
    for (event, name, why) in [
        (with("InitialExecutionState", json!({})), "durable", "no operations"),
        (with("InitialExecutionState", json!({"Operations": []})), "durable", "an empty list"),
        (with("InitialExecutionState", json!({"Operations": null, "NextMarker": "m-1"})), "durable", "another page"),
        (with("InitialExecutionState", json!([7])), "durable", "no object"),
        (with("InitialExecutionState", json!({"Operations": [7, "x"]})), "durable", "no operation"),
        (
            envelope(&[json!({"Type": "EXECUTION", "ExecutionDetails": {"InputPayload": {"a": 1}}})]),
            "durable",
            "no string",
        ),
        (envelope(&[execution("no JSON")]), "durable", "no JSON"),
        (envelope(&[execution("")]), "durable", "no text"),
        (envelope(&[json!({"Id": "x"})]), "durable", "no input"),
        (with("DurableExecutionArn", json!("no arn")), "durable", "no ARN"),
        (with("DurableExecutionArn", json!(7)), "other", "a number for an ARN"),
        (with("CheckpointToken", json!(null)), "other", "no token"),
        (with("InitialExecutionState", json!(null)), "other", "no state"),
    ] {
        let trigger = detected(&event);
        assert_eq!((trigger.source.name, trigger.execution.is_some()), (name, name == "durable"), "{why}");
        assert_eq!((trigger.faas_trigger.as_str(), trigger.trust), ("other", Trust::Full), "{why}");
    }
}

proptest! {
    #[test]
    fn any_input_is_read_without_panic_and_keeps_its_text(input in "(\\{\"__context__\":\\{\\},)?\"?[{}\\[\\]\":,\\\\a😀]*|\\PC*") {
        let event = envelope(&[execution(&input)]).to_string();
        let trigger = recognised(event.as_bytes(), &config(&[]));
        if let [range] = trigger.context_ranges.as_slice() {
            let stripped: Json = serde_json::from_slice(&payload::strip(event.as_bytes(), range)).unwrap();
            let left = stripped["InitialExecutionState"]["Operations"][0]["ExecutionDetails"]["InputPayload"].as_str().unwrap().to_owned();
            let member = payload::find(input.as_bytes()).unwrap();
            assert_eq!(left.as_bytes(), payload::strip(input.as_bytes(), &member.range));
        }
    }
}
