//! The interceptor: traced and untraced calls.

use std::future::Future;

use aws_sdk_kinesis::primitives::Blob;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use lambda_runtime::tower::{Layer, Service};
use serde_json::json;
use thundra_aws::ConfigBuilderExt;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Config, Env, Scope, Status};

use crate::endpoint::{Answer, ok};
use crate::presigning::Presigning;
use crate::support::{
    PUBLISHED, QUEUE, THROTTLED, TOPIC, attribute, context_of, in_scope, in_scope_of, only_call, publish, with_endpoint,
};

#[test]
fn outside_a_scope_a_traced_client_is_a_plain_one() {
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
fn a_second_interceptor_does_nothing() {
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
fn presigned_requests_do_not_change() {
    let ((), endpoint, spans) = in_scope(ok(PUBLISHED), |endpoint| async move {
        let config = aws_sdk_sns::config::Builder::from(&endpoint.config()).interceptor(Presigning).traced();
        let sns = aws_sdk_sns::Client::from_conf(config.build());
        sns.publish().topic_arn(TOPIC).message("hi").send().await.unwrap();
    });
    assert_eq!(spans.len(), 1, "the scope's own");
    let request = endpoint.request();
    assert!(request.sns_attributes("").is_empty() && !request.headers.contains_key("x-amzn-trace-id"));
}

/// Runs a future under an OpenTelemetry context that suppresses telemetry.
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
fn suppressed_requests_do_not_change() {
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
    assert_eq!(*carried, context_of(only_call(&spans)).0, "the request that is not suppressed");
}

/// A traced HTTP client of the program.
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
        // Without the interceptor, only the HTTP client records the request.
        let plain = aws_sdk_sns::Client::new(&config);
        plain.publish().topic_arn(TOPIC).message("hi").send().await.unwrap();
    });
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, ["SNS.Publish", "POST", "invocation"]);
}
