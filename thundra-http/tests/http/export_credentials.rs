//! Credentials that a request gets when it is sent.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use http::request::Parts;
use thundra_core::export::{Batch, Export, ExportError, ExportErrorKind};
use thundra_core::{Config, Env, Resource, Scope, Signal};
use thundra_http::export::{Authorize, AuthorizeFuture, Authorizer, Destination, OtlpExporter};

use crate::support::serve;

/// Starts a collector that responds with the given statuses, then 200. Returns the address, and the received headers.
async fn collector(statuses: &'static [u16]) -> (String, Arc<Mutex<Vec<HeaderMap>>>) {
    let (seen, next) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let keep = seen.clone();
    let app = Router::new().fallback(move |headers: HeaderMap| {
        keep.lock().unwrap().push(headers);
        let status = statuses.get(next.fetch_add(1, Ordering::Relaxed)).copied().unwrap_or(200);
        async move { StatusCode::from_u16(status).unwrap() }
    });
    (format!("http://{}", serve(app).await), seen)
}

fn exporter(endpoint: &str, headers: &str, authorizers: &[Authorizer]) -> OtlpExporter {
    let pairs = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_EXPORTER_OTLP_HEADERS", headers)];
    OtlpExporter::authorized(&Config::from_env(&Env::from_pairs(pairs)).otlp, Signal::ALL, authorizers).unwrap()
}

async fn export(exporter: &OtlpExporter) -> Result<(), ExportErrorKind> {
    let batch = Batch::new(Arc::new(Resource::new([])), Scope::builder("root").begin().finish());
    exporter.export(&batch, Instant::now() + Duration::from_secs(5)).await.map_err(|error| error.kind())
}

/// An authorizer that writes the parts of the request into a header. Its credentials change after each refusal, twice.
#[derive(Debug, Default)]
struct Stamp(AtomicUsize);

impl Authorize for Stamp {
    fn authorize<'a>(&'a self, head: &'a mut Parts, body: &'a Bytes, _: Instant) -> AuthorizeFuture<'a> {
        let names = ["content-type", "host", "x-own"].map(|name| head.headers.contains_key(name));
        let stamp = format!("{} {names:?} {} {}", head.uri, !body.is_empty(), self.0.load(Ordering::Relaxed));
        head.headers.insert("x-stamp", stamp.parse().unwrap());
        Box::pin(std::future::ready(Ok(())))
    }

    fn refused(&self) -> bool {
        self.0.fetch_add(1, Ordering::Relaxed) < 1
    }

    fn renew(&self) {
        self.0.store(7, Ordering::Relaxed);
    }
}

fn stamp(destination: &Destination<'_>) -> Option<Arc<dyn Authorize>> {
    destination.references.is_empty().then(|| Arc::new(Stamp::default()) as _)
}

#[tokio::test]
async fn each_attempt_gets_credentials_behind_all_other_headers() {
    let (endpoint, seen) = collector(&[503, 200, 401, 200, 403]).await;
    let exporter = exporter(&endpoint, "x-own=1", &[stamp]);
    for expected in [Ok(()), Ok(()), Err(ExportErrorKind::Permanent)] {
        assert_eq!(export(&exporter).await, expected);
    }
    let stamps: Vec<_> = seen.lock().unwrap().iter().map(|headers| headers["x-stamp"].clone()).collect();
    let expected = [0, 0, 0, 1, 1].map(|number| format!("{endpoint}/v1/traces [true, true, true] true {number}"));
    assert_eq!(stamps, expected, "the second refusal brings nothing new");
}

#[tokio::test]
async fn a_copy_of_a_snapshot_asks_for_its_own_credentials() {
    let (endpoint, seen) = collector(&[]).await;
    let exporter = exporter(&endpoint, "x-own=1", &[stamp]);
    export(&exporter).await.unwrap();
    exporter.renew();
    export(&exporter).await.unwrap();
    let last = |headers: &HeaderMap| headers["x-stamp"].to_str().unwrap().chars().next_back();
    assert_eq!(seen.lock().unwrap().iter().map(last).collect::<Vec<_>>(), [Some('0'), Some('7')]);
}

/// Has no credentials yet.
#[derive(Debug)]
struct NotYet;

impl Authorize for NotYet {
    fn authorize<'a>(&'a self, _: &'a mut Parts, _: &'a Bytes, _: Instant) -> AuthorizeFuture<'a> {
        Box::pin(std::future::ready(Err(ExportError::retryable("the key is not here yet"))))
    }
}

#[tokio::test]
async fn a_request_without_its_credentials_is_not_sent() {
    let (endpoint, seen) = collector(&[]).await;
    let exporter = exporter(&endpoint, "x-own=1", &[|_| Some(Arc::new(NotYet))]);
    assert_eq!(export(&exporter).await, Err(ExportErrorKind::Retryable));
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_reference_is_never_sent_as_it_is() {
    let (endpoint, seen) = collector(&[]).await;
    for value in ["ssm:/key", "Bearer%20ssm:key", "secretsmanager:arn:aws:secretsmanager:x#k", "x ssm:"] {
        export(&exporter(&endpoint, &format!("x-own={value}"), &[stamp])).await.unwrap();
    }
    let own: Vec<_> = seen.lock().unwrap().iter().map(|headers| headers.get("x-own").cloned()).collect();
    assert_eq!(own, [None, None, None, Some("x ssm:".parse().unwrap())], "the last one names nothing");
}
