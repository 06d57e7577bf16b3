//! Calls of the genuine SDK clients, seen from both sides: what goes over the wire, and what is recorded.

#![cfg(all(feature = "sns", feature = "sqs", feature = "kinesis"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod batches;
mod endpoint;
mod faults;
mod limits;
mod operations;
mod presigning;

use std::future::Future;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use lambda_runtime::tower::{Layer, Service};
use serde_json::{Value, json};
use thundra_aws::ConfigBuilderExt;
use thundra_core::propagation::{Inbound, Propagators, Trust, format_traceparent};
use thundra_core::testing::tree;
use thundra_core::{Config, Env, Scope, SpanData, SpanKind, Status};

use endpoint::{Answer, Answers, Endpoint, data, ok};
use presigning::Presigning;

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
const THROTTLED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
const PUBLISHED: &str = "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>";

/// Runs a future on a thread of its own choosing nothing: one runtime, one subscriber, one endpoint.
fn with_endpoint<R, F: Future<Output = R>>(answers: Answers, f: impl FnOnce(Arc<Endpoint>) -> F) -> (R, Arc<Endpoint>) {
    with_endpoint_under(&Config::from_env(&Env::from_pairs::<&str, &str>([])), answers, f)
}

/// As [`with_endpoint`], with these settings.
fn with_endpoint_under<R, F: Future<Output = R>>(
    config: &Config,
    answers: Answers,
    f: impl FnOnce(Arc<Endpoint>) -> F,
) -> (R, Arc<Endpoint>) {
    tracing::subscriber::with_default(thundra_core::subscriber(config), || {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
            let endpoint = Arc::new(Endpoint::start(answers).await);
            (f(endpoint.clone()).await, endpoint)
        })
    })
}

/// As [`with_endpoint`], in a scope: its spans come with it.
fn in_scope<R, F: Future<Output = R>>(
    answers: Answers,
    f: impl FnOnce(Arc<Endpoint>) -> F,
) -> (R, Arc<Endpoint>, Vec<SpanData>) {
    in_scope_of(Inbound::default(), answers, f)
}

/// As [`in_scope`], in a scope that was given this.
fn in_scope_of<R, F: Future<Output = R>>(
    inbound: Inbound,
    answers: Answers,
    f: impl FnOnce(Arc<Endpoint>) -> F,
) -> (R, Arc<Endpoint>, Vec<SpanData>) {
    in_scope_with(Config::from_env(&Env::from_pairs::<&str, &str>([])), inbound, answers, f)
}

/// As [`in_scope_of`], with these settings.
fn in_scope_with<R, F: Future<Output = R>>(
    config: Config,
    inbound: Inbound,
    answers: Answers,
    f: impl FnOnce(Arc<Endpoint>) -> F,
) -> (R, Arc<Endpoint>, Vec<SpanData>) {
    let ((result, spans), endpoint) = with_endpoint_under(&config, answers, |endpoint| async {
        let scope = Scope::builder("invocation").default_correlation_id("c-1").parent(inbound).begin_with(&config);
        let result = scope.run(f(endpoint)).await;
        (result, scope.finish().spans().collect::<Vec<_>>())
    });
    (result, endpoint, spans)
}

/// The lines below the root, without the port, which changes.
fn below_root(spans: &[SpanData], endpoint: &Endpoint) -> String {
    let port = format!(" server.port={}", endpoint.url.rsplit(':').next().unwrap());
    tree(spans).split_once('\n').unwrap().1.replace(&port, "")
}

fn only_call(spans: &[SpanData]) -> &SpanData {
    let calls: Vec<_> = spans.iter().filter(|span| span.attribute("rpc.system").is_some()).collect();
    assert_eq!(calls.len(), 1, "{}", tree(spans));
    calls[0]
}

fn attribute(span: &SpanData, key: &str) -> String {
    span.attribute(key).map(ToString::to_string).unwrap_or_default()
}

/// What a call says about its place in the trace: `traceparent` and the X-Ray header.
fn context_of(span: &SpanData) -> (String, String) {
    let (trace, id) = (span.context.trace_id.to_string(), span.context.span_id);
    (format_traceparent(&span.context), format!("Root=1-{}-{};Parent={id};Sampled=1", &trace[..8], &trace[8..]))
}

fn string(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

async fn publish(config: &SdkConfig) {
    let sns = thundra_aws::sns::client(config);
    sns.publish().topic_arn(TOPIC).message("hi").send().await.unwrap();
}

#[test]
fn sns_carries_the_context_in_attributes() {
    let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
        thundra_core::correlation::set("order", "o-9");
        publish(&endpoint.config()).await;
    });
    assert_eq!(
        below_root(&spans, &endpoint),
        "└ SNS.Publish [producer] rpc.system=aws-api rpc.service=SNS rpc.method=Publish cloud.region=eu-west-1 \
         aws.sns.topic.arn=arn:aws:sns:eu-west-1:123456789012:orders messaging.system=aws.sns \
         messaging.operation.name=send messaging.operation.type=send messaging.destination.name=orders \
         server.address=127.0.0.1 http.response.status_code=200 aws.request_id=r-1 messaging.message.id=m-1\n"
    );
    let (traceparent, _) = context_of(only_call(&spans));
    let request = endpoint.request();
    let expected = [
        ("call-chain-length", "1"),
        ("debug-log-enabled", "false"),
        ("traceparent", &traceparent),
        ("x-correlation-id", "c-1"),
        ("x-correlation-order", "o-9"),
        ("x-correlation-traceparent", &traceparent),
    ];
    assert_eq!(request.sns_attributes(""), expected.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}

#[test]
fn every_attempt_has_the_xray_header_of_the_invocation() {
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a87bd80c:3";
    let received = || Inbound::extract([("x-amzn-trace-id", header)], Propagators::default(), Trust::Full);
    let answers = || vec![Answer::Status(500, ""), Answer::Status(200, PUBLISHED)];
    for (inbound, expected) in [(received(), Some(header)), (Inbound::default(), None)] {
        let (_, endpoint, _) =
            in_scope_of(inbound, answers(), |endpoint| async move { publish(&endpoint.config()).await });
        let requests = endpoint.requests();
        assert_eq!(requests.len(), 2);
        for request in requests {
            assert_eq!(request.headers.get("x-amzn-trace-id").map(String::as_str), expected);
            assert!(!request.headers["authorization"].contains("x-amzn-trace-id"), "it is not signed");
        }
    }
}

#[test]
fn sns_messages_keep_to_ten_attributes_and_their_size() {
    const LIMIT: usize = 256 * 1024;
    // Ours are 25, 24, 28, 72 and 86 bytes: 235 in all.
    for (present, body, ours, kind, skipped, why) in [
        (5, 10, 5, SpanKind::Producer, "", "ten in all"),
        (6, 10, 4, SpanKind::Producer, "more than 10 attributes", "room for four"),
        (9, 10, 1, SpanKind::Client, "more than 10 attributes", "room for one"),
        (10, 10, 0, SpanKind::Client, "more than 10 attributes", "full"),
        (11, 10, 0, SpanKind::Client, "more than 10 attributes", "over already"),
        (0, LIMIT - 236, 5, SpanKind::Producer, "", "one byte under the size"),
        (0, LIMIT - 235, 5, SpanKind::Producer, "", "at the size"),
        (0, LIMIT - 234, 4, SpanKind::Producer, "over the size limit", "one byte over"),
        (0, LIMIT, 0, SpanKind::Client, "over the size limit", "no room"),
        (0, LIMIT + 1, 5, SpanKind::Producer, "", "past it already"),
    ] {
        let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
            let sns = thundra_aws::sns::client(&endpoint.config());
            let publish = sns.publish().topic_arn(TOPIC).message("x".repeat(body));
            let attributes = (0..present).map(|n| (format!("user{n}"), string("v"))).collect();
            let publish = publish.set_message_attributes((present > 0).then_some(attributes));
            publish.send().await.unwrap();
        });
        let call = only_call(&spans);
        let count = |span| attribute(span, "thundra.injection.incomplete_messages");
        let root = spans.iter().find(|span| span.name != call.name).unwrap();
        assert_eq!((count(call), count(root)), (count(root), if skipped.is_empty() { "" } else { "1" }.to_owned()));
        assert_eq!(endpoint.request().sns_attributes("").len(), present + ours, "{why}");
        assert_eq!((call.kind, attribute(call, "thundra.injection.skipped")), (kind, skipped.to_owned()), "{why}");
    }
}

#[test]
fn what_gets_nothing_goes_out_as_the_plain_client_sends_it() {
    type Change = fn(
        aws_sdk_sns::operation::publish::builders::PublishFluentBuilder,
    ) -> aws_sdk_sns::operation::publish::builders::PublishFluentBuilder;
    let cases: [(Change, &str); 3] = [
        (|publish| publish.topic_arn(TOPIC).message_structure("json"), "message structure json"),
        (|publish| publish.phone_number("+46700000000"), "not a topic"),
        (|publish| publish.target_arn("arn:aws:sns:eu-west-1:1:endpoint/GCM/app/id"), "not a topic"),
    ];
    for (change, why) in cases {
        let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
            let config = endpoint.config();
            for client in [aws_sdk_sns::Client::new(&config), thundra_aws::sns::client(&config)] {
                change(client.publish().message(r#"{"default":"hi"}"#)).send().await.unwrap();
            }
        });
        let requests = endpoint.requests();
        assert_eq!(requests[0].body, requests[1].body, "{why}");
        assert_eq!(attribute(only_call(&spans), "thundra.injection.skipped"), why);
        // What nobody expects to carry it is not counted among what could not.
        let expected = if why == "not a topic" { "" } else { "1" };
        assert_eq!(attribute(&spans[spans.len() - 1], "thundra.injection.incomplete_messages"), expected);
    }
}

#[test]
fn an_sns_batch_tells_of_what_was_refused() {
    const ANSWER: &str = "<PublishBatchResponse><PublishBatchResult><Successful><member><Id>a</Id><MessageId>m-1</MessageId>\
        </member></Successful><Failed><member><Id>b</Id><Code>Throttled</Code><SenderFault>false</SenderFault></member>\
        </Failed></PublishBatchResult></PublishBatchResponse>";
    let ((), endpoint, spans) = in_scope(ok(ANSWER), |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let entry = |id| PublishBatchRequestEntry::builder().id(id).message("hi").build().unwrap();
        let batch = sns.publish_batch().topic_arn(TOPIC);
        batch.publish_batch_request_entries(entry("a")).publish_batch_request_entries(entry("b")).send().await.unwrap();
    });
    let call = only_call(&spans);
    assert_eq!((call.name.as_str(), call.kind), ("SNS.PublishBatch", SpanKind::Producer));
    assert_eq!(call.status, Status::error("1 of 2 messages failed: Throttled"));
    assert_eq!(
        ["messaging.batch.message_count", "thundra.batch.failures", "error.type"].map(|key| attribute(call, key)),
        ["2", "1", "Throttled"]
    );
    for n in [1, 2] {
        let attributes = endpoint.request().sns_attributes(&format!("PublishBatchRequestEntries.member.{n}."));
        assert_eq!(attributes["traceparent"], context_of(call).0);
    }
}

#[test]
fn sqs_has_the_trace_header_besides() {
    let ((), endpoint, spans) = in_scope(ok(r#"{"MessageId":"m-7"}"#), |endpoint| async move {
        let sqs = thundra_aws::sqs::client(&endpoint.config());
        let mine = aws_sdk_sqs::types::MessageAttributeValue::builder().data_type("String").string_value("mine");
        let send = sqs.send_message().queue_url(QUEUE).message_body("hi");
        send.message_attributes("X-Correlation-Id", mine.build().unwrap()).send().await.unwrap();
    });
    assert_eq!(
        below_root(&spans, &endpoint),
        "└ SQS.SendMessage [producer] rpc.system=aws-api rpc.service=SQS rpc.method=SendMessage \
         cloud.region=eu-west-1 aws.sqs.queue.url=https://sqs.eu-west-1.amazonaws.com/123456789012/jobs \
         messaging.system=aws_sqs messaging.operation.name=send messaging.operation.type=send \
         messaging.destination.name=jobs server.address=127.0.0.1 http.response.status_code=200 \
         aws.request_id=r-1 messaging.message.id=m-7\n"
    );
    let (traceparent, xray) = context_of(only_call(&spans));
    let text = |value: &str| json!({"DataType": "String", "StringValue": value});
    assert_eq!(
        endpoint.request().json(),
        json!({
            "QueueUrl": QUEUE,
            "MessageBody": "hi",
            "MessageAttributes": {
                "X-Correlation-Id": text("mine"),
                "call-chain-length": text("1"),
                "debug-log-enabled": text("false"),
                "traceparent": text(&traceparent),
                "x-correlation-traceparent": text(&traceparent),
            },
            "MessageSystemAttributes": {"AWSTraceHeader": text(&xray)},
        })
    );
}

#[test]
fn sqs_batches_share_one_mebibyte() {
    const LIMIT: usize = 1024 * 1024;
    for (body, ours, skipped, why) in [
        (LIMIT - 471, [5, 5], "", "one byte under"),
        (LIMIT - 470, [5, 5], "", "at the limit"),
        (LIMIT - 469, [5, 4], "over the size limit", "one byte over"),
        (LIMIT - 50, [1, 1], "over the size limit", "the first pair for both"),
        (LIMIT, [0, 0], "over the size limit", "full"),
    ] {
        let ((), endpoint, spans) = in_scope(ok(r#"{"Successful":[],"Failed":[]}"#), |endpoint| async move {
            let sqs = thundra_aws::sqs::client(&endpoint.config());
            let entry = |id: &str, bytes| {
                SendMessageBatchRequestEntry::builder().id(id).message_body("x".repeat(bytes)).build().unwrap()
            };
            let batch = sqs.send_message_batch().queue_url(QUEUE);
            batch.entries(entry("a", 10)).entries(entry("b", body - 10)).send().await.unwrap();
        });
        let (call, request) = (only_call(&spans), endpoint.request().json());
        let count = |n: usize| request["Entries"][n]["MessageAttributes"].as_object().map_or(0, |all| all.len());
        assert_eq!([count(0), count(1)], ours, "{why}");
        assert_eq!(attribute(call, "thundra.injection.skipped"), skipped, "{why}");
        let header = &request["Entries"][1]["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"];
        assert_eq!((header.as_str(), call.kind), (Some(context_of(call).1.as_str()), SpanKind::Producer), "{why}");
    }
}

#[test]
fn settling_is_no_send() {
    const ANSWER: &str =
        r#"{"Successful":[{"Id":"a"}],"Failed":[{"Id":"b","Code":"ReceiptHandleIsInvalid","SenderFault":true}]}"#;
    let ((), _, spans) =
        in_scope(vec![Answer::Status(200, "{}"), Answer::Status(200, ANSWER)], |endpoint| async move {
            let sqs = thundra_aws::sqs::client(&endpoint.config());
            sqs.delete_message().queue_url(QUEUE).receipt_handle("h").send().await.unwrap();
            let entry = |id| DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(id).build().unwrap();
            let batch = sqs.delete_message_batch().queue_url(QUEUE).entries(entry("a")).entries(entry("b"));
            batch.send().await.unwrap();
        });
    for (call, status) in
        spans.iter().zip([Status::Unset, Status::error("1 of 2 messages failed: ReceiptHandleIsInvalid")])
    {
        let keys = ["messaging.operation.type", "messaging.operation.name", "messaging.destination.name"];
        assert_eq!(keys.map(|key| attribute(call, key)), ["settle", "settle", "jobs"]);
        assert_eq!((call.kind, &call.status), (SpanKind::Client, &status));
    }
}

#[test]
fn kinesis_carries_the_context_in_the_data() {
    const ANSWER: &str = r#"{"ShardId":"shard-1","SequenceNumber":"49"}"#;
    let ((), endpoint, spans) = in_scope(ok(ANSWER), |endpoint| async move {
        let kinesis = thundra_aws::kinesis::client(&endpoint.config());
        let put = kinesis.put_record().stream_name("clicks").partition_key("k");
        put.data(Blob::new(b"{ \"id\": 12345678901234567890, \"d\": 1.0 }\n")).send().await.unwrap();
    });
    assert_eq!(
        below_root(&spans, &endpoint),
        "└ Kinesis.PutRecord [producer] rpc.system=aws-api rpc.service=Kinesis rpc.method=PutRecord \
         cloud.region=eu-west-1 aws.kinesis.stream_name=clicks messaging.system=aws_kinesis \
         messaging.operation.name=send messaging.operation.type=send messaging.destination.name=clicks \
         server.address=127.0.0.1 http.response.status_code=200 aws.request_id=r-1 messaging.message.id=49 \
         messaging.destination.partition.id=shard-1\n"
    );
    let data = data(&endpoint.request().json()["Data"]);
    let (context, rest) = data.strip_prefix("{\"__context__\":").unwrap().split_once("},").unwrap();
    assert_eq!(rest, " \"id\": 12345678901234567890, \"d\": 1.0 }\n", "no other byte changes");
    let traceparent = context_of(only_call(&spans)).0;
    assert_eq!(
        serde_json::from_str::<Value>(&format!("{context}}}")).unwrap(),
        json!({
            "x-correlation-id": "c-1",
            "call-chain-length": 1,
            "debug-log-enabled": "false",
            "traceparent": traceparent,
            "x-correlation-traceparent": traceparent,
        })
    );
}

#[test]
fn kinesis_batches_leave_other_data_alone_and_tell_of_failures() {
    const ANSWER: &str = r#"{"FailedRecordCount":1,"Records":[{"SequenceNumber":"1","ShardId":"s"},
        {"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"slow down"}]}"#;
    let ((), endpoint, spans) = in_scope(ok(ANSWER), |endpoint| async move {
        let kinesis = thundra_aws::kinesis::client(&endpoint.config());
        let record = |data: &str| PutRecordsRequestEntry::builder().data(Blob::new(data)).partition_key("k").build();
        let put = kinesis.put_records().stream_arn("arn:aws:kinesis:eu-west-1:123456789012:stream/clicks");
        put.records(record("{}").unwrap()).records(record("[1, 2]").unwrap()).send().await.unwrap();
    });
    let (call, request) = (only_call(&spans), endpoint.request().json());
    assert!(data(&request["Records"][0]["Data"]).starts_with("{\"__context__\":{"));
    assert_eq!(data(&request["Records"][1]["Data"]), "[1, 2]");
    assert_eq!(call.status, Status::error("1 of 2 messages failed: ProvisionedThroughputExceededException"));
    assert_eq!(
        ["messaging.batch.message_count", "messaging.destination.name", "thundra.injection.skipped"]
            .map(|key| attribute(call, key)),
        ["2", "clicks", "no JSON object"]
    );
}

#[test]
fn outside_of_a_scope_a_traced_client_is_a_plain_one() {
    async fn all(sns: aws_sdk_sns::Client, sqs: aws_sdk_sqs::Client, kinesis: aws_sdk_kinesis::Client) {
        let _ = sns.publish().topic_arn(TOPIC).message("hi").send().await;
        let _ = sqs.send_message().queue_url(QUEUE).message_body("hi").send().await;
        let _ = kinesis.put_record().stream_name("s").partition_key("k").data(Blob::new(b"{}")).send().await;
    }
    let ((), endpoint) = with_endpoint(ok("{}"), |endpoint| async move {
        let config = endpoint.config();
        all(
            aws_sdk_sns::Client::new(&config),
            aws_sdk_sqs::Client::new(&config),
            aws_sdk_kinesis::Client::new(&config),
        )
        .await;
        all(
            thundra_aws::client!(aws_sdk_sns, &config),
            thundra_aws::sqs::client(&config),
            thundra_aws::kinesis::client(&config),
        )
        .await;
    });
    let requests = endpoint.requests();
    assert_eq!(requests.len(), 6, "{requests:?}");
    for n in 0..3 {
        assert_eq!(requests[n].essence(), requests[n + 3].essence());
    }
}

#[test]
fn an_unsampled_trace_travels_on_unrecorded() {
    let (spans, endpoint) = with_endpoint(ok(PUBLISHED), |endpoint| async move {
        let config = Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", "always_off")]));
        let scope = Scope::builder("invocation").begin_with(&config);
        scope.run(async { publish(&endpoint.config()).await }).await;
        scope.finish().count()
    });
    assert_eq!(spans, 0);
    let attributes = endpoint.request().sns_attributes("");
    assert!(attributes["traceparent"].ends_with("-02") && attributes.contains_key("x-correlation-id"));
}

#[test]
fn errors_have_the_code_of_the_service() {
    const XML: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>";
    const JSON: &str =
        r#"{"__type":"com.amazonaws.kinesis#ValidationException","message":"Value 'secret' is invalid"}"#;
    let ((), _, spans) = in_scope(vec![Answer::Status(404, XML), Answer::Status(400, JSON)], |endpoint| async move {
        let config = endpoint.config();
        let sns = thundra_aws::sns::client(&config);
        sns.publish().topic_arn(TOPIC).message("hi").send().await.unwrap_err();
        let kinesis = thundra_aws::kinesis::client(&config);
        kinesis.put_record().stream_name("s").partition_key("k").data(Blob::new("x")).send().await.unwrap_err();
    });
    let said: Vec<_> = spans[..2].iter().map(|span| (attribute(span, "error.type"), span.status.clone())).collect();
    assert_eq!(
        said,
        [
            ("NotFound".to_owned(), Status::error("NotFound: Topic does not exist")),
            // Messages about invalid requests repeat their values.
            ("ValidationException".to_owned(), Status::error("ValidationException")),
        ]
    );
    assert_eq!(attribute(&spans[0], "http.response.status_code"), "404");
}

#[test]
fn presigned_requests_are_left_alone() {
    let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
        let config = aws_sdk_sns::config::Builder::from(&endpoint.config()).interceptor(Presigning).traced();
        let sns = aws_sdk_sns::Client::from_conf(config.build());
        sns.publish().topic_arn(TOPIC).message("hi").send().await.unwrap();
    });
    assert_eq!(spans.len(), 1, "the scope's own");
    let request = endpoint.request();
    assert!(request.sns_attributes("").is_empty() && !request.headers.contains_key("x-amzn-trace-id"));
}

/// Runs a future where OpenTelemetry suppresses telemetry.
#[cfg(feature = "otel")]
async fn suppressed<F: Future>(f: F) -> F::Output {
    let mut f = Box::pin(f);
    std::future::poll_fn(move |cx| {
        let _guard = thundra_core::otel::context().with_telemetry_suppressed().attach();
        f.as_mut().poll(cx)
    })
    .await
}

#[test]
#[cfg(feature = "otel")]
fn what_opentelemetry_suppresses_is_left_alone() {
    let ((), endpoint, spans) = in_scope(ok("{}"), |endpoint| async move {
        let sqs = thundra_aws::sqs::client(&endpoint.config());
        suppressed(async {
            sqs.send_message().queue_url(QUEUE).message_body("hi").send().await.unwrap();
            sqs.receive_message().queue_url(QUEUE).send().await.unwrap();
        })
        .await;
        sqs.send_message().queue_url(QUEUE).message_body("hi").send().await.unwrap();
    });
    let requests = endpoint.requests();
    assert_eq!(requests[0].json(), json!({"QueueUrl": QUEUE, "MessageBody": "hi"}));
    assert_eq!(requests[1].json(), json!({"QueueUrl": QUEUE}));
    assert!(!requests[0].headers.contains_key("x-amzn-trace-id"));
    let carried = &requests[2].json()["MessageAttributes"]["traceparent"]["StringValue"];
    assert_eq!(*carried, context_of(only_call(&spans)).0, "the one that is not suppressed");
}

#[test]
fn a_second_interceptor_stands_down() {
    let ((), endpoint, spans) =
        in_scope(vec![Answer::Status(400, THROTTLED), Answer::Status(200, PUBLISHED)], |endpoint| async move {
            let config = aws_sdk_sns::config::Builder::from(&endpoint.config()).traced().traced().build();
            let sns = aws_sdk_sns::Client::from_conf(config);
            sns.publish().topic_arn(TOPIC).message("hi").send().await.unwrap();
        });
    let call = only_call(&spans);
    assert_eq!((&call.status, attribute(call, "thundra.throttled_attempts")), (&Status::Unset, "1".to_owned()));
    for request in endpoint.requests() {
        assert_eq!(request.sns_attributes("")["traceparent"], context_of(call).0);
    }
}

#[test]
fn the_callers_trace_header_wins() {
    let ((), endpoint, _) = in_scope(ok(PUBLISHED), |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let publish = sns.publish().topic_arn(TOPIC).message("hi").customize();
        let mine = |request: &mut aws_smithy_runtime_api::http::Request| {
            request.headers_mut().insert("x-amzn-trace-id", "mine");
        };
        publish.mutate_request(mine).send().await.unwrap();
    });
    assert_eq!(endpoint.request().headers["x-amzn-trace-id"], "mine");
}

/// An HTTP client of the program's own, traced as any other.
#[derive(Clone, Debug)]
struct OwnHttp;

impl HttpConnector for OwnHttp {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(async {
            let answer = async |_: http::Request<SdkBody>| {
                Ok::<_, std::convert::Infallible>(http::Response::new(SdkBody::from(PUBLISHED)))
            };
            let mut client = thundra_http::Layer::client().layer(lambda_runtime::service_fn(answer));
            Ok(client.call(request.try_into_http1x().unwrap()).await.unwrap().try_into().unwrap())
        })
    }
}

#[test]
fn a_traced_http_client_below_makes_no_second_span() {
    let ((), _, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
        let own = http_client_fn(|_, _| SharedHttpConnector::new(OwnHttp));
        let config = endpoint.config().into_builder().http_client(own).build();
        publish(&config).await;
        // Without the interceptor it is the only one that tells of the request.
        let plain = aws_sdk_sns::Client::new(&config);
        plain.publish().topic_arn(TOPIC).message("hi").send().await.unwrap();
    });
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["SNS.Publish", "POST", "invocation"]);
}
