//! Calls of the genuine SDK clients, seen from both sides: what goes over the wire, and what is recorded.

#![cfg(all(feature = "sns", feature = "sqs", feature = "kinesis"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_runtime::invocation_id::InvocationIdInterceptor;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_sns::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_sns::types::{MessageAttributeValue, PublishBatchRequestEntry};
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::interceptors::{Intercept, disable_interceptor};
use aws_smithy_types::config_bag::ConfigBag;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::{Value, json};
use thundra_aws::Traced;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::testing::tree;
use thundra_core::{Config, Env, Scope, SpanData, SpanKind, Status};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tracing::{Instrument, info_span};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";
const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
const PUBLISHED: &str = "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>";

/// A request as it arrived.
#[derive(Clone, Debug)]
struct Request {
    headers: BTreeMap<String, String>,
    body: String,
}

impl Request {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The pairs of a form, as SNS has them.
    fn form(&self) -> BTreeMap<String, String> {
        self.body.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (decode(k), decode(v))).collect()
    }

    /// The attributes of the SNS message below this prefix.
    fn sns_attributes(&self, prefix: &str) -> BTreeMap<String, String> {
        let form = self.form();
        let entry = |n| format!("{prefix}MessageAttributes.entry.{n}");
        let name = |n| form.get(&format!("{}.Name", entry(n)));
        (1..)
            .map_while(|n| Some((name(n)?.clone(), form[&format!("{}.Value.StringValue", entry(n))].clone())))
            .collect()
    }

    /// What two requests for the same thing have in common.
    fn essence(&self) -> (Vec<(&str, &str)>, &str) {
        let changing = ["amz-sdk-invocation-id", "authorization", "x-amz-date", "host"];
        let headers = self.headers.iter().filter(|(name, _)| !changing.contains(&name.as_str()));
        (headers.map(|(name, value)| (name.as_str(), value.as_str())).collect(), &self.body)
    }
}

fn decode(text: &str) -> String {
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(out).unwrap()
}

/// Answers to requests in the order they come, the last one for all that follow; no answer is silence.
type Answers = Vec<Option<(u16, &'static str)>>;

/// An endpoint that keeps what it is sent.
struct Endpoint {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Endpoint {
    async fn start(answers: Answers) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (kept, answers) = (requests.clone(), Arc::new(answers));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, kept.clone(), answers.clone()));
            }
        });
        Endpoint { url, requests }
    }

    fn config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .endpoint_url(&self.url)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new("id", "key", None, None, "test")))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(1)))
            .build()
    }

    fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    fn request(&self) -> Request {
        self.requests().pop().unwrap()
    }
}

async fn serve(mut stream: TcpStream, kept: Arc<Mutex<Vec<Request>>>, answers: Arc<Answers>) -> std::io::Result<()> {
    let mut input = Vec::new();
    loop {
        let head = loop {
            if let Some(at) = input.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            if stream.read_buf(&mut input).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&input[..head]).into_owned();
        let headers: BTreeMap<_, _> = text
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let end = head + 4 + headers.get("content-length").map_or(0, |length| length.parse().unwrap());
        while input.len() < end {
            stream.read_buf(&mut input).await?;
        }
        let body = String::from_utf8(input[head + 4..end].to_vec()).unwrap();
        input.drain(..end);
        let number = {
            let mut kept = kept.lock().unwrap();
            kept.push(Request { headers, body });
            kept.len() - 1
        };
        let Some((status, body)) = answers[number.min(answers.len() - 1)] else {
            std::future::pending::<()>().await;
            continue;
        };
        let answer = format!(
            "HTTP/1.1 {status} S\r\nx-amzn-requestid: r-{}\r\ncontent-length: {}\r\n\r\n{body}",
            number + 1,
            body.len()
        );
        stream.write_all(answer.as_bytes()).await?;
    }
}

/// Runs a future on a thread of its own choosing nothing: one runtime, one subscriber, one endpoint.
fn with_endpoint<R, F: Future<Output = R>>(answers: Answers, f: impl FnOnce(Arc<Endpoint>) -> F) -> (R, Arc<Endpoint>) {
    let config = Config::from_env(&Env::from_pairs::<&str, &str>([]));
    tracing::subscriber::with_default(thundra_core::subscriber(&config), || {
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
    let ((result, spans), endpoint) = with_endpoint(answers, |endpoint| async {
        let config = Config::from_env(&Env::from_pairs::<&str, &str>([]));
        let scope = Scope::builder("invocation").default_correlation_id("c-1").parent(inbound).begin_with(&config);
        let result = scope.run(f(endpoint)).await;
        (result, scope.finish().spans().collect::<Vec<_>>())
    });
    (result, endpoint, spans)
}

fn ok(body: &'static str) -> Answers {
    vec![Some((200, body))]
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
    (format!("00-{trace}-{id}-01"), format!("Root=1-{}-{};Parent={id};Sampled=1", &trace[..8], &trace[8..]))
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
    let answers = || vec![Some((500, "")), Some((200, PUBLISHED))];
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
fn receiving_and_settling_are_no_sends() {
    let ((), endpoint, spans) = in_scope(ok("{}"), |endpoint| async move {
        let sqs = thundra_aws::sqs::client(&endpoint.config());
        sqs.receive_message().queue_url(QUEUE).send().await.unwrap();
        sqs.delete_message().queue_url(QUEUE).receipt_handle("h").send().await.unwrap();
    });
    let types: Vec<_> = spans.iter().map(|span| attribute(span, "messaging.operation.type")).collect();
    assert_eq!(types[..2], ["receive", "settle"]);
    assert!(spans[..2].iter().all(|span| span.kind == SpanKind::Client));
    assert_eq!(endpoint.requests()[0].json(), json!({"QueueUrl": QUEUE}));
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

fn data(encoded: &Value) -> String {
    String::from_utf8(BASE64_STANDARD.decode(encoded.as_str().unwrap()).unwrap()).unwrap()
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
        ["2", "clicks", "no JSON object, or a context of its own"]
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
        scope.finish().span_count()
    });
    assert_eq!(spans, 0);
    let attributes = endpoint.request().sns_attributes("");
    assert!(attributes["traceparent"].ends_with("-00") && attributes.contains_key("x-correlation-id"));
}

#[test]
fn errors_have_the_code_of_the_service() {
    const XML: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>NotFound</Code><Message>Topic does not exist</Message></Error></ErrorResponse>";
    const JSON: &str =
        r#"{"__type":"com.amazonaws.kinesis#ValidationException","message":"Value 'secret' is invalid"}"#;
    let ((), _, spans) = in_scope(vec![Some((404, XML)), Some((400, JSON))], |endpoint| async move {
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
fn retries_repeat_the_request_within_one_span() {
    let answers = vec![Some((500, "")), Some((503, "")), Some((200, PUBLISHED))];
    let ((), endpoint, spans) = in_scope(answers, |endpoint| async move { publish(&endpoint.config()).await });
    let call = only_call(&spans);
    assert_eq!(
        ["http.request.resend_count", "http.response.status_code", "aws.request_id"].map(|key| attribute(call, key)),
        ["2", "200", "r-3"]
    );
    assert_eq!(call.status, Status::Unset);
    let requests = endpoint.requests();
    assert!(requests.iter().all(|request| request.body == requests[0].body));
}

#[test]
fn what_never_reached_the_service_says_why() {
    let ((), _, spans) = in_scope(vec![None], |endpoint| async move {
        let builder = || endpoint.config().into_builder().retry_config(RetryConfig::disabled());
        let unreachable = builder().endpoint_url("http://127.0.0.1:1").build();
        let sqs = thundra_aws::sqs::client(&unreachable);
        sqs.send_message().queue_url(QUEUE).message_body("hi").send().await.unwrap_err();
        let timeout = TimeoutConfig::builder().operation_timeout(Duration::from_millis(50)).build();
        let sqs = thundra_aws::sqs::client(&builder().timeout_config(timeout).build());
        sqs.send_message().queue_url(QUEUE).message_body("hi").send().await.unwrap_err();
    });
    let types: Vec<_> = spans[..2].iter().map(|span| attribute(span, "error.type")).collect();
    assert_eq!(types, ["connector", "timeout"]);
    assert!(spans[..2].iter().all(|span| span.status.is_error()), "{}", tree(&spans));
}

#[test]
fn a_dropped_call_is_a_cancelled_one() {
    let ((), endpoint, spans) = in_scope(vec![None], |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let call = sns.publish().topic_arn(TOPIC).message("hi").send();
        tokio::time::timeout(Duration::from_millis(200), call).await.unwrap_err();
    });
    assert_eq!(endpoint.requests().len(), 1);
    let call = only_call(&spans);
    assert_eq!((&call.status, attribute(call, "error.type")), (&Status::error("cancelled"), "cancelled".to_owned()));
    assert!(call.duration() > Duration::from_millis(100), "{:?}", call.duration());
}

/// Does what presigning does to tell the other interceptors.
#[derive(Debug)]
struct Presigning;

impl Intercept for Presigning {
    fn name(&self) -> &'static str {
        "Presigning"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(disable_interceptor::<InvocationIdInterceptor>("presigning"));
        Ok(())
    }
}

#[test]
fn presigned_requests_are_left_alone() {
    let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
        let config = aws_sdk_sns::config::Builder::from(&endpoint.config()).interceptor(Presigning).traced().build();
        let sns = aws_sdk_sns::Client::from_conf(config);
        sns.publish().topic_arn(TOPIC).message("hi").send().await.unwrap();
    });
    assert_eq!(spans.len(), 1);
    let request = endpoint.request();
    assert!(request.sns_attributes("").is_empty() && !request.headers.contains_key("x-amzn-trace-id"));
}

#[test]
fn a_second_interceptor_stands_down() {
    let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
        let config = aws_sdk_sns::config::Builder::from(&endpoint.config()).traced().traced().build();
        let sns = aws_sdk_sns::Client::from_conf(config);
        sns.publish().topic_arn(TOPIC).message("hi").send().await.unwrap();
    });
    assert_eq!(only_call(&spans).status, Status::Unset);
    assert_eq!(endpoint.request().sns_attributes("")["traceparent"], context_of(only_call(&spans)).0);
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

#[test]
fn concurrent_calls_each_have_their_parent() {
    let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
        let sns = thundra_aws::sns::client(&endpoint.config());
        let mut calls = tokio::task::JoinSet::new();
        for n in 0..50 {
            let publish = sns.publish().topic_arn(TOPIC).message(n.to_string());
            calls.spawn(async move { publish.send().await.unwrap() }.instrument(info_span!("caller", n)));
        }
        calls.join_all().await;
    });
    let callers: BTreeMap<_, _> = spans
        .iter()
        .filter(|span| span.name == "caller")
        .map(|span| (span.context.span_id.to_string(), attribute(span, "n")))
        .collect();
    let calls: BTreeMap<_, _> = spans
        .iter()
        .filter(|span| span.name == "SNS.Publish")
        .map(|span| (context_of(span).0, &callers[&span.parent_span_id.unwrap().to_string()]))
        .collect();
    assert_eq!((callers.len(), calls.len()), (50, 50));
    for request in endpoint.requests() {
        assert_eq!(&request.form()["Message"], calls[&request.sns_attributes("")["traceparent"]]);
    }
}
