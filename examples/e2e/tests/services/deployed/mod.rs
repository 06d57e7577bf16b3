//! The SAM application of `examples/deploy`, deployed by MiniStack's CloudFormation. An order crosses the application,
//! the forwarder sends the trace, and failures are kept. The logs have the metrics and the fields named by the alarms
//! and the queries.

mod names;
mod templates;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use aws_sdk_lambda::types::InvocationType;
use axum::Router;
use axum::http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};
use thundra_examples::harness::cloud::{self, Cloud, Code, Function};
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::package;
use thundra_examples::harness::receiver::Receiver;
use thundra_examples::report::Span;
use tokio::net::TcpListener;
use tokio::time::{Duration, sleep};

use crate::{PATIENCE, soon};

/// The names of the functions, with the paths of the executables.
const FUNCTIONS: [(&str, &str); 5] = [
    ("orders", env!("CARGO_BIN_EXE_orders")),
    ("billing", env!("CARGO_BIN_EXE_billing")),
    ("shipping", env!("CARGO_BIN_EXE_shipping")),
    ("notify", env!("CARGO_BIN_EXE_notify")),
    ("forwarder", env!("CARGO_BIN_EXE_forwarder")),
];

/// The programs in the trace of an order.
const PROGRAMS: [&str; 4] = ["shop-orders", "shop-billing", "shop-shipping", "shop-notify"];

/// A deployed shop. The fields are dropped in order, so MiniStack ends before the receiver.
struct Shop {
    cloud: Cloud,
    url: String,
    ministack: MiniStack,
    receiver: Receiver,
}

impl Shop {
    async fn deploy() -> Self {
        let ministack = MiniStack::start_with_sam("test-deployed").await.unwrap();
        let receiver = Receiver::open().await.unwrap();
        let cloud = Cloud::at(&ministack.endpoint()).unwrap();
        for (name, executable) in FUNCTIONS {
            cloud.upload(&format!("{name}.zip"), package::bootstrap(Path::new(executable)).unwrap()).await.unwrap();
        }
        let monitoring = cloud.upload("monitoring.yaml", templates::monitoring().into_bytes()).await.unwrap();
        let template = templates::packaged(&format!("{}/{}", ministack.endpoint(), path(&monitoring)));
        let collector = receiver.endpoint();
        cloud.create_stack("shop", &template, &[("CollectorEndpoint", &collector)]).await.unwrap();
        // MiniStack makes no routes of an OpenAPI document.
        let orders = "arn:aws:lambda:us-east-1:000000000000:function:shop-orders";
        let url = cloud.create_http_api("shop", "POST /orders", orders).await.unwrap();
        Self { cloud, url, ministack, receiver }
    }

    async fn send(&self, id: &str) {
        let order = json!({ "id": id, "customer": "ada@example.com", "items": ["cheese"], "card": "4242" });
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = http.post(format!("{}/orders", self.url)).header("content-type", "application/json");
        let response = request.header("x-correlation-id", id).body(order.to_string()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::ACCEPTED);
    }

    /// Returns the lines of JSON of a function.
    async fn lines(&self, function: &str) -> Vec<Value> {
        let lines = self.cloud.log(function).await.unwrap();
        lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn path(code: &Code) -> String {
    format!("packages/{}", code.key())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_crosses_the_deployed_shop_and_failures_are_kept() {
    let shop = Shop::deploy().await;
    let ping = json!({ "warmup": true });
    assert_eq!(shop.cloud.invoke("shop-orders", &ping).await.unwrap(), Value::Null, "the schedule's ping");

    shop.send("order-1").await;
    let started = Instant::now();
    let mut others = 2;
    while programs(&shop.receiver.spans()) != PROGRAMS.into() {
        assert!(started.elapsed() < PATIENCE * 2, "{:?}", programs(&shop.receiver.spans()));
        // The spans of an invocation leave after the response, and MiniStack forwards them with the next invocation.
        shop.send(&format!("order-{others}")).await;
        others += 1;
        sleep(Duration::from_millis(500)).await;
    }

    failures_are_kept(&shop).await;
    loops_are_found(&shop).await;
    let mut lines = Vec::new();
    for program in PROGRAMS {
        lines.append(&mut shop.lines(program).await);
    }
    lines.append(&mut lost(&shop).await);
    lines.append(&mut late(&shop).await);
    names::assert_metrics(&lines);
    names::assert_fields(&lines);
}

/// Returns the programs with spans in the trace of the first order.
fn programs(spans: &[Span]) -> BTreeSet<&str> {
    let trace = spans.iter().find(|span| span.attribute("order.id") == Some("order-1")).map(|span| &span.trace);
    spans.iter().filter(|span| Some(&span.trace) == trace).map(|span| &*span.program).collect()
}

/// Delivers an order that billing cannot charge, and waits for the event in the queue of failures. As Lambda does for
/// SNS, the test invokes billing asynchronously. MiniStack loses the event of a failed function behind SNS.
async fn failures_are_kept(shop: &Shop) {
    let config = cloud::config(&shop.ministack.endpoint());
    let order = json!({ "id": "order-declined", "customer": "ada@example.com", "items": [], "card": "declined" });
    let mut event: Value = serde_json::from_str(include_str!("../../../../events/sns.json")).unwrap();
    event["Records"][0]["Sns"]["Message"] = order.to_string().into();
    let invoke = aws_sdk_lambda::Client::new(&config).invoke().function_name("shop-billing");
    invoke.invocation_type(InvocationType::Event).payload(event.to_string().into_bytes().into()).send().await.unwrap();
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = format!("{}/000000000000/shop-failures", shop.ministack.endpoint());
    let message = soon("a failure", async || {
        let received = sqs.receive_message().queue_url(&url).send().await.unwrap();
        received.messages.unwrap_or_default().pop()
    });
    let failure = message.await.body.unwrap();
    assert!(failure.contains("order-declined") && failure.contains("the card was declined"), "{failure}");
}

/// Delivers a message at the end of a long chain of calls, and finds the log line matched by the filter of the alarm.
async fn loops_are_found(shop: &Shop) {
    let mut event: Value = serde_json::from_str(include_str!("../../../../events/sqs.json")).unwrap();
    event["Records"][0]["messageAttributes"]["call-chain-length"] =
        json!({ "dataType": "String", "stringValue": "11", "stringListValues": [], "binaryListValues": [] });
    let error = shop.cloud.invoke("shop-notify", &event).await.unwrap_err();
    assert!(error.to_string().contains("chain_too_long"), "{error}");
    let (_, pattern) = templates::MONITORING.split_once("FilterPattern: '").unwrap();
    let pattern = pattern.split('\'').next().unwrap();
    soon(pattern, async || shop.cloud.find_in_log("shop-notify", pattern).await.unwrap().pop()).await;
}

/// Runs a function with a collector that refuses spans. Returns the log lines of the function.
async fn lost(shop: &Shop) -> Vec<Value> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let refusal = Router::new().fallback(async || StatusCode::BAD_REQUEST);
    tokio::spawn(async move { axum::serve(listener, refusal).await });
    let environment = [
        ("OTEL_TRACES_EXPORTER", "otlp".to_owned()),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint),
        ("OTEL_METRICS_EXPORTER", "emf".to_owned()),
        ("THUNDRA_METRICS_NAMESPACE", "shop".to_owned()),
    ];
    let event: Value = serde_json::from_str(include_str!("../../../../events/sqs.json")).unwrap();
    create(shop, "lost", "notify", &environment).await;
    for _ in 0..3 {
        shop.cloud.invoke("lost", &event).await.unwrap();
    }
    shop.lines("lost").await
}

/// Runs a function until the timeout. Returns the log lines of the function.
async fn late(shop: &Shop) -> Vec<Value> {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let environment = [
        ("AWS_ENDPOINT_URL_SNS", format!("http://{}", silent.local_addr().unwrap())),
        ("OTEL_METRICS_EXPORTER", "emf".to_owned()),
        ("THUNDRA_METRICS_NAMESPACE", "shop".to_owned()),
        ("TOPIC_ARN", "arn:aws:sns:us-east-1:000000000000:late".to_owned()),
    ];
    create(shop, "late", "orders", &environment).await;
    let path = "/2015-03-31/functions/late/configuration";
    shop.cloud.rest("lambda", Method::PUT, path, json!({ "Timeout": 1 }).to_string()).await.unwrap();
    let event: Value = serde_json::from_str(include_str!("../../../../events/api.json")).unwrap();
    let response = shop.cloud.invoke("late", &event).await;
    assert!(response.is_err(), "{response:?}");
    shop.lines("late").await
}

async fn create(shop: &Shop, name: &str, program: &str, environment: &[(&str, String)]) {
    let (_, executable) = FUNCTIONS.into_iter().find(|(name, _)| *name == program).unwrap();
    let code = package::bootstrap(Path::new(executable)).unwrap();
    let code = shop.cloud.upload(&format!("{name}.zip"), code).await.unwrap();
    shop.cloud.create_function(&Function { name, code: &code, environment }).await.unwrap();
}
