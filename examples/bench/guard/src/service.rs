//! A service of axum at full load: `/hello`, over connections in memory that are kept open.

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http_body_util::BodyExt;
use http_body_util::combinators::MapErr;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use thundra_core::Records;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tower_http::map_response_body::MapResponseBodyLayer;

use crate::calls::io_runtime;
use crate::setup::install;

/// The work of `requests` requests a turn, for a number of turns. A flush follows each turn.
type Work = fn(requests: u64, turns: u64);

pub(crate) const ALL: &[(&str, Work)] = &[
    ("service_bare", |requests, turns| serve(routes(), requests, turns)),
    ("service_boxed", |requests, turns| serve(routes().layer(MapResponseBodyLayer::new(boxed)), requests, turns)),
    ("service_disabled", |requests, turns| traced(&[("OTEL_SDK_DISABLED", "true")], requests, turns)),
    ("service_always_off", |requests, turns| traced(&[("OTEL_TRACES_SAMPLER", "always_off")], requests, turns)),
    ("service_recorded", |requests, turns| traced(&[], requests, turns)),
];

fn routes() -> Router {
    Router::new().route("/hello", get(async || "hello"))
}

/// Returns a body of another type, which axum boxes as it boxes the body of any layer.
fn boxed(body: Body) -> MapErr<Body, fn(axum::Error) -> axum::Error> {
    body.map_err(|error| error)
}

fn traced(variables: &[(&str, &str)], requests: u64, turns: u64) {
    install(variables);
    serve(routes().layer(thundra_http::Layer::server()), requests, turns);
}

fn serve(routes: Router, requests: u64, turns: u64) {
    const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nhost: 127.0.0.1:8080\r\nuser-agent: bench/1\r\naccept: */*\r\n\r\n";
    io_runtime().block_on(async {
        let (mut client, server) = duplex(4096);
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(server), TowerToHyperService::new(routes));
        drop(tokio::spawn(connection));
        let mut answer = [0; 4096];
        for _ in 0..turns {
            for _ in 0..requests {
                client.write_all(REQUEST).await.expect("the server reads");
                let read = client.read(&mut answer).await.expect("the server answers");
                assert!(answer[..read].ends_with(b"hello"), "a whole answer, as hyper writes a short one");
            }
            thundra_core::flush(Records::default(), None).await;
        }
    });
}
