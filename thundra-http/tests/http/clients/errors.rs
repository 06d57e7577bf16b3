//! Errors of calls: their types and texts.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::rt::TokioExecutor;
use thundra_core::Scope;
use thundra_core::testing::tree;
use thundra_http::{Client, Layer};
use tower::{ServiceBuilder, ServiceExt};

use crate::support::{attribute, error_types, exported, installed, nobody};

#[tokio::test]
async fn failed_calls_have_an_error_type_and_no_url() {
    let (_turn, exporter) = installed().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let waiting = silent.local_addr().unwrap();
    let resetting = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let reset = resetting.local_addr().unwrap();
    std::thread::spawn(move || {
        let listener = resetting.into_std().unwrap();
        listener.set_nonblocking(false).unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 2").unwrap();
    });
    let refused = nobody().await;
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let client = Client::new();
            let slow = client.get(format!("http://{waiting}/?q=secret")).timeout(Duration::from_millis(50));
            assert!(slow.send().await.unwrap_err().is_timeout());
            assert!(client.get(format!("http://{refused}/?q=secret")).send().await.unwrap_err().is_connect());
            assert!(client.get(format!("http://{reset}/?q=secret")).send().await.unwrap_err().is_request());
            let dropped = client.get(format!("http://{waiting}/?q=secret")).send();
            tokio::time::timeout(Duration::from_millis(50), dropped).await.unwrap_err();
            assert!(client.get("no address").send().await.unwrap_err().is_builder(), "there is no request to record");
        })
        .await;
    let spans = exported(scope, &exporter, 5).await;
    let expected = ["cancelled", "connection_error", "request_failed", "timeout"];
    assert_eq!(error_types(&spans), expected);
    assert!(!format!("{spans:?}").contains("secret"));
}

#[tokio::test]
async fn other_clients_fail_with_an_error_type_and_without_urls() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    async fn fails<E: std::fmt::Display + 'static>(error: E) {
        let mut error = Some(error);
        let service = tower::service_fn(move |_: http::Request<()>| {
            let error = error.take().unwrap();
            async { Err::<http::Response<()>, _>(error) }
        });
        let client = ServiceBuilder::new().layer(Layer::client()).service(service);
        assert!(client.oneshot(http::Request::get("http://a.example/").body(()).unwrap()).await.is_err());
    }
    let (_turn, exporter) = installed().await;
    let refused = nobody().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let waiting = silent.local_addr().unwrap();
    let theirs = async || reqwest::get(format!("http://{refused}/?q=secret")).await.unwrap_err();
    let patient = reqwest::Client::builder().timeout(Duration::from_millis(50)).build().unwrap();
    let late = async || patient.get(format!("http://{waiting}/?q=secret")).send().await.unwrap_err();
    let hyper = HyperClient::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let timed_out = ServiceBuilder::new()
        .layer(Layer::client())
        .layer(tower::timeout::TimeoutLayer::new(Duration::from_millis(50)))
        .service(hyper);
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            fails(theirs().await).await;
            fails(Boxed::from(theirs().await)).await;
            fails(std::io::Error::other(theirs().await)).await;
            fails(format!("in words: {}", theirs().await)).await;
            for to in [waiting, refused] {
                let request = http::Request::get(format!("http://{to}/b")).body(Full::default()).unwrap();
                timed_out.clone().oneshot(request).await.unwrap_err();
            }
            fails(Box::<dyn std::error::Error>::from("no reason at http://a.example/?q=secret")).await;
            fails(std::io::Error::from(std::io::ErrorKind::TimedOut)).await;
            fails(Boxed::from(late().await)).await;
            fails(std::io::Error::other(late().await)).await;
        })
        .await;
    let spans = exported(scope, &exporter, 11).await;
    let recorded: Vec<_> = spans.iter().filter_map(|span| attribute(span, "error.type")).collect();
    let (connection, timeout, other) = ("connection_error", "timeout", "request_failed");
    assert_eq!(
        recorded,
        [connection, connection, connection, other, timeout, connection, other, timeout, timeout, timeout]
    );
    let text = format!("{spans:?}");
    assert!(!text.contains("secret") && text.contains("/?REDACTED"), "{text}");
    assert!(text.contains("client error (Connect): tcp connect error"), "causes are recorded: {text}");
}

/// An error whose text and cause panic.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("broken")
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        panic!("broken")
    }
}

#[tokio::test]
async fn an_error_that_cannot_be_formatted_passes_through() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    async fn fails(_: http::Request<()>) -> Result<http::Response<Full<Bytes>>, Broken> {
        Err(Broken)
    }
    async fn fails_boxed(_: http::Request<()>) -> Result<http::Response<Full<Bytes>>, Boxed> {
        Err(Boxed::from(Broken))
    }
    let (_turn, exporter) = installed().await;
    let request = || http::Request::get("http://a.example/").body(()).unwrap();
    let server = ServiceBuilder::new().layer(Layer::server()).service(tower::service_fn(fails));
    assert!(server.oneshot(request()).await.is_err());
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let client = ServiceBuilder::new().layer(Layer::client()).service(tower::service_fn(fails));
            assert!(client.oneshot(request()).await.is_err());
            let client = ServiceBuilder::new().layer(Layer::client()).service(tower::service_fn(fails_boxed));
            assert!(client.oneshot(request()).await.unwrap_err().is::<Broken>());
        })
        .await;
    let spans = exported(scope, &exporter, 3).await;
    assert_eq!(error_types(&spans), ["request_failed", "request_failed"]);
}

/// An error that is its own cause.
#[derive(Debug)]
struct Endless;

impl std::fmt::Display for Endless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no such name")
    }
}

impl std::error::Error for Endless {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self)
    }
}

impl thundra_http::dns::Resolve for Endless {
    fn resolve(&self, _: thundra_http::dns::Name) -> thundra_http::dns::Resolving {
        Box::pin(async { Err(Endless.into()) })
    }
}

#[tokio::test]
async fn an_error_that_is_its_own_cause_is_recorded() {
    let (_turn, exporter) = installed().await;
    // A call that does not end would keep its thread.
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let scope = Scope::builder("caller").begin();
        let client = Client::builder().dns_resolver(Arc::new(Endless)).build().unwrap();
        assert!(runtime.block_on(scope.run(client.get("http://anywhere.internal/").send())).is_err());
        done.send(scope).unwrap();
    });
    let scope = ended.recv_timeout(Duration::from_secs(20)).expect("the call ends");
    let spans = exported(scope, &exporter, 2).await;
    assert!(tree(&spans).contains("no such name: no such name"), "{}", tree(&spans));
}
