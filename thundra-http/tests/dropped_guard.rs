//! Losses around the guard of `init()` are reported once, when the loss is certain. Each program runs in a separate
//! process.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::Uri;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use prost::Message;
use thundra_core::{Records, Scope, export_later, flush, flushes_itself, pending_spans};

fn work() {
    export_later(Scope::builder("work").begin().finish());
}

#[test]
#[ignore = "a program of the test below"]
fn never_held() {
    let _ = thundra_http::init();
    (0..2).for_each(|_| work());
}

#[test]
#[ignore = "a program of the test below"]
fn dropped_before_a_scope() {
    let telemetry = thundra_http::init();
    let scope = Scope::builder("work").begin();
    drop(telemetry);
    drop(scope);
}

#[test]
#[ignore = "a program of the test below"]
fn dropped_after_the_work() {
    let telemetry = thundra_http::init();
    work();
    drop(telemetry);
    export_later(Records::default());
}

#[test]
#[ignore = "a program of the test below"]
fn flushed_by_the_program() {
    drop(thundra_http::init());
    flushes_itself();
    work();
}

#[test]
#[ignore = "a program of the test below"]
fn refused_by_the_collector() {
    let telemetry = thundra_http::init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(flush(Scope::builder("work").begin().finish(), None));
    thundra_http::export::report_losses();
    eprintln!("the guard is dropped");
    drop(telemetry);
    thundra_http::export::report_losses();
}

#[test]
#[ignore = "a program of the test below"]
fn measured_in_the_background() {
    let telemetry = thundra_http::init();
    tracing::info!(monotonic_counter.orders = 1);
    work();
    while pending_spans() > 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    tracing::info!(monotonic_counter.orders = 2);
    drop(telemetry);
}

fn stderr(program: &str, variable: (&str, &str)) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([program, "--exact", "--ignored", "--nocapture"]).env(variable.0, variable.1);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn spans_are_lost_when_the_last_export_failed_and_not_before() {
    let text =
        stderr("refused_by_the_collector", ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://127.0.0.1:1/v1/traces"));
    let (before, after) = text.split_once("the guard is dropped").unwrap();
    let lines = |text: &str| text.matches("lost 1 span that").count();
    assert_eq!((lines(before), lines(after)), (0, 1), "{text}");
}

#[test]
fn spans_after_the_guard_are_reported() {
    let lines = |program: &str| {
        let text = stderr(program, ("OTEL_TRACES_EXPORTER", "none"));
        text.lines().filter(|line| line.contains("after the guard of init() was dropped")).count()
    };
    assert_eq!(
        ["never_held", "dropped_before_a_scope", "dropped_after_the_work", "flushed_by_the_program"].map(lines),
        [1, 1, 0, 0]
    );
}

#[test]
fn metrics_leave_at_their_interval_and_at_the_end_and_not_with_each_flush() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let requests = Arc::<Mutex<Vec<(String, Bytes)>>>::default();
    let keep = requests.clone();
    let app = Router::new().fallback(async move |uri: Uri, body: Bytes| {
        keep.lock().unwrap().push((uri.path().to_owned(), body));
    });
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    runtime.spawn(async { axum::serve(listener, app).await });
    stderr("measured_in_the_background", ("OTEL_EXPORTER_OTLP_ENDPOINT", &address));
    let requests = requests.lock().unwrap();
    assert!(requests.iter().any(|(path, _)| path == "/v1/traces"), "a flush came before the end");
    let orders = requests.iter().filter(|(path, _)| path == "/v1/metrics").filter_map(|(_, body)| {
        let request = ExportMetricsServiceRequest::decode(body.clone()).unwrap();
        let metrics = request.resource_metrics.into_iter().flat_map(|r| r.scope_metrics).flat_map(|s| s.metrics);
        metrics.filter(|metric| metric.name == "orders").find_map(|metric| metric.data)
    });
    let orders: Vec<_> = orders.collect();
    let [Data::Sum(sum)] = orders.as_slice() else { panic!("{orders:?}") };
    assert_eq!(sum.aggregation_temporality, 2, "cumulative, outside of Lambda");
    let value = sum.data_points.first().and_then(|point| point.value);
    assert_eq!(format!("{value:?}"), "Some(AsInt(3))");
}
