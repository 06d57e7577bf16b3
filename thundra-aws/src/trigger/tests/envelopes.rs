//! Events around other events, and events distinguished by the form alone.

use bytes::Bytes;
use serde_json::{Value as Json, json};
use thundra_core::propagation::{ParentSource, Trust};

use super::{TRACEPARENT, attributes, config, detected, fixtures, recognised};
use crate::payload;

#[test]
fn the_attributes_of_our_events_say_what_they_are() {
    let events = fixtures::events();
    let arn = "arn:aws:states:eu-west-1:123456789012";
    for (event, expected) in [
        (
            "cloud-event",
            "faas.trigger=pubsub\ncloudevents.event_id=A234-1234-1234\ncloudevents.event_source=/mycontext\n\
             cloudevents.event_spec_version=1.0\ncloudevents.event_subject=123\n\
             cloudevents.event_type=com.example.someevent\n",
        ),
        ("cloud-events", "faas.trigger=pubsub\nmessaging.batch.message_count=2\n"),
        (
            "destination",
            "faas.trigger=other\naws.lambda.destination.condition=RetriesExhausted\n\
             aws.lambda.destination.function_arn=arn:aws:lambda:eu-west-1:123456789012:function:my-function:$LATEST\n\
             aws.lambda.destination.request_id=e4b46cbf-b738-xmpl-8880-a18cdf61200e\n",
        ),
        (
            "event-bus",
            "faas.trigger=pubsub\nmessaging.system=aws_eventbridge\nmessaging.operation.name=process\n\
             messaging.operation.type=process\nmessaging.batch.message_count=3\n",
        ),
        ("s3-test", "faas.trigger=datasource\naws.s3.bucket=amzn-s3-demo-bucket\n"),
        (
            "s3-object-lambda-event-get-object-iam",
            "faas.trigger=datasource\n\
             aws.s3.bucket=arn:aws:s3-object-lambda:us-east-1:111122223333:accesspoint/example-object-lambda-ap\n\
             aws.s3.key=example\nfaas.document.name=example\n",
        ),
        (
            "step-functions-context",
            &format!(
                "faas.trigger=other\naws.step_functions.execution.arn={arn}:execution:stateMachineName:executionName\n\
                 aws.step_functions.state_machine.arn={arn}:stateMachine:stateMachineName\n\
                 aws.step_functions.state.name=Test\naws.step_functions.state.retry_count=3\n"
            ),
        ),
        ("step-functions-token", "faas.trigger=other\n"),
    ] {
        assert_eq!(attributes(&recognised(&events[event], &config(&[]))), expected, "{event}");
    }
    let contains = |event: &str, line: &str| attributes(&recognised(&events[event], &config(&[]))).contains(line);
    assert!(contains("sqs-sns-s3", "aws.s3.key=b21b84d653bb07b05b1e6b33684dc11b\n"));
    assert!(contains("pipe-kinesis", "thundra.trigger.pipe=true\n"));
    assert!(contains("event-bridge-replay", "aws.eventbridge.replay_name=monday\n"));
    assert!(contains("sqs-dead-letter-of-event-bridge", "thundra.dead_letter.error=NO_PERMISSIONS\n"));
    let bus = recognised(&events["event-bus"], &config(&[]));
    assert_eq!(bus.messages.iter().map(|message| message.is_replay).collect::<Vec<_>>(), [false, true, false]);
}

#[test]
fn contexts_beside_the_members_of_an_envelope_are_cut_out() {
    let context = r#""__context__":{"x-correlation-id":"c-1"},"#;
    for (event, source) in [
        (r#"{%"specversion":"1.0","type":"t","source":"s","data":{}}"#, "cloud_events"),
        (r#"{%"requestContext":{"condition":"Success"},"requestPayload":{}}"#, "destination"),
        (r#"{%"Execution":{"Id":"arn:aws:states:eu-west-1:1:execution:a:b"},"State":{}}"#, "step_functions"),
        (r#"{%"TaskToken":"AAAAKgAAAAIAAAAAAAAAAXJlYWxseSBsb25n"}"#, "step_functions"),
        (
            r#"{"SystemMetadata":{"aws:DeliveryType":"LIVE"},"Data":{"source":"s","detail-type":"t","detail":{%"a":1}}}"#,
            "event_bus",
        ),
        (r#" [ {%"a":1.0} , {"b":[]}, 7, {"c":2,%"d":3} ] "#, "direct_list"),
        (r#"[{"Data":{%"a":1.0},"SystemMetadata":{"aws:DeliveryType":"LIVE"}}]"#, "event_bus"),
    ] {
        let trigger = recognised(event.replace('%', context).as_bytes(), &config(&[]));
        assert_eq!(trigger.source.name, source, "{event}");
        assert_eq!(trigger.messages[0].inbound.correlation.get("id"), Some("c-1"), "{event}");
        let rest = payload::strip_all(Bytes::from(event.replace('%', context)), &trigger.context_ranges);
        assert_eq!(rest, event.replace('%', ""), "{source}");
    }
}

#[test]
fn tasks_of_step_functions_are_told_by_their_input() {
    let execution = json!({"Id": "arn:aws:states:eu-west-1:1:express:m:e:1", "Input": {"__context__": {"x-correlation-id": "c-1"}}});
    for (event, source, id, why) in [
        (
            json!({"a": 1, "context": {"Execution": execution, "State": {"Name": "s"}}}),
            "step_functions",
            Some("c-1"),
            "as a member",
        ),
        (json!({"Payload": {"Execution": execution}}), "step_functions", Some("c-1"), "in a result"),
        (
            json!({"_datadog": {"Execution": execution, "serverless-version": "v1"}}),
            "step_functions",
            Some("c-1"),
            "Datadog's",
        ),
        (
            json!({"Execution": {"Id": "arn:aws:states:eu-west-1:1:execution:m:e"}}),
            "step_functions",
            None,
            "without input",
        ),
        (json!({"task_token": "a".repeat(64)}), "step_functions", None, "a token"),
        (json!({"token": "a".repeat(64)}), "other", None, "a token of the user's"),
        (json!({"taskToken": "short"}), "other", None, "a short one"),
        (json!({"Execution": {"Id": "7"}, "StateMachine": {"Id": ":states:"}}), "other", None, "the user's own words"),
    ] {
        let trigger = detected(&event);
        let read = trigger.messages.first().and_then(|message| message.inbound.correlation.get("id"));
        assert_eq!((trigger.source.name, read), (source, id), "{why}");
        assert!(!attributes(&trigger).contains("aaaa"), "the token is a secret");
    }
}

#[cfg(feature = "span-pointers")]
#[test]
fn tasks_of_step_functions_are_below_the_state_of_datadogs_trace() {
    let execution = json!({"Id": "arn:aws:states:eu-west-1:1:express:m:e:1"});
    let state = json!({"Name": "s", "EnteredTime": "2026-11-26T12:00:00Z"});
    let context = json!({"Execution": execution, "State": state, "serverless-version": "v1"});
    let mut of_function = context.clone();
    (of_function["x-datadog-trace-id"], of_function["x-datadog-parent-id"]) = (json!("7"), json!("8"));
    of_function["x-datadog-tags"] = json!("_dd.p.tid=640cfd8d00000000");
    let mut with_ours = json!({"_datadog": context});
    with_ours["__context__"] = json!({"traceparent": TRACEPARENT});
    let parents: Vec<_> = [
        json!({"_datadog": context, "order": 7}),
        json!({"_datadog": of_function}),
        json!({"Execution": execution, "State": state}),
        with_ours,
    ]
    .iter()
    .map(|event| {
        let trigger = detected(event);
        assert_eq!(trigger.source.name, "step_functions");
        trigger.messages.first().and_then(|message| message.inbound.parent.as_ref().map(ToString::to_string))
    })
    .collect();
    let [Some(computed), Some(of_function), None, Some(ours)] = parents.as_slice() else { panic!("{parents:?}") };
    assert!(computed.ends_with("-01"), "{computed}");
    assert!(
        of_function.starts_with("00-640cfd8d000000000000000000000007-"),
        "the trace of the function: {of_function}"
    );
    assert_eq!(of_function.get(36..52), computed.get(36..52), "and the span of the state");
    assert_eq!(ours, TRACEPARENT, "ours first");
}

#[test]
fn the_headers_of_a_request_in_an_unknown_form_switch_nothing_on() {
    let headers = json!({"traceparent": TRACEPARENT, "debug-log-enabled": "true", "x-correlation-id": "c-1"});
    let own = json!({"traceparent": TRACEPARENT, "debug-log-enabled": "true"});
    for (event, trust, why) in [
        (json!({"headers": headers, "order": 7}), Trust::Full, "OpenTelemetry for Python"),
        (json!({"headers": headers, "body": {}, "method": "GET"}), Trust::Edge, "a template of a gateway"),
        (json!({"headers": headers, "query": {}}), Trust::Edge, "another template"),
        (json!({"headers": headers, "queryStringParameters": {}}), Trust::Edge, "a part of a request"),
        (json!({"headers": headers, "pathParameters": {"id": "7"}}), Trust::Edge, "another part"),
        (json!({"__context__": own, "headers": {}, "body": {}}), Trust::Full, "a program's call"),
    ] {
        let trigger = detected(&event);
        assert_eq!((trigger.source.name, trigger.trust), ("direct", trust), "{why}");
        let inbound = &trigger.messages[0].inbound;
        assert_eq!(inbound.source, ParentSource::TraceParent, "{why}");
        assert_eq!(inbound.correlation.debug_log_enabled(), trust == Trust::Full, "{why}");
    }
}

#[test]
fn an_access_to_an_object_is_trusted_by_its_caller() {
    let access = |identity: Json| {
        json!({"getObjectContext": {}, "userIdentity": identity, "userRequest": {"url": "https://p.s3-object-lambda.eu-west-1.amazonaws.com/a%20b/c+d?X-Amz-Signature=s3cret",
            "headers": {"traceparent": TRACEPARENT, "x-datadog-trace-id": "7"}}})
    };
    for (identity, trust, why) in [
        (json!({"arn": "arn:aws:iam::1:user/a"}), Trust::Full, "a user"),
        (json!({"arn": "arn:aws:sts::1:assumed-role/a/CognitoIdentityCredentials"}), Trust::Edge, "a Cognito identity"),
        (json!({"type": "Anonymous"}), Trust::Edge, "nobody"),
    ] {
        let trigger = detected(&access(identity));
        assert_eq!((trigger.source.name, trigger.trust), ("s3_object_lambda", trust), "{why}");
        assert_eq!(trigger.messages[0].inbound.source, ParentSource::TraceParent, "{why}");
        assert_eq!(attributes(&trigger), "faas.trigger=datasource\naws.s3.key=a b/c+d\nfaas.document.name=a b/c+d\n");
    }
}

#[test]
fn the_payloads_of_programs_are_told_from_events_of_aws() {
    let arn = "arn:aws:sns:eu-west-1:1:t";
    for (mut event, why) in [
        (json!({"job": {"id": 7}, "tasks": [{"title": "pack"}, {"title": "send"}]}), "a job with tasks"),
        (json!({"job": {"id": "j"}, "tasks": []}), "a job without tasks"),
        (json!({"Type": "unsubscribe", "TopicArn": arn}), "about a topic"),
        (json!({"applicationArn": {"name": "a"}, "records": []}), "about an application"),
        (json!({"userRequest": "a", "getObjectContext": {}}), "about a user"),
        (json!({"state": "open", "metadata": {}, "version": 3, "timestamp": 1}), "about a state"),
        (json!({"Records": [{"a": 1}]}), "records of its own"),
    ] {
        event["__context__"] = json!({"x-correlation-id": "c-1", "debug-log-enabled": "true"});
        let trigger = detected(&event);
        assert_eq!((trigger.source.name, trigger.trust), ("direct", Trust::Full), "{why}");
        assert_eq!(trigger.messages[0].inbound.correlation.get("id"), Some("c-1"), "{why}");
        assert_eq!(trigger.context_ranges.len(), 1, "{why}");
    }
}

#[test]
fn the_headers_of_a_request_in_a_message_switch_nothing_on() {
    let headers = json!({"traceparent": TRACEPARENT, "debug-log-enabled": "true", "x-correlation-id": "c-1"});
    let request = json!({"headers": headers, "body": "{}", "method": "GET"});
    let call = json!({"headers": headers, "order": 7});
    let destination = |payload: &Json| json!({"requestContext": {"condition": "Success"}, "requestPayload": payload});
    let sqs = |body: &Json| json!({"Records": [super::sqs(json!({}), None, json!(body.to_string()))]});
    let bridge = |detail: &Json| json!({"source": "s", "detail-type": "t", "detail": detail});
    let ids = json!({"headers": {"x-correlation-id": "c-1", "about": "traceparent"}, "method": "GET"});
    let queued = detected(&json!({"Records": [super::sqs(json!({}), Some(super::XRAY), json!(ids.to_string()))]}));
    let inbound = &queued.messages[0].inbound;
    assert_eq!((inbound.source, inbound.untrusted), (ParentSource::XRay, false), "the header beside is of the service");
    assert_eq!(inbound.correlation.get("id"), Some("c-1"));
    for (event, obeyed, why) in [
        (destination(&request), false, "a request that a function got without waiting"),
        (destination(&call), true, "a call"),
        (sqs(&request), false, "a request in a queue"),
        (sqs(&call), true, "a call in a queue"),
        (bridge(&request), false, "a request on a bus"),
    ] {
        let inbound = detected(&event).messages.remove(0).inbound;
        assert_eq!((inbound.source, inbound.untrusted), (ParentSource::TraceParent, !obeyed), "{why}");
        assert_eq!(inbound.correlation.get("id"), Some("c-1"), "{why}");
        assert_eq!(inbound.correlation.debug_log_enabled(), obeyed, "{why}");
        let all = recognised(event.to_string().as_bytes(), &config(&[("THUNDRA_TRUST", "all")]));
        assert!(all.messages[0].inbound.correlation.debug_log_enabled(), "{why}");
    }
}
