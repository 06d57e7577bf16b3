//! The receiver extracts the injected context, and nothing else of a message changes.
#![cfg(feature = "full")]

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_eventbridge::operation::put_events::PutEventsInput;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_kinesis::operation::put_record::PutRecordInput;
use aws_sdk_kinesis::operation::put_records::PutRecordsInput;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_lambda::operation::invoke::InvokeInput;
use aws_sdk_lambda::operation::invoke_with_response_stream::InvokeWithResponseStreamInput;
use aws_sdk_lambda::types::InvocationType;
use aws_sdk_sfn::operation::start_execution::StartExecutionInput;
use aws_sdk_sfn::operation::start_sync_execution::StartSyncExecutionInput;
use aws_sdk_sns::operation::publish::PublishInput;
use aws_sdk_sns::operation::publish_batch::PublishBatchInput;
use aws_sdk_sns::types::{MessageAttributeValue as SnsValue, PublishBatchRequestEntry};
use aws_sdk_sqs::operation::send_message::SendMessageInput;
use aws_sdk_sqs::operation::send_message_batch::SendMessageBatchInput;
use aws_sdk_sqs::types::{MessageAttributeValue as SqsValue, SendMessageBatchRequestEntry};
use aws_smithy_runtime_api::client::interceptors::context::Input;
use aws_smithy_types::Blob;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};
use thundra_core::propagation::{Inbound, Outbound, Propagators, Trust};
use thundra_core::{Config, Env, Scope};
use tracing::Span;

use crate::sdk::message::limits::Limits;
use crate::sdk::services::SERVICES;
use crate::{payload, trigger};

/// A way of a message from a call to a function.
struct Transport {
    /// The id of the service, and the variant.
    name: &'static str,
    /// `true` if text with quotes goes through.
    quotes: bool,
    /// `true` if any bytes go through.
    bytes: bool,
    /// `true` if the context goes into the payload.
    writes_payload: bool,
    /// Creates the request for a payload, with the context injected.
    send: fn(&[u8], &Outbound) -> Sent,
}

/// A sent request.
struct Sent {
    payload: Vec<u8>,
    /// Event of the function.
    event: Vec<u8>,
    client_context: Option<String>,
}

fn sent(payload: impl Into<Vec<u8>>, event: impl Into<Vec<u8>>) -> Sent {
    Sent { payload: payload.into(), event: event.into(), client_context: None }
}

/// Returns the transports, by the place of the context.
fn transports() -> Vec<Transport> {
    let sns = |name, send| Transport { name, quotes: false, bytes: false, writes_payload: false, send };
    let sqs = |name, send| Transport { quotes: true, ..sns(name, send) };
    let text = |name, send| Transport { writes_payload: true, ..sqs(name, send) };
    let bytes = |name, send| Transport { bytes: true, ..text(name, send) };
    vec![
        sns("SNS", |body, outbound| in_sns(publish(body, outbound))),
        sns("SNS in a batch", |body, outbound| in_sns(publish_batch(body, outbound))),
        sns("SNS in SQS", |body, outbound| {
            let published = publish(body, outbound);
            let envelope = notification(&published).to_string();
            sent(published.0, in_sqs(&envelope, &json!({}), &json!({})))
        }),
        sns("SNS in SQS, raw", |body, outbound| {
            let (body, attributes) = publish(body, outbound);
            let attributes = attributes.iter().map(|(name, value)| {
                (name.clone(), json!({"dataType": value.data_type, "stringValue": value.string_value}))
            });
            let event = in_sqs(&body, &attributes.collect(), &json!({}));
            sent(body, event)
        }),
        sqs("SQS", send_message),
        sqs("SQS in a batch", send_message_batch),
        bytes("Kinesis", put_record),
        bytes("Kinesis in a batch", put_records),
        text("EventBridge", |detail, outbound| {
            let detail = put_events(detail, outbound);
            let event = event(&detail);
            sent(detail, event)
        }),
        text("EventBridge in SQS", |detail, outbound| {
            let detail = put_events(detail, outbound);
            let event = in_sqs(&event(&detail), &json!({}), &json!({}));
            sent(detail, event)
        }),
        bytes("Lambda", invoke_event),
        Transport { writes_payload: false, ..bytes("Lambda, waiting", invoke) },
        text("SFN", start_execution),
        text("SFN, waiting", start_sync_execution),
        Transport { writes_payload: false, ..bytes("Lambda, streaming", invoke_with_response_stream) },
    ]
}

/// Injects into an input, and returns the input.
fn injected<I: std::fmt::Debug + Send + Sync + 'static>(input: I, outbound: &Outbound) -> I {
    let mut input = Input::erase(input);
    let messages = SERVICES.iter().filter_map(|service| service.messages.as_ref());
    let injected: Vec<_> =
        messages.filter_map(|messages| (messages.inject)(&mut input, outbound, Limits::UNKNOWN)).collect();
    assert_eq!(injected.len(), 1, "one service knows the input");
    input.downcast().unwrap()
}

fn text(payload: &[u8]) -> String {
    String::from_utf8_lossy(payload).into_owned()
}

type Published = (String, HashMap<String, SnsValue>);

fn publish(body: &[u8], outbound: &Outbound) -> Published {
    let input = PublishInput::builder().topic_arn("arn:aws:sns:eu-west-1:123456789012:orders").message(text(body));
    let input = injected(input.build().unwrap(), outbound);
    (input.message.unwrap(), input.message_attributes.unwrap_or_default())
}

fn publish_batch(body: &[u8], outbound: &Outbound) -> Published {
    let entry = PublishBatchRequestEntry::builder().id("1").message(text(body)).build().unwrap();
    let input = PublishBatchInput::builder().publish_batch_request_entries(entry).build().unwrap();
    let mut entries = injected(input, outbound).publish_batch_request_entries.unwrap();
    let entry = entries.remove(0);
    (entry.message, entry.message_attributes.unwrap_or_default())
}

fn notification((message, attributes): &Published) -> Value {
    let attributes = attributes.iter();
    let attributes: Value = attributes
        .map(|(name, value)| (name.clone(), json!({"Type": value.data_type, "Value": value.string_value})))
        .collect();
    let arn = "arn:aws:sns:eu-west-1:123456789012:orders";
    json!({"Type": "Notification", "TopicArn": arn, "Message": message, "MessageAttributes": attributes})
}

fn in_sns(published: Published) -> Sent {
    let event = json!({"Records": [{"EventSource": "aws:sns", "Sns": notification(&published)}]}).to_string();
    sent(published.0, event)
}

fn in_sqs(body: &str, attributes: &Value, system: &Value) -> String {
    let record = json!({"eventSource": "aws:sqs", "body": body, "messageAttributes": attributes, "attributes": system});
    json!({"Records": [record]}).to_string()
}

fn received(body: String, attributes: Option<HashMap<String, SqsValue>>, trace_header: Option<&str>) -> Sent {
    let attributes = attributes.unwrap_or_default();
    let attributes = attributes
        .iter()
        .map(|(name, value)| (name.clone(), json!({"dataType": value.data_type, "stringValue": value.string_value})));
    let event = in_sqs(&body, &attributes.collect(), &json!({"AWSTraceHeader": trace_header.unwrap()}));
    sent(body, event)
}

fn send_message(body: &[u8], outbound: &Outbound) -> Sent {
    let input = SendMessageInput::builder().queue_url("q").message_body(text(body)).build().unwrap();
    let input = injected(input, outbound);
    let system = input.message_system_attributes.unwrap();
    let header = system.values().next().and_then(|value| value.string_value());
    received(input.message_body.unwrap(), input.message_attributes, header)
}

fn send_message_batch(body: &[u8], outbound: &Outbound) -> Sent {
    let entry = SendMessageBatchRequestEntry::builder().id("1").message_body(text(body)).build().unwrap();
    let input = SendMessageBatchInput::builder().queue_url("q").entries(entry).build().unwrap();
    let entry = injected(input, outbound).entries.unwrap().remove(0);
    let system = entry.message_system_attributes.unwrap();
    let header = system.values().next().and_then(|value| value.string_value());
    received(entry.message_body, entry.message_attributes, header)
}

fn in_kinesis(data: Blob) -> Sent {
    let record = json!({"eventSource": "aws:kinesis", "kinesis": {"data": BASE64_STANDARD.encode(&data)}});
    sent(data, json!({"Records": [record]}).to_string())
}

fn put_record(data: &[u8], outbound: &Outbound) -> Sent {
    let input = PutRecordInput::builder().stream_name("s").partition_key("k").data(Blob::new(data)).build().unwrap();
    in_kinesis(injected(input, outbound).data.unwrap())
}

fn put_records(data: &[u8], outbound: &Outbound) -> Sent {
    let record = PutRecordsRequestEntry::builder().partition_key("k").data(Blob::new(data)).build().unwrap();
    let input = PutRecordsInput::builder().stream_name("s").records(record).build().unwrap();
    in_kinesis(injected(input, outbound).records.unwrap().remove(0).data)
}

fn put_events(detail: &[u8], outbound: &Outbound) -> String {
    let entry = PutEventsRequestEntry::builder().source("shop").detail_type("placed").detail(text(detail)).build();
    let input = PutEventsInput::builder().entries(entry).build().unwrap();
    injected(input, outbound).entries.unwrap().remove(0).detail.unwrap()
}

fn event(detail: &str) -> String {
    format!(r#"{{"source":"shop","detail-type":"placed","detail":{detail}}}"#)
}

fn invoke_event(payload: &[u8], outbound: &Outbound) -> Sent {
    let input = InvokeInput::builder().function_name("f").invocation_type(InvocationType::Event);
    let input = injected(input.payload(Blob::new(payload)).build().unwrap(), outbound);
    let payload = input.payload.unwrap().into_inner();
    Sent { client_context: input.client_context, ..sent(payload.clone(), payload) }
}

fn invoke(payload: &[u8], outbound: &Outbound) -> Sent {
    let input = InvokeInput::builder().function_name("f").payload(Blob::new(payload)).build().unwrap();
    let input = injected(input, outbound);
    let payload = input.payload.unwrap().into_inner();
    let client_context = BASE64_STANDARD.decode(input.client_context.unwrap()).unwrap();
    Sent { client_context: String::from_utf8(client_context).ok(), ..sent(payload.clone(), payload) }
}

fn invoke_with_response_stream(payload: &[u8], outbound: &Outbound) -> Sent {
    let input =
        InvokeWithResponseStreamInput::builder().function_name("f").payload(Blob::new(payload)).build().unwrap();
    let input = injected(input, outbound);
    let payload = input.payload.unwrap().into_inner();
    let client_context = BASE64_STANDARD.decode(input.client_context.unwrap()).unwrap();
    Sent { client_context: String::from_utf8(client_context).ok(), ..sent(payload.clone(), payload) }
}

fn start_execution(input: &[u8], outbound: &Outbound) -> Sent {
    let input = StartExecutionInput::builder().state_machine_arn("m").input(text(input)).build().unwrap();
    let input = injected(input, outbound).input.unwrap();
    sent(input.clone(), input)
}

fn start_sync_execution(input: &[u8], outbound: &Outbound) -> Sent {
    let input = StartSyncExecutionInput::builder().state_machine_arn("m").input(text(input)).build().unwrap();
    let input = injected(input, outbound).input.unwrap();
    sent(input.clone(), input)
}

/// Returns the context on the side of the function.
fn captured(sent: &Sent) -> Inbound {
    let formats = Propagators::default();
    if let Some(client_context) = &sent.client_context {
        let mut headers = http::HeaderMap::new();
        headers.insert("lambda-runtime-deadline-ms", 0.into());
        headers.insert("lambda-runtime-client-context", client_context.parse().unwrap());
        let context = lambda_runtime::Context::new("", Arc::default(), &headers).unwrap();
        let custom = context.client_context.unwrap().custom;
        return Inbound::extract(custom.iter().map(|(k, v)| (k.as_str(), v.as_str())), formats, Trust::Full);
    }
    let trigger = trigger::detect(&sent.event, &config(), Trust::Full);
    trigger.messages().first().map(|message| message.inbound.clone()).unwrap_or_default()
}

fn config() -> Config {
    Config::from_env(&Env::from_pairs::<&str, &str>([]))
}

/// Returns the outbound context of a scope with this inbound context.
fn outbound(inbound: Inbound) -> Outbound {
    let scope = Scope::builder("test").parent(inbound).begin_with(&config());
    scope.enter(|| thundra_core::outbound(&Span::none()).unwrap())
}

/// Generates the context of a caller, with ten attributes at most.
fn inbound(quotes: bool) -> impl Strategy<Value = Inbound> {
    let value = if quotes { "[!-~]([ -~]{0,20}[!-~])?" } else { r"[!#-\[\]-~]([ !#-\[\]-~]{0,20}[!#-\[\]-~])?" };
    let trace =
        ("[0-9a-f]{31}[1-9a-f]", "[0-9a-f]{15}[1-9a-f]", any::<bool>(), prop::option::of("[a-z]{1,8}=[a-z0-9]{1,8}"));
    let ids = (value, prop::collection::btree_map("[a-z0-9-]{1,8}[a-z0-9]", value, 0..=2));
    let switches = (0_u32..1000, any::<bool>(), prop::option::of(value), prop::option::of("[a-z]{1,8}=[a-z0-9]{1,8}"));
    (trace, ids, switches).prop_map(|((trace, span, sampled, state), (id, others), (length, debug, agent, baggage))| {
        let mut pairs = vec![
            ("traceparent".to_owned(), format!("00-{trace}-{span}-0{}", u8::from(sampled))),
            ("x-correlation-id".to_owned(), id),
            ("call-chain-length".to_owned(), length.to_string()),
            ("debug-log-enabled".to_owned(), debug.to_string()),
        ];
        pairs.extend(state.map(|state| ("tracestate".to_owned(), state)));
        pairs.extend(baggage.map(|baggage| ("baggage".to_owned(), baggage)));
        pairs.extend(agent.map(|agent| ("user-agent".to_owned(), agent)));
        let others = others.into_iter().filter(|(key, _)| key != "id" && key != "traceparent");
        pairs.extend(others.map(|(key, value)| (format!("x-correlation-{key}"), value)));
        Inbound::extract(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())), Propagators::default(), Trust::Full)
    })
}

/// Returns the pairs without the names of the span of the caller.
fn ids(outbound: &Outbound) -> Vec<(&str, String)> {
    let spans = ["traceparent", "x-correlation-traceparent", "call-chain-length"];
    outbound.pairs().into_iter().filter(|(key, _)| !spans.contains(key)).collect()
}

#[test]
fn every_service_with_messages_has_a_transport() {
    let transports = transports();
    let has_transport = |id: &str| transports.iter().any(|transport| transport.name.starts_with(id));
    for service in SERVICES.iter().filter(|service| service.messages.is_some()) {
        assert!(has_transport(service.id), "no transport of {}", service.id);
    }
}

proptest! {
    #[test]
    fn what_is_injected_is_captured(quoted in inbound(true), plain in inbound(false), body in r#"\{"a":"[a-z ]{0,9}"\}\n?"#) {
        for transport in transports() {
            let sender = outbound(if transport.quotes { quoted.clone() } else { plain.clone() });
            let captured = captured(&(transport.send)(body.as_bytes(), &sender));
            prop_assert_eq!(captured.parent.as_ref(), Some(&sender.context), "{}", transport.name);
            let receiver = outbound(captured);
            prop_assert_eq!(receiver.correlation.chain_length(), sender.correlation.chain_length() + 1, "{}", transport.name);
            prop_assert_eq!(ids(&receiver), ids(&sender), "{}", transport.name);
        }
    }

    #[test]
    fn nothing_else_of_a_payload_changes(value in payload::tests::json(), pretty in any::<bool>()) {
        let body = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
        let sender = outbound(Inbound::default());
        let takes = value.as_object().is_some_and(|object| !object.contains_key("__context__"));
        for transport in transports() {
            let Sent { payload, .. } = (transport.send)(&body, &sender);
            let payload = match payload::find(&payload) {
                Some(member) if takes && transport.writes_payload => payload::strip(&payload, &member.range),
                _ => payload,
            };
            prop_assert!(payload == body, "{}", transport.name);
        }
    }

    #[test]
    fn any_bytes_go_through(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..64),
            "[{}\\[\\]\",: \\\\]{0,8}(\"__context__\")?[{}\\[\\]\",:0-9 \\\\]{0,16}".prop_map(String::into_bytes),
        ]
    ) {
        let sender = outbound(Inbound::default());
        for transport in transports() {
            let text = std::str::from_utf8(&body).is_ok();
            let sent = (transport.send)(&body, &sender);
            captured(&sent);
            if serde_json::from_slice::<serde_json::Map<String, Value>>(&body).is_err() && (text || transport.bytes) {
                prop_assert!(sent.payload == body, "{}", transport.name);
            }
        }
    }
}

#[test]
fn a_trace_header_keeps_to_what_the_service_takes() {
    let start = |outbound: &Outbound| {
        let input = StartExecutionInput::builder().state_machine_arn("m").input("[1]").build().unwrap();
        injected(input, outbound).trace_header.unwrap()
    };
    let put = |outbound: &Outbound| {
        let entry = PutEventsRequestEntry::builder().detail("[1]").build();
        injected(PutEventsInput::builder().entries(entry).build().unwrap(), outbound).entries.unwrap().remove(0)
    };
    const OWN: usize = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".len();
    for (rest, start_len, put_len) in
        [(255, 255, 255), (256, 256, 256), (257, OWN, 257), (499, OWN, 499), (500, OWN, 500), (501, OWN, OWN)]
    {
        let rest = format!(";Lineage={}", "x".repeat(rest - OWN - ";Lineage=".len()));
        let received = format!("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1{rest}");
        let inbound = Inbound::extract([("x-amzn-trace-id", &*received)], Propagators::default(), Trust::Full);
        let sender = outbound(inbound);
        assert_eq!((start(&sender).len(), put(&sender).trace_header.unwrap().len()), (start_len, put_len));
    }
}
