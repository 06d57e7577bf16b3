//! Invocations in unit tests. Other tests in the process have installed telemetry.

#![allow(clippy::panic)]

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use axum::Router;
use axum::extract::Path;
use axum::routing::get;
use bytes::Bytes;
use futures_util::stream;
use lambda_http::{Body, IntoResponse, Request, RequestExt, Response, StreamAdapter};
use lambda_runtime::{MetadataPrelude, StreamResponse};
use serde_json::{Value, json};
use thundra_aws::testing::{Invocation, InvocationError, InvocationErrorKind, MetricValue, Snapshot, invoke};
use thundra_aws::{Config, Env, Error, LambdaEvent, batch, correlation, handler, service_fn};
use thundra_core::{ScopeRef, Status};
use tracing::{Instrument, info, instrument};

const PRODUCER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[instrument]
async fn greet(name: &str) -> String {
    tokio::task::yield_now().await;
    info!("greeting");
    format!("hello {name}")
}

async fn greeting(event: LambdaEvent<String>) -> Result<String, Error> {
    match event.payload.as_str() {
        "nobody" => panic!("at the disco"),
        "" => Err("no name".into()),
        name => Ok(greet(name).await),
    }
}

#[handler]
async fn in_place(event: LambdaEvent<String>) -> Result<String, Error> {
    greeting(event).await
}

struct Greeter {
    greeted: AtomicUsize,
}

#[handler]
async fn with_state(event: LambdaEvent<String>, greeter: &Greeter) -> Result<usize, Error> {
    greet(&event.payload).await;
    Ok(greeter.greeted.fetch_add(1, Ordering::Relaxed))
}

fn message(n: u32, body: &str) -> Value {
    json!({ "messageId": format!("m-{n}"), "body": body, "eventSource": "aws:sqs", "attributes": {},
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders", "messageAttributes": {
                "traceparent": { "dataType": "String", "stringValue": PRODUCER },
                "x-correlation-id": { "dataType": "String", "stringValue": format!("c-{n}") } } })
}

fn request(method: &str, path: &str) -> Value {
    json!({ "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": { "host": "a" },
            "isBase64Encoded": false, "requestContext": { "accountId": "1", "apiId": "a", "domainName": "a", "stage": "$default",
                "domainPrefix": "a", "requestId": "r", "routeKey": "$default", "time": "", "timeEpoch": 0,
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "10.0.0.1", "userAgent": "t" } } })
}

#[tokio::test]
async fn every_form_of_a_handler_is_invoked() {
    let expected = "function [server] faas.trigger=other\n└ greet name=ann\n    · greeting\n";
    for (invocation, form) in [
        (invoke(json!("ann"), greeting).await, "a function"),
        (invoke(r#""ann""#, in_place).await, "with the attribute"),
        (invoke(b"\"ann\"", service_fn(greeting)).await, "a service"),
        (invoke(json!("ann"), async |event: LambdaEvent<String>| greeting(event).await).await, "an async closure"),
        (invoke(json!("ann"), |event: LambdaEvent<String>| Box::pin(greeting(event))).await, "a closure"),
    ] {
        assert_eq!(invocation.response::<String>().unwrap(), "hello ann", "{form}");
        assert_eq!(invocation.snapshot(), expected, "{form}");
        assert_eq!((invocation.logs().len(), invocation.has_logged("greeting")), (1, true), "{form}");
    }
    let greeter = Greeter { greeted: AtomicUsize::new(7) };
    let invocation = invoke(json!("ann"), |event| with_state(event, &greeter)).await;
    assert_eq!((invocation.response::<usize>().unwrap(), greeter.greeted.into_inner()), (7, 8));
    let owned = String::from("owned");
    let invocation = invoke(json!(null), |_: LambdaEvent<()>| async { Ok::<_, Infallible>(owned) }).await;
    assert_eq!(invocation.response::<Value>().unwrap(), json!("owned"));
}

#[tokio::test]
async fn errors_panics_and_unreadable_events_are_results() {
    for (event, kind, message, status) in [
        (json!(""), InvocationErrorKind::Handler, "no name", "no name"),
        (json!("nobody"), InvocationErrorKind::Panic, "at the disco", "panicked: at the disco"),
        (
            json!({}),
            InvocationErrorKind::InvalidEvent,
            "the event is not what the handler takes: invalid type: map, expected a string at line 1 column 0",
            "the event could not be read as the handler's type: invalid type, expected a string at line 1 column 0",
        ),
    ] {
        let invocation = invoke(event, greeting).await;
        let error = invocation.response::<Value>().unwrap_err();
        assert_eq!((error.kind(), error.message()), (kind, message));
        assert_eq!(invocation.error(), Some(&error));
        assert_eq!(invocation.root().unwrap().status, Status::error(status));
        let expected = if kind == InvocationErrorKind::Handler { "Error" } else { error.error_type() };
        assert_eq!(invocation.root().unwrap().attribute("error.type"), Some(&expected.to_owned().into()), "{message}");
        let exceptions = invocation.root().unwrap().events.iter().filter(|event| event.name == "exception").count();
        assert_eq!(exceptions, 1, "{message}");
    }
    let not_json = invoke("{", greeting).await;
    assert_eq!(not_json.error().unwrap().kind(), InvocationErrorKind::InvalidEvent);
    assert!(not_json.root().unwrap().status.is_error());
    let other = invoke(json!("ann"), greeting).await.response::<u8>().unwrap_err();
    assert_eq!(other.kind(), InvocationErrorKind::OtherResponse);
    assert!(other.message().ends_with(": \"hello ann\""), "{other}");
}

#[tokio::test]
async fn http_applications_are_invoked_and_their_responses_read() {
    async fn order(request: Request) -> Result<impl IntoResponse, Error> {
        Ok(format!("order {}", request.raw_http_path()))
    }
    let app = Router::new().route("/orders/{id}", get(async |Path(id): Path<u8>| format!("order {id}")));
    for (invocation, body) in [
        (invoke(request("GET", "/orders/7"), order).await, "order /orders/7"),
        (invoke(request("GET", "/orders/7"), async |request: Request| order(request).await).await, "order /orders/7"),
        (invoke(request("GET", "/orders/7"), service_fn(order)).await, "order /orders/7"),
        (invoke(request("GET", "/orders/7"), app.clone()).await, "order 7"),
        (invoke(request("GET", "/orders/7"), StreamAdapter::from(app.clone())).await, "order 7"),
    ] {
        let response = invocation.http_response().unwrap();
        assert_eq!((response.status().as_u16(), &response.body()[..]), (200, body.as_bytes()));
        assert_eq!(invocation.root().unwrap().attribute("http.response.status_code"), Some(&200.into()));
        assert!(invocation.snapshot().starts_with("GET"), "{}", invocation.snapshot());
    }
    let missing = invoke(request("GET", "/"), app).await;
    assert_eq!(missing.http_response().unwrap().status().as_u16(), 404);
    let bytes = invoke(request("GET", "/"), async |_: Request| {
        let response = Response::builder()
            .status(503)
            .header("content-type", "image/png")
            .header("set-cookie", "a=1")
            .header("set-cookie", "b=2");
        response.body(Body::from(vec![0xff, 0])).map_err(Error::from)
    });
    let invocation = bytes.await;
    let response = invocation.http_response().unwrap();
    assert_eq!((response.status().as_u16(), &response.body()[..]), (503, &[0xff, 0][..]));
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
    assert!(invocation.root().unwrap().status.is_error());
    assert!(invoke(json!("ann"), greeting).await.http_response().is_err());
}

#[tokio::test]
async fn a_stream_is_read_to_its_end() {
    let streamed = |chunks: Vec<Result<Bytes, Error>>| async move {
        let metadata_prelude = MetadataPrelude { cookies: vec!["a=1".to_owned()], ..Default::default() };
        Ok::<_, Error>(StreamResponse { metadata_prelude, stream: stream::iter(chunks) })
    };
    let invocation = invoke(json!(null), |_: LambdaEvent<()>| streamed(vec![Ok("[1,".into()), Ok("2]".into())])).await;
    assert_eq!(invocation.response::<[u8; 2]>().unwrap(), [1, 2]);
    assert_eq!(invocation.http_response().unwrap().headers()["set-cookie"], "a=1");
    let invocation = invoke(json!(null), |_: LambdaEvent<()>| streamed(vec![Ok("[".into()), Err("cut".into())])).await;
    assert_eq!(invocation.error().map(InvocationError::kind), Some(InvocationErrorKind::InvalidResponse));
    assert_eq!(invocation.root().unwrap().status, Status::error("cut"));
}

#[tokio::test]
async fn an_invocation_is_recorded_as_in_lambda() {
    let event = json!({ "Records": [message(1, "7")] });
    let invocation = invoke(event, async |event: LambdaEvent<SqsEvent>| {
        info!(monotonic_counter.orders = 3);
        Ok::<_, Error>((correlation::get("id"), event.payload.records.len()))
    })
    .await;
    assert_eq!(invocation.response::<Value>().unwrap(), json!(["c-1", 1]));
    let root = invocation.root().unwrap();
    assert_eq!(root.context.trace_id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(root.parent_span_id.unwrap().to_string(), "b7ad6b7169203331");
    assert_eq!(invocation.metric("orders").map(|metric| metric.value), Some(MetricValue::Sum(3.0)));

    // The context of a payload is removed, and a type that denies unknown fields is read.
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        id: u8,
    }
    let event = json!({ "__context__": { "traceparent": PRODUCER, "x-correlation-order": "o-7" }, "id": 7 });
    let invocation =
        invoke(event, async |event: LambdaEvent<Order>| Ok::<_, Error>((event.payload.id, correlation::get("order"))));
    assert_eq!(invocation.await.response::<Value>().unwrap(), json!([7, "o-7"]));
}

#[tokio::test]
async fn the_records_of_a_batch_have_scopes_logs_and_metrics() {
    let event = json!({ "Records": [message(1, "1"), message(2, "2"), message(3, "{")] });
    let ship = async |event: LambdaEvent<SqsEvent>| -> Result<SqsBatchResponse, Error> {
        let ship = |order: u32| async move {
            info!(monotonic_counter.shipped = 1, "shipped {order} of {}", correlation::get("id").unwrap_or_default());
            Ok::<_, Error>(())
        };
        batch::each(event.payload, ship).await
    };
    // The configuration holds for the records too.
    for (config, spans) in [(&[][..], 4), (&[("OTEL_SDK_DISABLED", "true")], 0)] {
        let config = Config::from_env(&Env::from_pairs(config.iter().copied()));
        let invocation = Invocation::builder(&event).config(config).invoke(ship).await;
        let response: Value = invocation.response().unwrap();
        assert_eq!(response["batchItemFailures"][0]["itemIdentifier"], "m-3");
        assert_eq!(invocation.spans().len(), spans, "{}", invocation.tree());
        let logs: Vec<_> = invocation.logs().iter().map(|log| log.body.as_str()).collect();
        assert!(invocation.has_logged("shipped 1 of c-1") && invocation.has_logged("shipped 2 of c-2"), "{logs:?}");
        assert_eq!(invocation.metric("shipped").map(|metric| metric.value), Some(MetricValue::Sum(2.0)));
    }
}

#[tokio::test]
async fn the_context_is_that_of_the_builder() {
    let look = async |event: LambdaEvent<()>| {
        let context = event.context;
        let left = context.deadline().duration_since(SystemTime::now()).unwrap_or_default();
        Ok::<_, Error>((
            context.request_id,
            context.invoked_function_arn,
            context.env_config.function_name.clone(),
            left,
        ))
    };
    let builder = || Invocation::builder(json!(null)).request_id("r-1").function_name("orders");
    let invocation = builder().time_left(Duration::from_secs(3)).invoke(look).await;
    let (id, arn, name, left): (String, String, String, Duration) = invocation.response().unwrap();
    assert_eq!((id.as_str(), name.as_str()), ("r-1", "orders"));
    assert_eq!(arn, "arn:aws:lambda:us-east-1:123456789012:function:orders");
    assert!(left <= Duration::from_secs(3) && left > Duration::ZERO, "{left:?}");
    assert_eq!(invocation.root().unwrap().attribute("faas.invocation_id"), Some(&"r-1".into()));
    assert_eq!(invocation.root().unwrap().attribute("faas.coldstart"), Some(&false.into()));

    let (_, _, _, left): (String, String, String, Duration) =
        builder().time_left(Duration::MAX).invoke(look).await.response().unwrap();
    assert!(left > Duration::from_secs(900), "{left:?}");

    let xray = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let custom = json!({ "custom": { "x-correlation-id": "c-1" } });
    let invoker = builder().cold_start().xray_trace_id(xray).client_context(custom).tenant_id("blue");
    let invocation = invoker.function_arn("arn:aws:lambda:eu-west-1:1:function:orders:live").invoke(look).await;
    let root = invocation.root().unwrap();
    assert_eq!(root.context.trace_id.to_string(), "5759e988bd862e3fe1be46a994272793");
    assert_eq!(root.attribute("faas.coldstart"), Some(&true.into()));
    assert_eq!(root.attribute("tenant_id"), Some(&"blue".into()));
    assert_eq!(root.attribute("cloud.account.id"), Some(&"1".into()));
}

#[tokio::test]
async fn invocations_on_one_thread_see_nothing_of_each_other() {
    let (ann, bob) = tokio::join!(invoke(json!("ann"), greeting), invoke(json!("bob"), greeting));
    for (invocation, name) in [(ann, "ann"), (bob, "bob")] {
        let expected = format!("function [server] faas.trigger=other\n└ greet name={name}\n    · greeting\n");
        assert_eq!((invocation.snapshot(), invocation.logs().len()), (expected, 1));
    }
    assert!(ScopeRef::current().is_none());
}

#[tokio::test]
async fn a_task_on_the_thread_of_the_test_is_recorded() {
    let spawns = async |_: LambdaEvent<()>| Ok::<_, Error>(tokio::spawn(greet("ann").in_current_span()).await?);
    let invocation = invoke(json!(null), spawns).await;
    assert_eq!(invocation.snapshot(), "function [server] faas.trigger=other\n└ greet name=ann\n    · greeting\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invocation_may_move_between_threads() {
    use tracing::instrument::WithSubscriber;

    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let spawns = async move |event: LambdaEvent<String>| {
                tokio::spawn(greeting(event).in_current_span().with_current_subscriber()).await?
            };
            tokio::spawn(invoke(json!(n.to_string()), spawns))
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        let expected = format!("function [server] faas.trigger=other\n└ greet name={n}\n    · greeting\n");
        assert_eq!(task.await.unwrap().snapshot(), expected);
    }
}

#[tokio::test]
async fn a_dropped_invocation_leaves_nothing_behind() {
    let never = async |_: LambdaEvent<()>| {
        std::future::pending::<()>().await;
        Ok::<_, Error>(())
    };
    assert!(tokio::time::timeout(Duration::from_millis(1), invoke(json!(null), never)).await.is_err());
    let invocation = invoke(json!("ann"), greeting).await;
    assert_eq!(Snapshot::new().only([""; 0]).print(invocation.spans()).lines().count(), 3);
}
