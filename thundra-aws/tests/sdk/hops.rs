//! Writes to S3 and DynamoDB, whose crates are not dependencies: span pointers to the written objects and items, and
//! loops.

use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeSerializationInterceptorContextRef;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::telemetry::CapturedTelemetryAttributes;
use aws_smithy_types::timeout::TimeoutConfig;
use thundra_core::{Config, Env, Scope, SpanData};

use crate::endpoint::{Answer, Answers, Endpoint, ok};
use crate::support::{attribute, in_scope, only_call, with_endpoint_under};

const WRITTEN: &str = "thundra.span_pointers.written";
const LOOP: &str = "thundra.loop.suspected";

/// The names that the genuine client would capture from the input.
#[derive(Clone, Debug)]
struct Names(&'static [(&'static str, &'static str)]);

impl Intercept for Names {
    fn name(&self) -> &'static str {
        "Names"
    }

    fn read_before_execution(
        &self,
        _: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let mut captured = CapturedTelemetryAttributes::new();
        self.0.iter().for_each(|(name, value)| captured.insert(*name, *value));
        config.interceptor_state().store_put(captured);
        Ok(())
    }
}

/// Calls an operation. Returns `false` for a failure.
async fn call(
    endpoint: &Endpoint,
    (service, method): (&'static str, &'static str),
    names: &'static [(&'static str, &'static str)],
    body: &'static str,
) -> bool {
    let url = endpoint.url.clone();
    let serialize = move |body: &'static str| {
        let mut request = HttpRequest::new(SdkBody::from(body));
        request.set_method("POST")?;
        request.set_uri(format!("{url}/"))?;
        request.headers_mut().insert("content-length", body.len().to_string());
        Ok(request)
    };
    let read = |response: &HttpResponse| match response.status().is_success() {
        true => Ok(()),
        false => Err(OrchestratorError::operation(std::io::Error::other("refused"))),
    };
    let operation = Operation::builder().service_name(service).operation_name(method);
    let operation = operation.behavior_version(aws_config::BehaviorVersion::latest()).endpoint_url(&endpoint.url);
    let operation = operation.no_auth().no_retry().timeout_config(TimeoutConfig::disabled());
    let operation = operation.interceptor(Names(names)).interceptor(thundra_aws::interceptor());
    operation.serializer(serialize).deserializer(read).build().invoke(body).await.is_ok()
}

/// Returns the span of a call with the given response.
fn span(
    operation: (&'static str, &'static str),
    names: &'static [(&'static str, &'static str)],
    body: &'static str,
    answers: Answers,
) -> SpanData {
    let (_, _, spans) = in_scope(answers, |endpoint| async move { call(&endpoint, operation, names, body).await });
    only_call(&spans).clone()
}

#[test]
fn a_created_object_has_a_pointer() {
    const OBJECT: &[(&str, &str)] = &[("Bucket", "some-bucket"), ("Key", "some-key.data")];
    const ETAG: &str = "etag: \"ab12ef34\"";
    const COPIED: &str = "<?xml version=\"1.0\"?><CopyObjectResult><LastModified>t</LastModified><ETag>&quot;ab12ef34&quot;</ETag></CopyObjectResult>";
    const COMPLETED: &str =
        "<CompleteMultipartUploadResult><Bucket>b</Bucket><ETag>\"ab12ef34-5\"</ETag></CompleteMultipartUploadResult>";
    const POINTER: &str = "[e721375466d4116ab551213fdea08413]";
    let header = || vec![Answer::Header(ETAG, "")];
    for (method, names, answers, pointer, why) in [
        ("PutObject", OBJECT, header(), POINTER, "a header has the entity tag"),
        ("CopyObject", OBJECT, ok(COPIED), POINTER, "an element with entities"),
        ("CompleteMultipartUpload", OBJECT, ok(COMPLETED), "[2b90dffc37ebc7bc610152c3dc72af9f]", "an element"),
        ("PutObject", OBJECT, ok(""), "", "no entity tag"),
        ("PutObject", OBJECT, vec![Answer::Status(412, "<ETag>\"ab12ef34\"</ETag>")], "", "nothing was written"),
        ("GetObject", OBJECT, header(), "", "a read"),
        ("UploadPart", OBJECT, header(), "", "a part"),
        ("PutObject", &[("Bucket", "some-bucket")], header(), "", "no key"),
        (
            "PutObject",
            &[("Bucket", "arn:aws:s3:eu-west-1:1:accesspoint/a"), ("Key", "some-key.data")],
            header(),
            "",
            "a bucket behind an access point",
        ),
    ] {
        assert_eq!(attribute(&span(("S3", method), names, "", answers), WRITTEN), pointer, "{method}: {why}");
    }
}

#[test]
fn written_items_have_pointers() {
    const BY_KEY: &str = r#"{"TableName":"some-table","Key":{"some-key":{"S":"some-value"},"other-key":{"N":"123"}}}"#;
    const BY_ARN: &str = r#"{"TableName":"arn:aws:dynamodb:eu-west-1:1:table/some-table","Key":{"other-key":{"N":"123"},"some-key":{"S":"some-value"}}}"#;
    const BY_NUMBER: &str =
        r#"{"TableName":"some-table","Key":{"some-key":{"S":"some-value"},"other-key":{"N":"1.230E+2"}}}"#;
    const ITEM: &str = r#"{"TableName":"some-table","Item":{"a":{"M":{"some-key":{"S":"no"}}},"some-key":{"S":"some-value"},"other-key":{"N":"123"}}}"#;
    const PART: &str = r#"{"TableName":"some-table","Item":{"some-key":{"S":"some-value"}}}"#;
    const UNKNOWN: &str = r#"{"TableName":"unknown-table","Item":{"some-key":{"S":"some-value"}}}"#;
    const BATCH: &str = r#"{"RequestItems":{"some-table":[
        {"PutRequest":{"Item":{"some-key":{"S":"some-value"},"other-key":{"N":"123"}}}},
        {"DeleteRequest":{"Key":{"some-key":{"S":"b"},"other-key":{"N":"1"}}}}]}}"#;
    const UNPROCESSED: &str = r#"{"UnprocessedItems":{"some-table":[{"DeleteRequest":{"Key":{"some-key":{"S":"b"},"other-key":{"N":"1"}}}}]}}"#;
    const TRANSACTION: &str = r#"{"TransactItems":[
        {"ConditionCheck":{"TableName":"some-table","Key":{"some-key":{"S":"c"},"other-key":{"N":"1"}}}},
        {"Update":{"TableName":"some-table","Key":{"some-key":{"S":"some-value"},"other-key":{"N":"123"}}}}]}"#;
    const POINTER: &str = "[7aa1b80b0e49bd2078a5453399f4dd67]";
    // The key of a put is known from the calls before.
    for (method, body, answers, pointer, why) in [
        ("UpdateItem", BY_KEY, ok("{}"), POINTER, "by its key"),
        ("DeleteItem", BY_ARN, ok("{}"), POINTER, "in any order, and by the table's ARN"),
        ("UpdateItem", BY_NUMBER, ok("{}"), POINTER, "with a number as the caller writes it"),
        ("PutItem", ITEM, ok("{}"), POINTER, "out of the item"),
        ("PutItem", PART, ok("{}"), "", "an item without its key is refused"),
        ("PutItem", UNKNOWN, ok("{}"), "", "no call has named the key"),
        ("PutItem", ITEM, vec![Answer::Status(400, "{}")], "", "a condition failed"),
        ("BatchWriteItem", BATCH, ok(UNPROCESSED), POINTER, "the other item was not written"),
        ("TransactWriteItems", TRANSACTION, ok("{}"), POINTER, "a check writes nothing"),
        ("GetItem", BY_KEY, ok("{}"), "", "a read"),
        ("UpdateItem", "no json", ok("{}"), "", "nonsense"),
    ] {
        assert_eq!(attribute(&span(("DynamoDB", method), &[], body, answers), WRITTEN), pointer, "{method}: {why}");
    }
}

#[test]
fn a_large_batch_counts_the_pointers_over_the_limit() {
    let puts: Vec<_> = (0..130).map(|n| format!(r#"{{"DeleteRequest":{{"Key":{{"id":{{"N":"{n}"}}}}}}}}"#)).collect();
    let body = format!(r#"{{"RequestItems":{{"orders":[{}]}}}}"#, puts.join(","));
    let span = span(("DynamoDB", "BatchWriteItem"), &[], Box::leak(body.into_boxed_str()), ok("{}"));
    assert_eq!(attribute(&span, WRITTEN).matches(',').count(), 127);
    assert_eq!(attribute(&span, "thundra.span_pointers.dropped"), "2");
}

#[test]
fn a_write_to_what_triggered_the_scope_is_marked() {
    const S3: &[(&str, &str)] = &[("Bucket", "uploads"), ("Key", "k")];
    const OTHER: &[(&str, &str)] = &[("Bucket", "thumbnails"), ("Key", "k")];
    const TABLE: &[(&str, &str)] = &[("TableName", "orders")];
    let config = &Config::from_env(&Env::from_pairs::<&str, &str>([]));
    let answers =
        vec![Answer::Status(200, ""), Answer::Status(200, ""), Answer::Status(200, ""), Answer::Status(500, "")];
    let (marked, _) = with_endpoint_under(config, answers, |endpoint| async move {
        let begin = |origin: &str| Scope::builder("invocation").origins(vec![origin.to_owned()]).begin_with(config);
        // Two concurrent invocations, each with a call in a nested scope.
        let (by_bucket, by_table) = (begin("bucket uploads"), begin("table orders"));
        let put = |names| call(&endpoint, ("S3", "PutObject"), names, "");
        let nested = async {
            let record = Scope::builder("record").nested().begin_with(config);
            let done = record.run(put(S3)).await;
            let _ = record.finish();
            done
        };
        let first = by_bucket.run(async { (nested.await, put(OTHER).await) });
        let second =
            by_table.run(async { (put(S3).await, call(&endpoint, ("DynamoDB", "PutItem"), TABLE, "{}").await) });
        tokio::join!(first, second);
        let marks = |scope: Scope| -> Vec<_> {
            let calls =
                scope.finish().spans().filter(|span| span.attribute("rpc.system").is_some()).collect::<Vec<_>>();
            calls
                .iter()
                .map(|span| (attribute(span, "rpc.service"), attribute(span, "aws.s3.bucket"), attribute(span, LOOP)))
                .collect()
        };
        (marks(by_bucket), marks(by_table))
    });
    let call = |service: &str, bucket: &str, mark: &str| (service.to_owned(), bucket.to_owned(), mark.to_owned());
    assert_eq!(marked.0, [call("S3", "uploads", "true"), call("S3", "thumbnails", "")]);
    assert_eq!(marked.1[0], call("S3", "uploads", ""), "the other invocation's bucket");
    assert_eq!(marked.1[1], call("DynamoDB", "", "true"), "a table");
}
