//! Queues and streams read by the program, without Lambda in between.

#![cfg(all(feature = "sqs", feature = "kinesis"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "sdk/endpoint.rs"]
mod endpoint;

use std::future::Future;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_sdk_kinesis::primitives::{Blob, DateTime};
use aws_sdk_kinesis::types::Record;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, MessageSystemAttributeName};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use thundra_aws::{ConfigBuilderExt, correlation};
use thundra_core::testing::MemoryExporter;
use thundra_core::{Config, Env, Scope, SpanData, SpanKind, Status, Telemetry, TraceContext, flush, install};

use endpoint::{Answer, Answers, Endpoint, ok};

const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PRODUCER: &str = "b7ad6b7169203331";

/// Returns the exporter of the process, for a single test at a time.
fn installed() -> (MutexGuard<'static, ()>, MemoryExporter) {
    static EXPORTER: OnceLock<MemoryExporter> = OnceLock::new();
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let exporter = EXPORTER.get_or_init(|| {
        let exporter = MemoryExporter::new();
        let config = Config::from_env(&Env::from_pairs([("RUST_LOG", "off")]));
        assert!(install(Telemetry::builder().config(config).exporter(exporter.clone())));
        exporter
    });
    exporter.clear();
    (turn, exporter.clone())
}

/// Runs a worker against an endpoint. Returns the result and the exported spans.
fn work<R, F: Future<Output = R>>(
    answers: Answers,
    f: impl FnOnce(SdkConfig) -> F,
) -> (R, Vec<endpoint::Request>, Vec<SpanData>) {
    let (_turn, exporter) = installed();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let endpoint = Endpoint::start(answers).await;
        let result = f(endpoint.config()).await;
        flush(thundra_core::Records::default(), None).await;
        (result, endpoint.requests(), exporter.spans())
    })
}

fn millis(age: Duration) -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().saturating_sub(age).as_millis() as u64
}

fn traceparent() -> String {
    format!("00-{TRACE}-{PRODUCER}-01")
}

/// Returns a message with all attributes, as delivered by SQS.
fn message(receipt: &str, age: Duration) -> Value {
    let text = |value: &str| json!({"DataType": "String", "StringValue": value});
    json!({
        "MessageId": "m-7",
        "ReceiptHandle": receipt,
        "MD5OfBody": "49f68a5c8493ec2c0bf489821c21fc3b",
        "Body": "hi",
        "Attributes": {
            "AWSTraceHeader": format!("Root=1-{}-{};Parent={PRODUCER};Sampled=1", &TRACE[..8], &TRACE[8..]),
            "SentTimestamp": millis(age).to_string(),
            "ApproximateReceiveCount": "2",
        },
        "MD5OfMessageAttributes": "0",
        "MessageAttributes": {
            "traceparent": text(&traceparent()),
            "x-correlation-id": text("c-1"),
            "x-correlation-order": text("o-9"),
            "call-chain-length": text("2"),
        },
    })
}

fn answer(messages: &[Value]) -> Answers {
    ok(Box::leak(json!({"Messages": messages}).to_string().into_boxed_str()))
}

/// Receives with a client wrapped twice, to no effect.
async fn receive(config: &SdkConfig) -> Vec<Message> {
    let config = aws_sdk_sqs::config::Builder::from(config).traced().traced().build();
    let sqs = aws_sdk_sqs::Client::from_conf(config);
    sqs.receive_message().queue_url(QUEUE).send().await.unwrap().messages.unwrap()
}

fn attribute(span: &SpanData, key: &str) -> String {
    span.attribute(key).map(ToString::to_string).unwrap_or_default()
}

#[test]
fn a_message_is_worked_on_in_its_producers_trace() {
    let messages = [message("a message", Duration::ZERO)];
    let (ids, _, spans) = work(answer(&messages), async |config| {
        let message = receive(&config).await.pop().unwrap();
        let work = async |message: Message| -> Result<_, std::io::Error> {
            tracing::info_span!("ship", body = message.body()).in_scope(|| ());
            Ok((correlation::id().unwrap(), correlation::get("order").unwrap()))
        };
        thundra_aws::sqs::process(message, work).await.unwrap()
    });
    assert_eq!(ids, ("c-1".to_owned(), "o-9".to_owned()));
    let [ship, process] = &spans[..] else { unreachable!("{spans:?}") };
    assert_eq!((ship.name.as_str(), ship.parent_span_id), ("ship", Some(process.context.span_id)));
    assert_eq!(
        (process.name.as_str(), process.kind, &process.status),
        ("process jobs", SpanKind::Consumer, &Status::Unset)
    );
    assert_eq!(process.context.trace_id.to_string(), TRACE);
    assert_eq!(process.parent_span_id.unwrap().to_string(), PRODUCER);
    let keys = [
        "messaging.system",
        "messaging.operation.type",
        "messaging.destination.name",
        "messaging.message.id",
        "aws.sqs.receive_count",
        "thundra.parent.source",
    ];
    assert_eq!(keys.map(|key| attribute(process, key)), ["aws_sqs", "process", "jobs", "m-7", "2", "tracecontext"]);
    assert!(attribute(process, "thundra.queue.time_ms").parse::<u64>().unwrap() < 60_000);
}

#[test]
fn a_message_that_is_tried_again_has_its_producer_each_time() {
    let messages = [message("tried again", Duration::ZERO)];
    let (ids, _, spans) = work(answer(&messages), async |config| {
        let message = receive(&config).await.pop().unwrap();
        let mut ids = Vec::new();
        for _ in 0..3 {
            let failing = async |_| Err::<(), _>(correlation::id().unwrap_or_default());
            ids.push(thundra_aws::sqs::process(message.clone(), failing).await.unwrap_err());
        }
        ids
    });
    assert_eq!(ids, ["c-1"; 3]);
    let parents: Vec<_> = spans.iter().map(|span| span.parent_span_id.unwrap().to_string()).collect();
    assert_eq!(parents, [PRODUCER; 3]);
}

#[test]
fn the_receiver_gets_the_requested_attributes() {
    let mut plain = message("seen", Duration::ZERO);
    for hidden in ["Attributes", "MessageAttributes", "MD5OfMessageAttributes"] {
        plain.as_object_mut().unwrap().remove(hidden);
    }
    let answers = [answer(&[plain]), answer(&[message("seen", Duration::ZERO)])].concat();
    let ((expected, seen), requests, spans) = work(answers, async |config| {
        let plain = aws_sdk_sqs::Client::new(&config).receive_message().queue_url(QUEUE).send().await.unwrap();
        (plain.messages.unwrap(), receive(&config).await)
    });
    assert_eq!(seen, expected);
    assert_eq!(requests[0].json(), json!({"QueueUrl": QUEUE}));
    let asked = requests[1].json();
    assert_eq!(
        asked["MessageSystemAttributeNames"],
        json!(["AWSTraceHeader", "SentTimestamp", "ApproximateReceiveCount"])
    );
    let names = asked["MessageAttributeNames"].as_array().unwrap();
    assert!(names.contains(&json!("traceparent")) && names.contains(&json!("x-correlation-.*")), "{names:?}");
    assert!(spans.is_empty(), "outside of a scope a poll is no span");
}

/// Returns the message with the attributes in `names`, and the digest of the remaining attributes.
fn of_those(mut message: Value, names: &[&str], digest: Option<&str>) -> Value {
    let all = message["MessageAttributes"].as_object_mut().unwrap();
    all.retain(|name, _| names.contains(&name.as_str()));
    if all.is_empty() {
        message.as_object_mut().unwrap().remove("MessageAttributes");
    }
    match digest {
        Some(digest) => message["MD5OfMessageAttributes"] = digest.into(),
        None => drop(message.as_object_mut().unwrap().remove("MD5OfMessageAttributes")),
    }
    message
}

#[test]
fn some_attributes_come_with_their_digest() {
    // The digests come from Python code, which reproduces known digests of AWS.
    for (names, brings, digest) in [
        (&["tenant"][..], &["tenant"][..], Some("c52f727da6769fcbc66f3f8555ce234a")),
        (
            &["x-correlation-order", "tenant", "missing"],
            &["tenant", "x-correlation-order"],
            Some("75d89840f932a5c8665d38606c3c109a"),
        ),
        (&["t.*"], &["tenant", "traceparent"], Some("62b5ac7dbedbf6b1e1c2f3da6c305dfe")),
        (&["x-correlation-o.*", "key"], &["key", "x-correlation-order"], Some("6dfe8edc621eaaf12b0ea3c0b2e65ac4")),
        (&["missing"], &[], None),
        (&["Tenant"], &[], None),
    ] {
        let mut full = message(&names.join(" "), Duration::ZERO);
        full["MessageAttributes"]["tenant"] = json!({"DataType": "String", "StringValue": "acme"});
        full["MessageAttributes"]["key"] = json!({"DataType": "Binary.raw", "BinaryValue": "AP8="});
        full["MD5OfMessageAttributes"] = "of all".into();
        let plain = of_those(full.clone(), brings, digest);
        let answers = [answer(&[plain]), answer(&[full])].concat();
        let ((expected, seen), requests, spans) = work(answers, async |config| {
            let receive = async |sqs: aws_sdk_sqs::Client| {
                let receive = sqs.receive_message().queue_url(QUEUE);
                let receive = receive.message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
                let receive = receive.message_system_attribute_names(MessageSystemAttributeName::AwsTraceHeader);
                let count = MessageSystemAttributeName::ApproximateReceiveCount;
                let receive = receive.message_system_attribute_names(count);
                let names = names.iter().map(|name| (*name).to_owned()).collect();
                receive.set_message_attribute_names(Some(names)).send().await.unwrap().messages.unwrap().remove(0)
            };
            let expected = receive(aws_sdk_sqs::Client::new(&config)).await;
            let seen = receive(thundra_aws::sqs::client(&config)).await;
            let order = async |_| Ok::<_, std::io::Error>(correlation::get("order"));
            assert_eq!(thundra_aws::sqs::process(seen.clone(), order).await.unwrap().as_deref(), Some("o-9"));
            (expected, seen)
        });
        assert_eq!(seen, expected, "{names:?}");
        let asked = |n: usize| requests[n].json()["MessageAttributeNames"].as_array().unwrap().clone();
        assert_eq!(asked(0), names);
        assert!(asked(1).starts_with(&asked(0)) && asked(1).contains(&json!("x-correlation-.*")), "{:?}", asked(1));
        assert_eq!(spans[0].parent_span_id.unwrap().to_string(), PRODUCER);
    }
}

#[test]
fn requested_attributes_stay() {
    for names in [&["All"][..], &[".*"], &["tenant", "All"]] {
        let given = [message("asked", Duration::ZERO)];
        let (messages, requests, _) = work(answer(&given), async |config| {
            let receive = thundra_aws::sqs::client(&config).receive_message().queue_url(QUEUE);
            let receive = receive.message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            receive.set_message_attribute_names(Some(names)).send().await.unwrap().messages.unwrap()
        });
        let asked = requests[0].json();
        assert_eq!(asked["MessageAttributeNames"], json!(names), "these bring ours too");
        assert_eq!(
            asked["MessageSystemAttributeNames"],
            json!(["SentTimestamp", "AWSTraceHeader", "ApproximateReceiveCount"])
        );
        let system: Vec<_> = messages[0].attributes().unwrap().keys().map(MessageSystemAttributeName::as_str).collect();
        assert_eq!(system, ["SentTimestamp"]);
        assert_eq!(messages[0].message_attributes().unwrap().len(), 4);
        assert_eq!(messages[0].md5_of_message_attributes(), Some("0"), "as it came");
    }
}

#[test]
fn evicted_messages_are_counted() {
    let messages: Vec<_> = (0..=1000).map(|n| message(&format!("many {n}"), Duration::ZERO)).collect();
    let (_, _, spans) = work(answer(&messages), async |config| {
        for message in receive(&config).await.into_iter().take(2) {
            thundra_aws::sqs::process(message, async |_| Ok::<_, std::io::Error>(())).await.unwrap();
        }
    });
    let said = |n: usize| attribute(&spans[n], "thundra.receive.evicted_messages");
    assert_eq!(spans[0].parent_span_id, None, "1000 others came after it");
    assert_eq!(spans[1].parent_span_id.unwrap().to_string(), PRODUCER);
    // Messages of other tests may be among the evicted messages.
    assert!(said(0).parse::<u32>().unwrap() >= 1);
    assert_eq!(said(1), "", "it is told once");
}

#[test]
fn an_old_message_begins_a_trace_of_its_own() {
    let (_, _, spans) = work(answer(&[message("old", Duration::from_secs(3700))]), async |config| {
        let message = receive(&config).await.pop().unwrap();
        thundra_aws::sqs::process(message, async |_| Err::<(), _>("out of stock")).await.unwrap_err()
    });
    let [process] = &spans[..] else { unreachable!("{spans:?}") };
    assert_ne!(process.context.trace_id.to_string(), TRACE);
    assert_eq!((process.parent_span_id, &process.status), (None, &Status::error("out of stock")));
    let link: &TraceContext = &process.links[0].context;
    assert_eq!((link.trace_id.to_string().as_str(), link.span_id.to_string().as_str()), (TRACE, PRODUCER));
    assert_eq!(attribute(process, "thundra.parent.source"), "none: message older than an hour, see links");
}

#[test]
fn within_a_scope_receiving_is_a_span_and_a_message_its_record() {
    let messages = [message("in a scope", Duration::ZERO)];
    let (spans, _, exported) = work(answer(&messages), async |config| {
        let scope = Scope::builder("invocation").begin();
        let work = async {
            let message = receive(&config).await.pop().unwrap();
            thundra_aws::sqs::process(message, async |_| Ok::<_, std::io::Error>(())).await.unwrap();
        };
        scope.run(work).await;
        scope.finish().spans().collect::<Vec<_>>()
    });
    assert!(exported.is_empty(), "they are the scope's");
    let [receive, process, invocation] = &spans[..] else { unreachable!("{spans:?}") };
    assert_eq!((receive.name.as_str(), receive.kind), ("SQS.ReceiveMessage", SpanKind::Client));
    let keys = ["messaging.operation.type", "messaging.destination.name", "messaging.batch.message_count"];
    assert_eq!(keys.map(|key| attribute(receive, key)), ["receive", "jobs", "1"]);
    assert_eq!(receive.links[0].context.span_id.to_string(), PRODUCER);
    assert_eq!(process.parent_span_id.unwrap().to_string(), PRODUCER);
    // The current span is the invocation's by now.
    assert_eq!(process.links[0].context.span_id, invocation.context.span_id);
}

#[test]
fn a_message_of_a_plain_client_is_worked_on_as_well() {
    let (result, _, spans) = work(vec![Answer::Silence], async |_| {
        let message = Message::builder().message_id("m-1").body("hi").build();
        thundra_aws::sqs::process(message, async |message| Ok::<_, std::io::Error>(message.body.unwrap())).await
    });
    assert_eq!(result.unwrap(), "hi");
    assert_eq!((spans[0].name.as_str(), spans[0].parent_span_id), ("process", None));
}

#[test]
fn a_message_in_an_envelope_has_its_producer_whatever_its_attributes() {
    let attribute = |value: &str| json!({"Type": "String", "Value": value});
    let notification = json!({"TopicArn": "arn:aws:sns:eu-west-1:1:t", "Message": "hi",
        "MessageAttributes": {"traceparent": attribute(&traceparent()), "x-correlation-id": attribute("c-1")}});
    let text = |value: &str| MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap();
    for name in ["RequestID", "tenant", "traceparent"] {
        let message =
            Message::builder().body(notification.to_string()).message_attributes(name, text("theirs")).build();
        let (id, _, spans) = work(vec![Answer::Silence], async |_| {
            thundra_aws::sqs::process(message, async |_| Ok::<_, std::io::Error>(correlation::id())).await.unwrap()
        });
        assert_eq!((id.as_deref(), spans[0].context.trace_id.to_string().as_str()), (Some("c-1"), TRACE), "{name}");
    }
}

#[test]
fn a_panic_passes_through_and_is_recorded() {
    let (_, _, spans) = work(vec![Answer::Silence], async |_| {
        let task = tokio::spawn(thundra_aws::sqs::process(Message::builder().build(), |_| async {
            panic!("boom");
            #[allow(unreachable_code)]
            Ok::<(), std::io::Error>(())
        }));
        assert!(task.await.unwrap_err().is_panic());
    });
    assert_eq!(attribute(&spans[0], "error.type"), "panic");
}

#[test]
fn a_kinesis_record_is_worked_on_without_its_context() {
    let context = json!({"traceparent": traceparent(), "x-correlation-id": "c-1", "call-chain-length": 1});
    let data = format!("{{\"__context__\":{context}, \"id\": 12345678901234567890 }}\n");
    let record = Record::builder().sequence_number("49").partition_key("k").data(Blob::new(data));
    let record = record.approximate_arrival_timestamp(DateTime::from(SystemTime::now())).build().unwrap();
    let (seen, _, spans) = work(vec![Answer::Silence], async |_| {
        let work = async |record: Record| Ok::<_, std::io::Error>((record.data.into_inner(), correlation::id()));
        thundra_aws::kinesis::process(record, work).await.unwrap()
    });
    assert_eq!(seen, (b"{ \"id\": 12345678901234567890 }\n".to_vec(), Some("c-1".to_owned())));
    let [process] = &spans[..] else { unreachable!("{spans:?}") };
    assert_eq!((process.kind, process.context.trace_id.to_string().as_str()), (SpanKind::Consumer, TRACE));
    let keys = ["messaging.system", "messaging.message.id"];
    assert_eq!(keys.map(|key| attribute(process, key)), ["aws_kinesis", "49"]);
}

#[test]
fn kinesis_records_link_to_their_producers() {
    let other = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    let record =
        |data: String| json!({"SequenceNumber": "1", "PartitionKey": "k", "Data": BASE64_STANDARD.encode(data)});
    let from = |traceparent: &str| record(format!(r#"{{"__context__":{{"traceparent":"{traceparent}"}},"a":1}}"#));
    // In the form of EventBridge.
    let bridged = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b8-01";
    let event = |traceparent: &str| {
        let detail = json!({"__context__": {"traceparent": traceparent}});
        record(json!({"source": "s", "detail-type": "t", "detail": detail}).to_string())
    };
    let records = [
        from(&traceparent()),
        record("[1]".to_owned()),
        from(&traceparent()),
        from(other),
        record(r#"{"__context__":"mine"}"#.to_owned()),
        event(bridged),
        event(bridged),
    ];
    let answers = ok(Box::leak(json!({"Records": records, "NextShardIterator": "i"}).to_string().into_boxed_str()));
    let (spans, _, _) = work(answers, async |config| {
        let kinesis = thundra_aws::kinesis::client(&config);
        kinesis.get_records().shard_iterator("i").send().await.unwrap();
        let scope = Scope::builder("invocation").begin();
        scope.run(async { kinesis.get_records().shard_iterator("i").send().await.unwrap() }).await;
        scope.finish().spans().collect::<Vec<_>>()
    });
    let [receive, _] = &spans[..] else { unreachable!("{spans:?}") };
    assert_eq!(attribute(receive, "messaging.batch.message_count"), "7");
    let links: Vec<_> = receive.links.iter().map(|link| link.context.span_id.to_string()).collect();
    assert_eq!(links, [PRODUCER, "00f067aa0ba902b7", "00f067aa0ba902b8"], "each once");
}
