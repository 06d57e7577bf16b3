//! Bodies of responses: a request ends with the body, and the body stays unchanged.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::get;
use futures_util::StreamExt;
use http_body::{Body as _, Frame};
use http_body_util::{BodyExt, StreamBody};
use hyper_util::rt::TokioIo;
use thundra_core::{Scope, SpanKind, current};
use thundra_http::{Client, Layer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::{Service, ServiceBuilder};

use crate::support::{attribute, error_types, exported, installed, serve};

#[tokio::test]
async fn a_request_ends_with_its_body() {
    let (_turn, exporter) = installed().await;
    let app = Router::new()
        .route(
            "/slowly",
            get(|| async {
                Body::from_stream(futures_util::stream::iter(0..3).then(async |n: u32| {
                    tokio::time::sleep(Duration::from_millis(40)).await;
                    tracing::info_span!("chunk", n)
                        .in_scope(|| Ok::<_, Infallible>(format!("{:?}", current().is_some())))
                }))
            }),
        )
        .route(
            "/breaks",
            get(|| async {
                Body::from_stream(futures_util::stream::iter([true, false]).then(async |works| {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    if works { Ok("some") } else { Err(std::io::Error::other("torn")) }
                }))
            }),
        )
        .route(
            "/endless",
            get(|| async {
                Body::from_stream(futures_util::stream::repeat_with(|| Ok::<_, Infallible>(vec![0; 4096])))
            }),
        )
        .route(
            "/panics",
            get(|| async {
                if true {
                    panic!("at the disco")
                }
            }),
        )
        .route("/waits", get(std::future::pending::<()>))
        .route(
            "/body-panics",
            get(|| async {
                Body::from_stream(futures_util::stream::iter([true, false]).then(async |works| {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    assert!(works, "at the disco");
                    Ok::<_, Infallible>("some")
                }))
            }),
        )
        .route(
            "/counted",
            get(|| async {
                let parts = futures_util::stream::iter([Ok::<_, Infallible>("four")]);
                let endless = parts.chain(futures_util::stream::pending());
                Response::builder().header("content-length", 4).body(Body::from_stream(endless)).unwrap()
            }),
        )
        .route("/empty", get(|| async { StatusCode::NO_CONTENT }))
        .layer(Layer::server());
    let address = serve(app).await;
    let client = Client::new();
    let call = async |path: &str| client.get(format!("http://{address}{path}")).send().await;
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            assert_eq!(call("/slowly").await.unwrap().text().await.unwrap(), "truetruetrue", "bodies are in the scope");
            call("/breaks").await.unwrap().text().await.unwrap_err();
            let mut endless = call("/endless").await.unwrap();
            assert!(endless.chunk().await.unwrap().is_some());
            drop(endless);
            call("/panics").await.unwrap_err();
            let waiting = client.get(format!("http://{address}/waits")).timeout(Duration::from_millis(50)).send();
            waiting.await.unwrap_err();
            client.head(format!("http://{address}/slowly")).send().await.unwrap();
            call("/empty").await.unwrap();
            call("/body-panics").await.unwrap().text().await.unwrap_err();
            assert_eq!(call("/counted").await.unwrap().text().await.unwrap(), "four");
        })
        .await;
    let spans = exported(scope, &exporter, 1 + 9 + 9 + 3).await;
    let server = |name: &str, nth: usize| {
        let spans = spans.iter().filter(|span| span.kind == SpanKind::Server && span.name == name);
        spans.into_iter().nth(nth).unwrap()
    };
    for (name, error) in [
        ("GET /slowly", None),
        ("GET /breaks", Some("body_failed")),
        ("GET /endless", Some("cancelled")),
        ("GET /panics", Some("panic")),
        ("GET /waits", Some("cancelled")),
        ("HEAD /slowly", None),
        ("GET /empty", None),
        ("GET /body-panics", Some("panic")),
        ("GET /counted", None),
    ] {
        assert_eq!(attribute(server(name, 0), "error.type").as_deref(), error, "{name}");
    }
    let slowly = server("GET /slowly", 0);
    assert!(slowly.end_time.duration_since(slowly.start_time).unwrap() >= Duration::from_millis(120));
}

#[tokio::test]
async fn a_body_keeps_its_size_and_trailers() {
    let (_turn, _exporter) = installed().await;
    let call = async |body: Body| {
        let mut body = Some(body);
        let inner = tower::service_fn(move |_: Request| {
            let body = body.take().unwrap();
            async { Ok::<_, Infallible>(Response::new(body)) }
        });
        let mut service = ServiceBuilder::new().layer(Layer::server()).service(inner);
        service.call(Request::new(Body::empty())).await.unwrap().into_body()
    };
    let full = call(Body::from("four")).await;
    assert_eq!((full.size_hint().exact(), full.is_end_stream()), (Some(4), false));
    let empty = call(Body::empty()).await;
    assert_eq!((empty.size_hint().exact(), empty.is_end_stream()), (Some(0), true));
    let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), HeaderValue::from_static("7"))]);
    let frames = [Ok::<_, Infallible>(Frame::data(Bytes::from("data"))), Ok(Frame::trailers(trailers.clone()))];
    let collected = call(Body::new(StreamBody::new(futures_util::stream::iter(frames)))).await.collect().await.unwrap();
    assert_eq!(collected.trailers(), Some(&trailers));
}

#[tokio::test]
async fn an_upgraded_connection_is_left_alone() {
    let (_turn, exporter) = installed().await;
    let app = Router::new()
        .route(
            "/socket",
            get(|request: Request| async {
                tokio::spawn(async move {
                    let mut socket = TokioIo::new(hyper::upgrade::on(request).await.unwrap());
                    let mut ping = [0; 4];
                    socket.read_exact(&mut ping).await.unwrap();
                    socket.write_all(&ping).await.unwrap();
                });
                let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
                response.header("connection", "upgrade").header("upgrade", "echo").body(Body::empty()).unwrap()
            }),
        )
        .layer(Layer::server());
    let address = serve(app).await;
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            let request = Client::new().get(format!("http://{address}/socket"));
            let response = request.header("connection", "upgrade").header("upgrade", "echo").send().await.unwrap();
            assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
            let mut socket = response.upgrade().await.unwrap();
            socket.write_all(b"ping").await.unwrap();
            let mut pong = [0; 4];
            socket.read_exact(&mut pong).await.unwrap();
            assert_eq!(&pong, b"ping");
        })
        .await;
    let spans = exported(scope, &exporter, 3).await;
    assert_eq!(error_types(&spans), [""; 0]);
}
