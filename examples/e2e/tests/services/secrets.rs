//! Headers of OTLP requests with values in SSM Parameter Store and Secrets Manager, on both emulators.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::moto::Moto;
use thundra_examples::harness::target;
use tokio::process::Command;

use crate::PATIENCE;

#[tokio::test(flavor = "multi_thread")]
async fn headers_have_the_secrets_of_ministack() {
    let ministack = MiniStack::start("test-secrets-ministack").await.unwrap();
    read_from(&ministack.endpoint()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_have_the_secrets_of_moto() {
    let moto = Moto::start("test-secrets-moto").await.unwrap();
    read_from(&moto.endpoint()).await;
}

async fn read_from(endpoint: &str) {
    let parameter = json!({ "Name": "/otlp/key", "Value": "s3cr3t-1", "Type": "SecureString" });
    call(endpoint, "AmazonSSM.PutParameter", "ssm", &parameter).await;
    let secret = json!({ "Name": "otlp", "SecretString": r#"{"token":"s3cr3t-2"}"# });
    let secret = call(endpoint, "secretsmanager.CreateSecret", "secretsmanager", &secret).await;
    let arn = secret["ARN"].as_str().unwrap();

    let (collector, requests) = collector().await;
    let headers = format!("api-key=ssm:/otlp/key,authorization=Bearer%20secretsmanager:{arn}#token");
    let program = Command::new(env!("CARGO_BIN_EXE_hello"))
        .env_clear()
        .envs(variables(endpoint))
        .envs([("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str()), ("OTEL_EXPORTER_OTLP_HEADERS", &headers)])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/events/sns.json"))
        .stdin(Stdio::null())
        .output();
    let output = tokio::time::timeout(PATIENCE, program).await.unwrap().unwrap();
    let written = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(output.status.success() && !written.contains("s3cr3t") && !written.contains("thundra: "), "{written}");
    let requests = requests.lock().unwrap();
    assert_eq!(requests.len(), 3, "spans, log records and metrics: {written}");
    for request in requests.iter() {
        assert_eq!(
            (&request["api-key"], &request["authorization"]),
            (&"s3cr3t-1".parse().unwrap(), &"Bearer s3cr3t-2".parse().unwrap())
        );
    }
}

pub(crate) fn variables(endpoint: &str) -> [(&'static str, String); 5] {
    [
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("HOME", target::path("home").unwrap().to_string_lossy().into_owned()),
    ]
}

/// Returns the address of a collector, and the headers of all received requests.
async fn collector() -> (String, Arc<Mutex<Vec<HeaderMap>>>) {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let kept = requests.clone();
    let app = Router::new().fallback(move |headers: HeaderMap| {
        kept.lock().unwrap().push(headers);
        async {}
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, requests)
}

/// Calls a service of an emulator. The emulator reads the name of the service in the signature without verifying the
/// signature.
pub(crate) async fn call(endpoint: &str, target: &str, service: &str, input: &Value) -> Value {
    let scope = format!("test/20261126/us-east-1/{service}/aws4_request");
    let authorization = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = http.post(endpoint).header("x-amz-target", target).header("authorization", authorization);
    let request = request.header("content-type", "application/x-amz-json-1.1").body(input.to_string());
    let response = request.send().await.unwrap().error_for_status().unwrap();
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}
