//! Calls against an endpoint of the test, in a scope and outside.

use std::future::Future;
use std::sync::Arc;

use aws_config::SdkConfig;
use aws_sdk_sns::types::MessageAttributeValue;
use thundra_core::propagation::{Inbound, format_traceparent};
use thundra_core::testing::tree;
use thundra_core::{Config, Env, Scope, SpanData};

use crate::endpoint::{Answers, Endpoint};

pub(crate) const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:orders";
pub(crate) const QUEUE: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs";
pub(crate) const THROTTLED: &str = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>";
pub(crate) const PUBLISHED: &str =
    "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>";

/// Runs a future with a subscriber and an endpoint.
pub(crate) fn with_endpoint<R, F: Future<Output = R>>(
    answers: Answers,
    f: impl FnOnce(Arc<Endpoint>) -> F,
) -> (R, Arc<Endpoint>) {
    with_endpoint_under(&Config::from_env(&Env::from_pairs::<&str, &str>([])), answers, f)
}

/// Runs a future as [`with_endpoint`] does, under `config`.
pub(crate) fn with_endpoint_under<R, F: Future<Output = R>>(
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

/// Runs a future as [`with_endpoint`] does, in a scope. Returns the spans as well.
pub(crate) fn in_scope<R, F: Future<Output = R>>(
    answers: Answers,
    f: impl FnOnce(Arc<Endpoint>) -> F,
) -> (R, Arc<Endpoint>, Vec<SpanData>) {
    in_scope_of(Inbound::default(), answers, f)
}

/// Runs a future as [`in_scope`] does, in a scope with `inbound` as the inbound context.
pub(crate) fn in_scope_of<R, F: Future<Output = R>>(
    inbound: Inbound,
    answers: Answers,
    f: impl FnOnce(Arc<Endpoint>) -> F,
) -> (R, Arc<Endpoint>, Vec<SpanData>) {
    in_scope_with(Config::from_env(&Env::from_pairs::<&str, &str>([])), inbound, answers, f)
}

/// Runs a future as [`in_scope_of`] does, under `config`.
pub(crate) fn in_scope_with<R, F: Future<Output = R>>(
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

/// Returns the lines below the root, without the port, which differs from run to run.
pub(crate) fn below_root(spans: &[SpanData], endpoint: &Endpoint) -> String {
    let port = format!(" server.port={}", endpoint.url.rsplit(':').next().unwrap());
    tree(spans).split_once('\n').unwrap().1.replace(&port, "")
}

pub(crate) fn only_call(spans: &[SpanData]) -> &SpanData {
    let calls: Vec<_> = spans.iter().filter(|span| span.attribute("rpc.system").is_some()).collect();
    assert_eq!(calls.len(), 1, "{}", tree(spans));
    calls[0]
}

pub(crate) fn attribute(span: &SpanData, key: &str) -> String {
    span.attribute(key).map(ToString::to_string).unwrap_or_default()
}

/// Returns the `traceparent` and the X-Ray header for a span.
pub(crate) fn context_of(span: &SpanData) -> (String, String) {
    let (trace, id) = (span.context.trace_id.to_string(), span.context.span_id);
    (format_traceparent(&span.context), format!("Root=1-{}-{};Parent={id};Sampled=1", &trace[..8], &trace[8..]))
}

pub(crate) fn string(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

pub(crate) async fn publish(config: &SdkConfig) {
    let sns = thundra_aws::sns::client(config);
    sns.publish().topic_arn(TOPIC).message("hi").send().await.unwrap();
}
