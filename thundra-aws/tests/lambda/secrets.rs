//! Headers of OTLP requests from SSM Parameter Store and Secrets Manager, and functions whose secrets are unavailable.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::PATIENCE;
use crate::peers::Lambda;

const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";

/// The stores of secrets, by id, and a collector that accepts one token.
#[derive(Clone, Default)]
struct Account {
    secrets: Arc<Mutex<BTreeMap<&'static str, &'static str>>>,
    /// The targets and ids of the calls.
    calls: Arc<Mutex<Vec<String>>>,
    delay: Duration,
    /// The values of `api-key` in requests for spans.
    keys: Arc<Mutex<Vec<String>>>,
    /// The only accepted `api-key`, if any.
    accepted: Arc<Mutex<Option<&'static str>>>,
}

impl Account {
    fn with(secrets: &[(&'static str, &'static str)]) -> Self {
        Account { secrets: Arc::new(Mutex::new(secrets.iter().copied().collect())), ..Account::default() }
    }

    fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }

    async fn keys_of(&self, count: usize) -> Vec<String> {
        let enough = async {
            while self.keys().len() < count {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.unwrap_or_else(|_| panic!("{:?}", self.keys()));
        self.keys()
    }

    async fn serve(&self) -> String {
        let account = self.clone();
        let app = Router::new().fallback(move |uri: axum::http::Uri, headers: HeaderMap, body: Bytes| {
            let account = account.clone();
            async move {
                match uri.path() {
                    "/" => account.secret(&headers, &body).await,
                    _ => (account.export(&headers), String::new()),
                }
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    async fn secret(&self, headers: &HeaderMap, body: &[u8]) -> (StatusCode, String) {
        let target = headers["x-amz-target"].to_str().unwrap().to_owned();
        let input: Value = serde_json::from_slice(body).unwrap();
        let id = input["Name"].as_str().or(input["SecretId"].as_str()).unwrap();
        let region = headers["authorization"].to_str().unwrap().split('/').nth(2).unwrap().to_owned();
        self.calls.lock().unwrap().push(format!("{target} {id} {region}"));
        tokio::time::sleep(self.delay).await;
        let found = self.secrets.lock().unwrap().get(id).copied();
        match (found, target.as_str()) {
            (Some(secret), "AmazonSSM.GetParameter") => {
                assert_eq!(input["WithDecryption"], true);
                (StatusCode::OK, json!({ "Parameter": { "Name": id, "Value": secret } }).to_string())
            }
            (Some(secret), _) => (StatusCode::OK, json!({ "Name": id, "SecretString": secret }).to_string()),
            (None, _) => {
                let error = json!({ "__type": "AccessDeniedException", "message": "not authorized to read it" });
                (StatusCode::BAD_REQUEST, error.to_string())
            }
        }
    }

    fn export(&self, headers: &HeaderMap) -> StatusCode {
        let key = headers.get("api-key").map_or("none", |value| value.to_str().unwrap());
        self.keys.lock().unwrap().push(key.to_owned());
        match *self.accepted.lock().unwrap() {
            Some(accepted) if accepted != key => StatusCode::UNAUTHORIZED,
            _ => StatusCode::OK,
        }
    }
}

async fn start(program: &str, url: &str, headers: &str) -> Lambda {
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url),
        (HEADERS, headers),
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("RUST_LOG", "trace"),
        ("THUNDRA_SPANS", "trace"),
    ];
    Lambda::start(program, &variables).await
}

#[tokio::test]
async fn headers_have_the_secrets_that_they_name() {
    const ARN: &str = "arn:aws:secretsmanager:us-east-2:123456789012:secret:otlp-AbCdEf";
    let account = Account::with(&[("/otlp/key", "s3cr3t-1\n"), (ARN, r#"{"token":"s3cr3t-2","other":"x"}"#)]);
    let url = account.serve().await;
    for (headers, key, call) in [
        ("api-key=ssm:/otlp/key".to_owned(), "s3cr3t-1", "AmazonSSM.GetParameter /otlp/key eu-west-1".to_owned()),
        (
            format!("api-key=Bearer%20secretsmanager:{ARN}#token"),
            "Bearer s3cr3t-2",
            format!("secretsmanager.GetSecretValue {ARN} us-east-2"),
        ),
    ] {
        account.calls.lock().unwrap().clear();
        account.keys.lock().unwrap().clear();
        let lambda = start("traced", &url, &headers).await;
        for name in ["ann", "bob", "eve"] {
            assert_eq!(lambda.invoke(json!(name)).await.unwrap(), json!(format!("hello {name}")));
        }
        assert_eq!(account.keys_of(3).await, [key; 3]);
        let (_, stderr) = lambda.stop().await;
        assert_eq!(*account.calls.lock().unwrap(), [call], "all signals share one reading, and it is kept");
        assert!(!stderr.contains("s3cr3t") && !stderr.contains("GetParameter"), "{stderr}");
        assert!(!stderr.contains("thundra: "), "{stderr}");
    }
}

#[tokio::test]
async fn secrets_are_read_while_the_function_initialises() {
    let account = Account { delay: Duration::from_millis(400), ..Account::with(&[("key", "s3cr3t")]) };
    let url = account.serve().await;
    let lambda = start("traced", &url, "api-key=ssm:key").await;
    // No event has come yet.
    let began = async {
        while account.calls.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, began).await.unwrap();
    lambda.invoke(json!("ann")).await.unwrap();
    assert_eq!(account.keys_of(1).await, ["s3cr3t"], "the first flush waits for the rest of the time");
    lambda.stop().await;
}

#[tokio::test]
async fn a_secret_that_cannot_be_read_is_one_line_and_spans_wait() {
    let account = Account::default();
    let url = account.serve().await;
    let lambda = start("traced", &url, "api-key=ssm:/otlp/key").await;
    for _ in 0..3 {
        assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
    }
    assert_eq!(account.keys(), [""; 0], "nothing is sent without its credentials");
    account.secrets.lock().unwrap().insert("/otlp/key", "s3cr3t");
    let arrived = async {
        while account.keys().is_empty() {
            lambda.invoke(json!("bob")).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, arrived).await.unwrap();
    let (_, stderr) = lambda.stop().await;
    let lines: Vec<_> = stderr.lines().filter(|line| line.starts_with("thundra: ")).collect();
    let [line] = lines[..] else { panic!("{stderr}") };
    for part in ["kept for the next flush", "api-key could not be read", "not authorized to read it"] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!stderr.contains("s3cr3t"), "{stderr}");
}

#[tokio::test]
async fn a_refusal_has_the_secret_read_again() {
    let account = Account::with(&[("key", "old")]);
    let url = account.serve().await;
    let lambda = start("traced", &url, "api-key=secretsmanager:key").await;
    lambda.invoke(json!("ann")).await.unwrap();
    account.keys_of(1).await;
    account.secrets.lock().unwrap().insert("key", "new");
    *account.accepted.lock().unwrap() = Some("new");
    lambda.invoke(json!("bob")).await.unwrap();
    assert_eq!(account.keys_of(3).await, ["old", "old", "new"]);
    *account.accepted.lock().unwrap() = Some("another");
    lambda.invoke(json!("eve")).await.unwrap();
    lambda.invoke(json!("eve")).await.unwrap();
    lambda.stop().await;
    assert_eq!(account.calls.lock().unwrap().len(), 2, "the second refusal comes too soon for a third reading");
    assert_eq!(account.keys(), ["old", "old", "new", "new", "new"]);
}

#[tokio::test]
async fn a_reference_that_is_none_is_left_out_with_a_line() {
    let account = Account::default();
    let url = account.serve().await;
    let lambda = start("traced", &url, "api-key=secretsmanager:#s3cr3t").await;
    lambda.invoke(json!("ann")).await.unwrap();
    assert_eq!(account.keys_of(1).await, ["none"]);
    let (_, stderr) = lambda.stop().await;
    let line = "thundra: the OTLP header api-key is left out: a secret has the form ssm:name, secretsmanager:id or \
                secretsmanager:id#key";
    assert!(stderr.contains(line) && !stderr.contains("s3cr3t"), "{stderr}");
}
