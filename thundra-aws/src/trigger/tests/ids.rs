//! The rules of correlation ids, for each source: an absent id gets the default, a received id stays, the count of the
//! chain of calls goes on, and an untrusted caller decides neither on debug logs nor on the length of the chain.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lambda_runtime::Context;
use serde_json::{Map, Value as Json, json};
use thundra_core::Config;
use thundra_core::propagation::{CorrelationIds, PAYLOAD_CONTEXT, Trust};

use super::{SOURCES, config, detected, v1, v2};
use crate::lifecycle::invocation;

/// The id of the Lambda request.
const REQUEST: &str = "request-7";

/// A context to send: text pairs.
type Pairs<'a> = &'a [(&'a str, &'a str)];

/// The carriers of contexts in an event of a source.
enum Carrier {
    /// One context.
    One(fn(Pairs<'_>) -> Json),
    /// A context in each record.
    Records(fn(Pairs<'_>) -> Json, fn(Vec<Json>) -> Json),
    /// One context, as a member added by a program to the given event before forwarding.
    Added(&'static str),
    /// No context, for the given reason.
    None(&'static str),
}

use Carrier::{Added, None as Nothing, One, Records};
use Trust::{Edge, Full};

/// Each source, with the carrier, and with the trust in the senders.
const CARRIERS: &[(&str, Carrier, Trust)] = &[
    ("sns", Records(notification, records), Full),
    ("sqs", Records(message, records), Full),
    ("kinesis", Records(data_record, records), Full),
    ("dynamodb", Records(change, records), Full),
    ("s3", Nothing("the metadata of an object is not in its event"), Full),
    ("cloudfront", One(cloudfront), Edge),
    ("destination", One(ended), Full),
    ("authorizer", One(authorizer), Edge),
    ("appsync_authorizer", One(appsync_authorizer), Edge),
    ("iot_authorizer", One(iot_authorizer), Edge),
    ("load_balancer", One(load_balancer), Edge),
    ("web_socket", One(web_socket), Edge),
    ("function_url", One(function_url), Edge),
    ("http_api", One(http_api), Edge),
    ("rest_api", One(rest_api), Edge),
    ("rest_api_template", One(template), Edge),
    ("lattice", One(lattice), Edge),
    ("appsync", One(resolver), Edge),
    ("appsync_events", One(channel), Edge),
    ("durable", One(execution), Full),
    ("warmup", Nothing("a ping has no sender"), Full),
    ("schedule", Nothing("a schedule has no sender"), Full),
    ("event_bridge", One(detail), Full),
    ("event_bus", Records(delivery, list), Full),
    ("cloud_events", Records(cloud_event, list), Full),
    (
        "kinesis_window",
        Added(r#"{"Records":[],"eventSourceARN":"arn:aws:kinesis:r:1:stream/s","isFinalInvokeForWindow":true}"#),
        Full,
    ),
    (
        "dynamodb_window",
        Added(
            r#"{"Records":[],"eventSourceARN":"arn:aws:dynamodb:r:1:table/t/stream/1","isFinalInvokeForWindow":true}"#,
        ),
        Full,
    ),
    ("sns_notification", Records(lone_notification, list), Full),
    ("firehose", Records(transformed, stream), Full),
    ("kinesis_analytics", Records(transformed, application), Full),
    ("s3_batch", One(job), Full),
    ("s3_object_lambda", One(access), Full),
    ("s3_test", Nothing("a test of notifications has no sender"), Full),
    ("kafka", Records(kafka_record, topic), Full),
    ("mq", Records(broker_message, queue), Full),
    ("documentdb", Records(document, change_stream), Full),
    ("alexa", Added(r#"{"request":{"type":"LaunchRequest"},"context":{"System":{}}}"#), Edge),
    ("auto_scaling", Added(r#"{"AutoScalingGroupARN":"a","CapacityToTerminate":[]}"#), Full),
    ("bedrock", Added(r#"{"messageVersion":"1.0","agent":{"id":"a"}}"#), Edge),
    ("client_vpn", Added(r#"{"connection-id":"c","endpoint-id":"e"}"#), Edge),
    ("cloudformation", Added(r#"{"RequestType":"Create","StackId":"s","LogicalResourceId":"r"}"#), Full),
    ("cloudwatch_alarm", Added(r#"{"source":"aws.cloudwatch","alarmData":{"alarmName":"a"}}"#), Full),
    ("cloudwatch_logs", Added(r#"{"awslogs":{"data":"H4sI"}}"#), Full),
    ("codecommit", Added(r#"{"Records":[{"eventSource":"aws:codecommit","codecommit":{}}]}"#), Full),
    ("codedeploy", Added(r#"{"DeploymentId":"d","LifecycleEventHookExecutionId":"e"}"#), Full),
    ("codepipeline", Added(r#"{"CodePipeline.job":{"id":"j"}}"#), Full),
    ("cognito", Added(r#"{"triggerSource":"PreSignUp_SignUp","userPoolId":"p"}"#), Edge),
    ("config", Added(r#"{"configRuleName":"r","invokingEvent":"{}"}"#), Full),
    ("connect", Added(r#"{"Name":"ContactFlowEvent","Details":{"ContactData":{}}}"#), Edge),
    ("lex", Added(r#"{"invocationSource":"DialogCodeHook","bot":{"name":"b"}}"#), Edge),
    ("secrets_manager", Added(r#"{"Step":"createSecret","SecretId":"s","ClientRequestToken":"t"}"#), Full),
    ("ses", Added(r#"{"Records":[{"eventSource":"aws:ses","ses":{}}]}"#), Edge),
    ("iot", Added(r#"{"topic":"devices/7","clientid":"7"}"#), Edge),
    ("step_functions", One(task), Full),
    ("direct", One(context), Full),
    ("direct_list", Records(context, list), Full),
];

/// The sources with a request id, `r-1`, as the id of a new chain of calls.
const REQUEST_IDS: [&str; 7] =
    ["appsync_authorizer", "authorizer", "cloudfront", "durable", "http_api", "rest_api", "rest_api_template"];

fn notification(pairs: Pairs<'_>) -> Json {
    let attributes = typed(pairs, "Type", "Value");
    let sns = json!({ "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "m", "MessageAttributes": attributes });
    json!({ "EventSource": "aws:sns", "Sns": sns })
}

fn message(pairs: Pairs<'_>) -> Json {
    let attributes = typed(pairs, "dataType", "stringValue");
    json!({ "eventSource": "aws:sqs", "messageId": "m", "body": "b", "messageAttributes": attributes })
}

fn data_record(pairs: Pairs<'_>) -> Json {
    json!({ "eventSource": "aws:kinesis", "kinesis": { "data": base64_of(&context(pairs)) } })
}

fn change(pairs: Pairs<'_>) -> Json {
    let texts = pairs.iter().map(|(key, value)| ((*key).to_owned(), json!({ "S": value }))).collect::<Map<_, _>>();
    let item = json!({ "__context__": { "M": texts }, "a": { "N": "1" } });
    json!({ "eventSource": "aws:dynamodb", "dynamodb": { "NewImage": item } })
}

fn records(records: Vec<Json>) -> Json {
    json!({ "Records": records })
}

fn list(events: Vec<Json>) -> Json {
    events.into()
}

fn lone_notification(pairs: Pairs<'_>) -> Json {
    json!({ "Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "m",
            "MessageAttributes": typed(pairs, "Type", "Value") })
}

fn delivery(pairs: Pairs<'_>) -> Json {
    json!({ "Data": { "a": 1 }, "Metadata": map(pairs), "SystemMetadata": { "aws:DeliveryType": "LIVE" } })
}

fn cloud_event(pairs: Pairs<'_>) -> Json {
    json!({ "specversion": "1.0", "id": "1", "type": "t", "source": "s", "data": context(pairs) })
}

fn ended(pairs: Pairs<'_>) -> Json {
    let invocation = json!({ "condition": "Success", "requestId": "r" });
    json!({ "version": "1.0", "requestContext": invocation, "requestPayload": context(pairs), "responsePayload": {} })
}

fn task(pairs: Pairs<'_>) -> Json {
    let execution = json!({ "Id": "arn:aws:states:eu-west-1:1:execution:m:e", "Input": context(pairs) });
    json!({ "Execution": execution, "State": { "Name": "s" }, "StateMachine": { "Id": "m" } })
}

fn access(pairs: Pairs<'_>) -> Json {
    json!({ "getObjectContext": {}, "userRequest": { "url": "https://a/b", "headers": map(pairs) },
            "userIdentity": { "type": "IAMUser", "arn": "arn:aws:iam::1:user/a" } })
}

fn cloudfront(pairs: Pairs<'_>) -> Json {
    let line = |value: &str| json!([{ "key": "Name", "value": value }]);
    let headers: Map<_, _> = pairs.iter().map(|(key, value)| ((*key).to_owned(), line(value))).collect();
    let request = json!({ "method": "GET", "uri": "/", "headers": headers });
    records(vec![json!({ "cf": { "config": { "requestId": "r-1" }, "request": request } })])
}

fn appsync_authorizer(pairs: Pairs<'_>) -> Json {
    json!({ "authorizationToken": "t", "requestContext": { "apiId": "a", "requestId": "r-1" }, "requestHeaders": map(pairs) })
}

fn iot_authorizer(pairs: Pairs<'_>) -> Json {
    json!({ "token": "t", "protocolData": { "http": { "headers": map(pairs) } }, "connectionMetadata": { "id": "1" } })
}

fn resolver(pairs: Pairs<'_>) -> Json {
    json!({ "arguments": {}, "request": { "headers": map(pairs) },
            "info": { "parentTypeName": "Query", "fieldName": "order" } })
}

fn channel(pairs: Pairs<'_>) -> Json {
    json!({ "request": { "headers": map(pairs) }, "events": null,
            "info": { "channelNamespace": { "name": "orders" }, "operation": "SUBSCRIBE" } })
}

fn authorizer(pairs: Pairs<'_>) -> Json {
    json!({ "type": "REQUEST", "methodArn": "arn:aws:execute-api:eu-west-1:1:a/s/GET/", "httpMethod": "GET", "path": "/",
            "headers": map(pairs), "requestContext": { "requestId": "r-1" } })
}

fn load_balancer(pairs: Pairs<'_>) -> Json {
    json!({ "httpMethod": "GET", "path": "/", "headers": map(pairs), "requestContext": { "elb": {} } })
}

fn web_socket(pairs: Pairs<'_>) -> Json {
    json!({ "headers": map(pairs), "requestContext": { "connectionId": "c", "eventType": "CONNECT", "routeKey": "$connect" } })
}

fn function_url(pairs: Pairs<'_>) -> Json {
    with_headers(v2("x.lambda-url.eu-west-1.on.aws", "$default", Json::Null), pairs)
}

fn http_api(pairs: Pairs<'_>) -> Json {
    with_headers(v2("x.execute-api.eu-west-1.amazonaws.com", "GET /", Json::Null), pairs)
}

fn rest_api(pairs: Pairs<'_>) -> Json {
    with_headers(v1(json!({})), pairs)
}

fn template(pairs: Pairs<'_>) -> Json {
    json!({ "params": { "header": map(pairs) }, "context": { "http-method": "GET", "request-id": "r-1" } })
}

fn lattice(pairs: Pairs<'_>) -> Json {
    let headers: Map<_, _> = pairs.iter().map(|(key, value)| ((*key).to_owned(), json!([value]))).collect();
    json!({ "version": "2.0", "path": "/", "method": "GET", "headers": headers,
            "requestContext": { "serviceNetworkArn": "arn:aws:vpc-lattice:eu-west-1:1:servicenetwork/n" } })
}

fn execution(pairs: Pairs<'_>) -> Json {
    let input = json!({ "Id": "e", "ExecutionDetails": { "InputPayload": context(pairs).to_string() } });
    json!({ "DurableExecutionArn": "arn:aws:lambda:eu-west-1:1:function:f:1/durable-execution/n/r-1",
            "CheckpointToken": "t", "InitialExecutionState": { "Operations": [input] } })
}

fn detail(pairs: Pairs<'_>) -> Json {
    json!({ "source": "s", "detail-type": "t", "detail": context(pairs) })
}

fn job(pairs: Pairs<'_>) -> Json {
    json!({ "job": { "id": "j", "userArguments": map(pairs) }, "tasks": [{ "taskId": "t", "s3Key": "a", "s3Bucket": "b" }] })
}

fn transformed(pairs: Pairs<'_>) -> Json {
    json!({ "recordId": "1", "data": base64_of(&context(pairs)) })
}

fn stream(records: Vec<Json>) -> Json {
    json!({ "deliveryStreamArn": "arn:aws:firehose:eu-west-1:1:deliverystream/d", "records": records })
}

fn application(records: Vec<Json>) -> Json {
    json!({ "applicationArn": "arn:aws:kinesisanalytics:eu-west-1:1:application/a", "records": records })
}

fn kafka_record(pairs: Pairs<'_>) -> Json {
    let headers: Vec<_> = pairs.iter().map(|(key, value)| json!({ (*key): value.as_bytes() })).collect();
    // A pipe delivers records alone, each with the source.
    json!({ "eventSource": "aws:kafka", "topic": "t", "partition": 0, "offset": 1, "headers": headers, "value": "Yg==" })
}

fn topic(records: Vec<Json>) -> Json {
    json!({ "eventSource": "aws:kafka", "records": { "t-0": records } })
}

fn broker_message(pairs: Pairs<'_>) -> Json {
    json!({ "eventSource": "aws:rmq", "basicProperties": { "headers": map(pairs) }, "data": "Yg==" })
}

fn queue(messages: Vec<Json>) -> Json {
    json!({ "eventSource": "aws:rmq", "rmqMessagesByQueue": { "q::/": messages } })
}

fn document(pairs: Pairs<'_>) -> Json {
    json!({ "event": { "operationType": "insert", "fullDocument": context(pairs) } })
}

fn change_stream(changes: Vec<Json>) -> Json {
    json!({ "eventSource": "aws:docdb", "events": changes })
}

/// Returns a payload with the pairs as the `__context__`.
fn context(pairs: Pairs<'_>) -> Json {
    if pairs.is_empty() { json!({ "a": 1 }) } else { json!({ "__context__": map(pairs), "a": 1 }) }
}

fn map(pairs: Pairs<'_>) -> Json {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect::<Map<_, _>>().into()
}

fn typed(pairs: Pairs<'_>, kind: &str, member: &str) -> Json {
    let typed = |value: &str| json!({ kind: "String", member: value });
    pairs.iter().map(|(key, value)| ((*key).to_owned(), typed(value))).collect::<Map<_, _>>().into()
}

fn base64_of(payload: &Json) -> String {
    BASE64_STANDARD.encode(payload.to_string())
}

fn with_headers(mut event: Json, pairs: Pairs<'_>) -> Json {
    event["headers"] = map(pairs);
    event["multiValueHeaders"] = Json::Null;
    event
}

/// Returns an event of a source with contexts. `None` if the source cannot carry the contexts.
fn event(carrier: &Carrier, contexts: &[Pairs<'_>]) -> Option<Json> {
    match (carrier, contexts) {
        (One(event), [only]) => Some(event(only)),
        (Added(event), [only]) => {
            let mut event: Json = serde_json::from_str(event).unwrap();
            event.as_object_mut().unwrap().extend((!only.is_empty()).then(|| (PAYLOAD_CONTEXT.to_owned(), map(only))));
            Some(event)
        }
        (Records(record, event), contexts) => Some(event(contexts.iter().map(|pairs| record(pairs)).collect())),
        _ => None,
    }
}

/// Returns the ids of the invocation triggered by an event.
fn ids(event: &Json, config: &Config) -> CorrelationIds {
    begun(event.to_string(), config).0
}

/// Returns the ids of the invocation triggered by an event, and the event as the handler gets the event.
fn begun(event: String, config: &Config) -> (CorrelationIds, String) {
    let mut context = Context::default();
    context.request_id = REQUEST.to_owned();
    let mut body = event.into();
    let ids = invocation::begin(&mut body, &context, None, config).correlation().unwrap();
    (ids, String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn each_source_is_in_the_table_of_the_ids() {
    let sources: Vec<_> = SOURCES.iter().map(|source| source.name).collect();
    let mut listed: Vec<_> = CARRIERS.iter().map(|(name, ..)| *name).collect();
    let missing: Vec<_> = sources.iter().filter(|name| !listed.contains(name)).collect();
    assert!(missing.is_empty(), "how do these sources carry ids? {missing:?}");
    listed.retain(|name| !sources.contains(name));
    assert!(listed.is_empty(), "no sources: {listed:?}");
    for (name, carrier, ..) in CARRIERS {
        match carrier {
            Nothing(why) => assert!(!why.is_empty(), "{name}"),
            carrier => assert_eq!(detected(&event(carrier, &[SENT]).unwrap()).source.name, *name),
        }
    }
}

const SENT: Pairs<'_> = &[
    ("x-correlation-id", "c-1"),
    ("x-correlation-order", "o-9"),
    ("debug-log-enabled", "true"),
    ("call-chain-length", "4"),
];

#[test]
fn the_ids_of_each_source_keep_to_the_rules() {
    let (edge, all) = (config(&[]), config(&[("THUNDRA_TRUST", "all")]));
    for (name, carrier, trust) in CARRIERS {
        let default = if REQUEST_IDS.contains(name) { "r-1" } else { REQUEST };
        let Some(absent) = event(carrier, &[&[]]) else { continue };
        let absent = ids(&absent, &edge);
        assert_eq!((absent.get("id"), absent.get("order")), (Some(default), None), "{name}: a new chain");
        assert_eq!((absent.chain_length(), absent.debug_log_enabled()), (1, false), "{name}: a new chain");
        let sent = event(carrier, &[SENT]).unwrap();
        for (config, is_obeyed) in [(&edge, *trust == Full), (&all, true)] {
            let present = ids(&sent, config);
            assert_eq!((present.get("id"), present.get("order")), (Some("c-1"), Some("o-9")), "{name}");
            let decisions = (present.chain_length(), present.debug_log_enabled());
            assert_eq!(decisions, if is_obeyed { (5, true) } else { (1, false) }, "{name}, obeyed: {is_obeyed}");
        }
        let partial = ids(&event(carrier, &[&[("x-correlation-order", "o-9")]]).unwrap(), &edge);
        assert_eq!((partial.get("id"), partial.get("order")), (Some(default), Some("o-9")), "{name}: no chain's id");
    }
}

#[test]
fn each_record_of_each_source_has_its_own_ids() {
    let first: Pairs<'_> = &[("x-correlation-id", "c-1"), ("call-chain-length", "2")];
    let second: Pairs<'_> = &[("x-correlation-id", "c-2"), ("debug-log-enabled", "true")];
    for (name, carrier, _) in CARRIERS {
        let Records(record, event) = carrier else { continue };
        let records = || [first, second, &[]].map(record).to_vec();
        // No pipe delivers events of the excluded sources.
        let piped =
            (!["sns", "firehose", "kinesis_analytics", "documentdb"].contains(name)).then(|| Json::from(records()));
        for event in [event(records())].into_iter().chain(piped) {
            let trigger = detected(&event);
            assert_eq!((trigger.source.name, trigger.is_batch()), (*name, true));
            let read = trigger.messages.iter().map(|message| {
                let ids = &message.inbound.correlation;
                (ids.get("id"), ids.chain_length(), ids.debug_log_enabled())
            });
            let expected = [(Some("c-1"), 2, false), (Some("c-2"), 1, true), (None, 1, false)];
            assert_eq!(read.collect::<Vec<_>>(), expected, "{name}");
            let of_invocation = ids(&event, &config(&[]));
            assert_eq!((of_invocation.get("id"), of_invocation.chain_length()), (Some(REQUEST), 1), "{name}");
        }
    }
}

/// A program may send an event on by an asynchronous invoke or as the input of an execution, and both add the context.
#[test]
fn a_program_may_send_the_event_of_any_source_on() {
    let context = map(SENT).to_string();
    for (name, carrier, trust) in CARRIERS {
        let Some(event) = event(carrier, &[&[]]) else { continue };
        // An element of a list may also come alone.
        let members = event.get(0).unwrap_or(&event).to_string();
        let alone = if *name == "direct_list" { "direct" } else { *name };
        let sent_on = members.replacen('{', &format!(r#"{{"__context__":{context},"#), 1);
        let trigger = super::recognised(sent_on.as_bytes(), &config(&[]));
        assert_eq!(trigger.source.name, alone);
        let (ids, received) = begun(sent_on, &config(&[]));
        assert_eq!(received, members, "{name}: as the program got it");
        assert_eq!((ids.get("id"), ids.get("order")), (Some("c-1"), Some("o-9")), "{name}");
        // The function does not obey a service that acts for a person or a device, even in words that no person can
        // add.
        let is_obeyed = *trust == Full || matches!(carrier, One(_)) && *name != "iot_authorizer";
        let decisions = (ids.chain_length(), ids.debug_log_enabled());
        assert_eq!(decisions, if is_obeyed { (5, true) } else { (1, false) }, "{name}");
    }
}
