//! Log records of whole programs, at the collector.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONNECTION;
use axum::routing::post;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use prost::Message;
use thundra_core::{Config, Env, Records, Scope};
use thundra_http::export::{Dependent, Platform, install, take_none};
use tracing::info;

use crate::support::serve;

type Requests = Arc<Mutex<Vec<Vec<String>>>>;

/// Starts a collector that closes each connection. Returns the port, and the texts of the log records of each request.
async fn collector() -> (u16, Requests) {
    let requests = Requests::default();
    let taken = requests.clone();
    let take = async move |body: Bytes| {
        let request = ExportLogsServiceRequest::decode(body).unwrap();
        let scopes = request.resource_logs.into_iter().flat_map(|logs| logs.scope_logs);
        let texts = scopes.flat_map(|logs| logs.log_records).map(|record| match record.body.unwrap().value.unwrap() {
            any_value::Value::StringValue(text) => text,
            other => panic!("{other:?}"),
        });
        taken.lock().unwrap().push(texts.collect());
        [(CONNECTION, "close")]
    };
    let app = Router::new().route("/v1/logs", post(take)).fallback(async || [(CONNECTION, "close")]);
    (serve(app).await.port(), requests)
}

/// Runs a program below to the end. Returns its standard error.
async fn run(program: &str, port: u16) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "export_logs::program", "--ignored", "--nocapture"]);
    // The name of the host takes a lookup for each connection.
    let endpoint = format!("http://localhost:{port}");
    command.env("TEST_PROGRAM", program).env("RUST_LOG", "trace").env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    stderr
}

/// Runs the program named by `TEST_PROGRAM`.
#[tokio::test]
#[ignore = "a program of the tests, which start it"]
async fn program() {
    match &*std::env::var("TEST_PROGRAM").unwrap() {
        "flushes" => {
            let this = Dependent { package: "thundra-http", authorizers: &[], take_running: take_none };
            assert!(install(this, Platform::Lambda, Config::from_env(&Env::process()).into()));
            thundra_core::flush(Records::default(), None).await;
            for turn in 0..5 {
                let scope = Scope::builder("turn").begin();
                scope.enter(|| info!(turn, "said"));
                thundra_core::flush(scope.finish(), None).await;
            }
        }
        "background" => {
            let _telemetry = thundra_http::init();
            for turn in 0..3 {
                let scope = Scope::builder("turn").begin();
                scope.enter(|| info!(turn, "said"));
                thundra_core::export_later(scope.finish());
                // The background thread exports once a second.
                tokio::time::sleep(Duration::from_millis(1500)).await;
            }
        }
        other => panic!("no program {other}"),
    }
}

#[tokio::test]
async fn an_export_never_makes_records_for_the_next_one() {
    for (program, turns) in [("flushes", 5), ("background", 3)] {
        let (port, requests) = collector().await;
        let stderr = run(program, port).await;
        let requests = requests.lock().unwrap().clone();
        let said: Vec<_> = requests.iter().filter(|texts| texts.contains(&"said".to_owned())).collect();
        assert_eq!(said.len(), turns, "{program}: {requests:?}\n{stderr}");
        // Records from before the first flush are the program's own, for example from the start of the runtime.
        let later: Vec<_> = said.iter().skip(1).flat_map(|texts| texts.iter()).collect();
        assert!(later.iter().all(|text| *text == "said"), "{program}: {later:?}");
        assert!(stderr.contains("hyper_util"), "{program}: what the exporter logs is written: {stderr}");
    }
}
