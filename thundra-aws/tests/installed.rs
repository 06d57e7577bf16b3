//! Tests with installed telemetry: unwrapped clients, and calls from many threads.

#![cfg(all(feature = "unwrapped-clients", feature = "sns", feature = "sqs"))]
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "sdk/endpoint.rs"]
mod endpoint;
#[cfg(all(feature = "batch", feature = "http", feature = "testing"))]
mod invoke;

use std::collections::BTreeMap;
use std::future::Future;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_polly::presigning::PresigningConfig;
use aws_sdk_polly::types::{OutputFormat, VoiceId};
use thundra_core::testing::tree;
use thundra_core::{Scope, SpanData, SpanKind, Status};
use tracing::{Instrument, info_span};

use endpoint::{Answer, Answers, Endpoint, ok};

const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";
const PUBLISHED: &str = "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>";

/// Runs a future in a scope, on a runtime with several threads. Returns the endpoint and the recorded spans.
fn in_scope<F: Future<Output = ()>>(
    answers: Answers,
    f: impl FnOnce(SdkConfig) -> F,
) -> (Arc<Endpoint>, Vec<SpanData>) {
    run(tokio::runtime::Builder::new_multi_thread().worker_threads(4), answers, f)
}

/// Runs a future in a scope, on the current thread.
fn here<F: Future<Output = ()>>(answers: Answers, f: impl FnOnce(SdkConfig) -> F) -> (Arc<Endpoint>, Vec<SpanData>) {
    run(&mut tokio::runtime::Builder::new_current_thread(), answers, f)
}

fn run<F: Future<Output = ()>>(
    runtime: &mut tokio::runtime::Builder,
    answers: Answers,
    f: impl FnOnce(SdkConfig) -> F,
) -> (Arc<Endpoint>, Vec<SpanData>) {
    static TELEMETRY: OnceLock<thundra_http::TelemetryGuard> = OnceLock::new();
    TELEMETRY.get_or_init(thundra_aws::init);
    runtime.enable_all().build().unwrap().block_on(async {
        let endpoint = Arc::new(Endpoint::start(answers).await);
        let scope = Scope::builder("invocation").begin();
        scope.run(f(endpoint.config())).await;
        (endpoint, scope.finish().spans().collect())
    })
}

/// Returns the only span below the root.
fn only(spans: &[SpanData]) -> &SpanData {
    assert_eq!(spans.len(), 2, "{}", tree(spans));
    assert_eq!(spans[0].parent_span_id, Some(spans[1].context.span_id));
    &spans[0]
}

fn attribute(span: &SpanData, key: &str) -> String {
    span.attribute(key).map(ToString::to_string).unwrap_or_default()
}

fn traceparent(span: &SpanData) -> String {
    thundra_core::propagation::format_traceparent(&span.context)
}

async fn publish(sns: aws_sdk_sns::Client) {
    let _ = sns.publish().topic_arn(TOPIC).message("hi").send().await;
}

#[test]
fn an_unwrapped_client_shows_up_with_its_status() {
    const GONE: &str = "<ErrorResponse><Error><Code>NotFound</Code><Message>no topic</Message></Error></ErrorResponse>";
    for (answers, error_type, status) in [
        (ok(PUBLISHED), "", "200"),
        (vec![Answer::Status(500, ""), Answer::Status(200, PUBLISHED)], "", "200"),
        (vec![Answer::Status(404, GONE)], "404", "404"),
        (vec![Answer::Silence], "timeout", ""),
        (vec![Answer::Reset], "connector", ""),
    ] {
        let (endpoint, spans) = in_scope(answers, async |config| {
            let timeout = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_millis(300)).build();
            let retries = RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(1));
            let config = config.into_builder().timeout_config(timeout).retry_config(retries).build();
            publish(aws_sdk_sns::Client::new(&config)).await;
        });
        let call = only(&spans);
        assert_eq!(
            (call.name.as_str(), call.kind, call.status.is_error()),
            ("SNS.Publish", SpanKind::Client, !error_type.is_empty())
        );
        let keys = ["rpc.system", "rpc.service", "rpc.method", "error.type", "http.response.status_code"];
        assert_eq!(keys.map(|key| attribute(call, key)), ["aws-api", "SNS", "Publish", error_type, status]);
        assert!(call.end_time.duration_since(call.start_time).unwrap() > Duration::from_micros(50), "{call:?}");
        assert!(endpoint.request().sns_attributes("").is_empty(), "no ids travel");
    }
}

/// The test runs a separate process, in which no other test has caused the report.
#[test]
fn an_unwrapped_client_gets_the_remedy_once() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "an_unwrapped_client_shows_up_with_its_status", "--nocapture"])
        .output()
        .unwrap();
    let reported = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<_> = reported.lines().filter(|line| line.contains("not wrapped")).collect();
    assert_eq!(lines.len(), 1, "{reported}");
    assert!(lines[0].contains("aws_sdk_sns") && lines[0].contains("thundra_aws::sns::client(&config)"), "{reported}");
}

#[test]
fn beside_the_interceptor_nothing_shows_up_twice() {
    let (endpoint, spans) = in_scope(ok(PUBLISHED), async |config| publish(thundra_aws::sns::client(&config)).await);
    let call = only(&spans);
    let keys = ["cloud.region", "messaging.destination.name", "aws.request_id", "messaging.message.id", "error.type"];
    assert_eq!(keys.map(|key| attribute(call, key)), ["eu-west-1", "orders", "r-1", "m-1", ""]);
    assert_eq!((call.name.as_str(), call.kind, &call.status), ("SNS.Publish", SpanKind::Producer, &Status::Unset));
    assert_eq!(endpoint.request().sns_attributes("")["traceparent"], traceparent(call));
    // The interceptor records the outcome too, with the error code of the service.
    const GONE: &str = "<ErrorResponse><Error><Code>NotFound</Code><Message>no topic</Message></Error></ErrorResponse>";
    let (_, spans) =
        in_scope(vec![Answer::Status(404, GONE)], async |config| publish(thundra_aws::sns::client(&config)).await);
    let call = only(&spans);
    assert_eq!(
        (attribute(call, "error.type"), &call.status),
        ("NotFound".to_owned(), &Status::error("NotFound: no topic"))
    );
}

#[test]
fn a_presigned_request_is_not_a_call() {
    for wrapped in [true, false] {
        let (endpoint, spans) = in_scope(ok(""), async |config| {
            let wrap = || thundra_aws::client!(aws_sdk_polly, &config);
            let polly = if wrapped { wrap() } else { aws_sdk_polly::Client::new(&config) };
            let speech =
                polly.synthesize_speech().output_format(OutputFormat::Mp3).text("hi").voice_id(VoiceId::Joanna);
            let request =
                speech.presigned(PresigningConfig::expires_in(Duration::from_secs(9)).unwrap()).await.unwrap();
            assert!(request.uri().contains("X-Amz-Signature") && request.headers().count() == 0, "{request:?}");
        });
        assert_eq!((spans.len(), endpoint.requests().len()), (1, 0), "{}", tree(&spans));
    }
}

#[cfg(feature = "otel")]
#[test]
fn what_opentelemetry_suppresses_is_no_call() {
    for wrapped in [true, false] {
        let (_, spans) = in_scope(ok(PUBLISHED), async |config| {
            let sns = if wrapped { thundra_aws::sns::client(&config) } else { aws_sdk_sns::Client::new(&config) };
            let mut call = Box::pin(publish(sns));
            let suppressed = std::future::poll_fn(move |cx| {
                let _guard = thundra_core::otel::context().with_telemetry_suppressed().attach();
                call.as_mut().poll(cx)
            });
            suppressed.await;
        });
        assert_eq!(spans.len(), 1, "{}", tree(&spans));
    }
}

#[test]
fn an_unwrapped_client_shows_up_beside_a_subscriber_of_the_programs_own() {
    use tracing_subscriber::layer::SubscriberExt;
    for wrapped in [true, false] {
        let own = tracing_subscriber::registry().with(tracing_subscriber::fmt::layer().with_test_writer());
        let _own = tracing::subscriber::set_default(own.with(thundra_core::layer()));
        let (_, spans) = here(ok(PUBLISHED), async |config| {
            let sns = if wrapped { thundra_aws::sns::client(&config) } else { aws_sdk_sns::Client::new(&config) };
            publish(sns).await;
        });
        let kind = if wrapped { SpanKind::Producer } else { SpanKind::Client };
        assert_eq!((only(&spans).name.as_str(), only(&spans).kind), ("SNS.Publish", kind));
    }
}

#[test]
fn the_end_of_a_request_for_credentials_is_not_that_of_the_call() {
    // The token has no expiry, so no credentials result, and the client does not send the call.
    let (endpoint, spans) = in_scope(ok("a token"), async |config| {
        let imds = aws_config::imds::Client::builder().endpoint(config.endpoint_url().unwrap()).unwrap();
        let provider = ImdsCredentialsProvider::builder().imds_client(imds.build()).profile("role").build();
        let provider = aws_sdk_sns::config::SharedCredentialsProvider::new(provider);
        publish(thundra_aws::sns::client(&config.into_builder().credentials_provider(provider).build())).await;
    });
    assert!(
        endpoint.request().headers.contains_key("x-aws-ec2-metadata-token-ttl-seconds"),
        "{:?}",
        endpoint.request()
    );
    let call = only(&spans);
    assert_eq!((call.kind, attribute(call, "http.response.status_code")), (SpanKind::Producer, String::new()));
}

#[test]
fn a_dropped_call_is_cancelled_with_any_client() {
    for wrapped in [true, false] {
        let (_, spans) = in_scope(vec![Answer::Silence], async |config| {
            let sns = if wrapped { thundra_aws::sns::client(&config) } else { aws_sdk_sns::Client::new(&config) };
            tokio::time::timeout(Duration::from_millis(100), publish(sns)).await.unwrap_err();
        });
        let call = only(&spans);
        assert_eq!((call.name.as_str(), &call.status), ("SNS.Publish", &Status::error("cancelled")));
    }
}

#[test]
fn two_hundred_calls_from_tasks_and_threads_have_their_parents() {
    let (endpoint, spans) = in_scope(ok(PUBLISHED), async |config| {
        let wrapped = thundra_aws::sns::client(&config);
        let mut tasks = tokio::task::JoinSet::new();
        let mut threads = Vec::new();
        for n in 0..200 {
            let publish = wrapped.publish().topic_arn(TOPIC).message(n.to_string());
            let caller = info_span!("caller", n);
            let call = async move { drop(publish.send().await.unwrap()) }.instrument(caller);
            if n % 2 == 0 {
                tasks.spawn(call);
            } else {
                let runtime = tokio::runtime::Handle::current();
                threads.push(tokio::task::spawn_blocking(move || {
                    std::thread::spawn(move || runtime.block_on(call)).join().unwrap();
                }));
            }
        }
        tasks.join_all().await;
        for thread in threads {
            thread.await.unwrap();
        }
    });
    let callers: BTreeMap<_, _> = spans
        .iter()
        .filter(|span| span.name == "caller")
        .map(|span| (span.context.span_id.to_string(), attribute(span, "n")))
        .collect();
    let calls: BTreeMap<_, _> = spans
        .iter()
        .filter(|span| span.name == "SNS.Publish")
        .map(|span| (traceparent(span), &callers[&span.parent_span_id.unwrap().to_string()]))
        .collect();
    assert_eq!((callers.len(), calls.len(), spans.len()), (200, 200, 401));
    for request in endpoint.requests() {
        assert_eq!(&request.form()["Message"], calls[&request.sns_attributes("")["traceparent"]]);
    }
}
