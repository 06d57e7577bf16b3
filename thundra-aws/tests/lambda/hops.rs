//! Invocations by changes of objects and items: the span pointers, and writes to the bucket that triggered the
//! invocation.

use std::sync::LazyLock;

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::telemetry::CapturedTelemetryAttributes;
use aws_smithy_types::timeout::TimeoutConfig;
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, service_fn};
use tokio::sync::Barrier;

use crate::endings::TWO;
use crate::peers::{Lambda, Seen};

const READ: &str = "thundra.span_pointers.read";
const BUCKETS: [&str; 2] = ["uploads", "invoices"];

/// Runs the program called `name`, which writes to both buckets, alone or while another invocation is in progress.
pub(crate) fn run(name: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match name {
        "hops" => runtime.block_on(thundra_aws::run(service_fn(write))).unwrap(),
        "hops_at_once" => runtime.block_on(thundra_aws::run_concurrent(service_fn(write_at_once))).unwrap(),
        other => panic!("no program {other}"),
    }
}

async fn write(_: LambdaEvent<Value>) -> Result<(), Error> {
    for bucket in BUCKETS {
        put(bucket).await;
    }
    Ok(())
}

async fn write_at_once(event: LambdaEvent<Value>) -> Result<(), Error> {
    static BOTH: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));
    BOTH.wait().await;
    write(event).await?;
    BOTH.wait().await;
    Ok(())
}

/// The names that the genuine S3 client would capture from the input. The crate of S3 is not a dependency.
#[derive(Clone, Debug)]
struct Bucket(&'static str);

impl Intercept for Bucket {
    fn name(&self) -> &'static str {
        "Bucket"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut captured = CapturedTelemetryAttributes::new();
        captured.insert("Bucket", self.0);
        captured.insert("Key", "k");
        config.interceptor_state().store_put(captured);
        Ok(())
    }
}

async fn put(bucket: &'static str) {
    let url = format!("http://{}/{bucket}", std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap());
    let operation = Operation::builder().service_name("S3").operation_name("PutObject");
    let operation = operation.behavior_version(aws_config::BehaviorVersion::latest()).endpoint_url(&url);
    let operation = operation.no_auth().no_retry().timeout_config(TimeoutConfig::disabled());
    let operation = operation.interceptor(Bucket(bucket)).interceptor(thundra_aws::interceptor());
    let serialize = move |()| {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_method("PUT")?;
        request.set_uri(url.clone())?;
        Ok(request)
    };
    // The server of the test knows no buckets. Any response counts as success.
    let done = |_: &HttpResponse| Ok::<_, OrchestratorError<std::io::Error>>(());
    operation.serializer(serialize).deserializer(done).build().invoke(()).await.unwrap();
}

fn created(bucket: &str) -> Value {
    json!({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": "some-key.data", "eTag": "ab12ef34"}}}]})
}

fn notification(message: &Value) -> Value {
    json!({"Type": "Notification", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Message": message.to_string()})
}

/// Returns the buckets of the marked calls below each root span, by the request id.
fn marked(seen: &[Seen]) -> Vec<(String, Vec<String>)> {
    let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
    let calls = |trace: &str| {
        let marked = spans.iter().filter(|span| span.trace == trace && span.text("thundra.loop.suspected") == "true");
        marked.map(|span| span.text("aws.s3.bucket")).collect()
    };
    let roots = spans.iter().filter(|span| span.kind == 2);
    let mut marked: Vec<_> = roots.map(|root| (root.text("aws.s3.bucket"), calls(&root.trace))).collect();
    marked.sort();
    marked
}

#[tokio::test]
async fn the_span_of_an_invocation_points_to_what_triggered_it() {
    const UPLOAD: &str = "1de1a6da13527c401ea17a2fee56b3a4";
    let stream = json!({"Records": [{"eventSource": "aws:dynamodb", "eventName": "REMOVE",
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/some-table/stream/2026-11-26T00:00:00.000",
        "dynamodb": {"Keys": {"some-key": {"S": "some-value"}, "other-key": {"N": "123"}}}}]});
    let bridge = json!({"source": "aws.s3", "detail-type": "Object Created", "id": "7", "detail": {
        "bucket": {"name": "uploads"}, "object": {"key": "some-key.data", "etag": "ab12ef34"}}});
    let upload = created("uploads");
    let sns = json!({"Records": [{"EventSource": "aws:sns", "Sns": notification(&upload)}]});
    let sqs = |body: &Value| json!({"eventSource": "aws:sqs", "body": body.to_string()});
    let lambda = Lambda::start("hops", &[]).await;
    for (event, pointers, loops, why) in [
        (upload.clone(), UPLOAD.to_owned(), 1, "an object"),
        (sns, UPLOAD.to_owned(), 1, "by SNS"),
        (json!({"Records": [sqs(&notification(&upload))]}), UPLOAD.to_owned(), 1, "by SNS and SQS"),
        (
            json!({"Records": [sqs(&upload), sqs(&created("invoices")), sqs(&upload)]}),
            format!("{UPLOAD},42143b3d57099eb4522ca5a54247231a"),
            2,
            "a batch, with each pointer once",
        ),
        (bridge, UPLOAD.to_owned(), 1, "by EventBridge"),
        (stream, "7aa1b80b0e49bd2078a5453399f4dd67".to_owned(), 0, "an item"),
        (json!({"a": "aws:s3"}), String::new(), 0, "neither"),
    ] {
        lambda.take_spans();
        lambda.invoke(event).await.unwrap();
        let root = lambda.traced().await;
        assert_eq!(root.text(READ), pointers, "{why}");
        let marks = |spans: Vec<crate::peers::Span>| {
            spans
                .iter()
                .filter(|span| span.trace == root.trace && span.text("thundra.loop.suspected") == "true")
                .count()
        };
        assert_eq!(marks(lambda.spans()), loops, "{why}");
    }
    let (_, stderr) = lambda.stop().await;
    for bucket in BUCKETS {
        let line = format!("PutObject writes to the bucket {bucket}, whose event triggered this invocation");
        assert_eq!(stderr.matches(&line).count(), 1, "{stderr}");
    }
}

#[tokio::test]
async fn invocations_at_once_know_their_own_bucket() {
    let lambda = Lambda::start("hops_at_once", &[TWO]).await;
    for bucket in BUCKETS {
        lambda.send(created(bucket)).await;
    }
    lambda.wait_for(|seen| marked(seen).len() == 2).await;
    let (seen, _) = lambda.stop().await;
    let own = |bucket: &str| (bucket.to_owned(), vec![bucket.to_owned()]);
    assert_eq!(marked(&seen), [own("invoices"), own("uploads")]);
}

#[tokio::test]
async fn an_unsampled_loop_is_reported_too() {
    let lambda = Lambda::start("hops", &[("OTEL_TRACES_SAMPLER", "always_off")]).await;
    lambda.invoke(created("uploads")).await.unwrap();
    let (_, stderr) = lambda.stop().await;
    assert_eq!(stderr.matches("writes to the bucket uploads").count(), 1, "{stderr}");
    assert!(!stderr.contains("writes to the bucket invoices"), "{stderr}");
}
