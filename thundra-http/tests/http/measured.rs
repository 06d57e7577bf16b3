//! The durations of calls and requests, also of unsampled ones, and outside of scopes.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use thundra_core::metrics::{PointData, PointsOf, write_points_with};
use thundra_core::{Config, Env, Records, Scope, flush};
use thundra_http::{Client, Layer};
use tower::{ServiceBuilder, ServiceExt};

use crate::support::{installed, nobody, serve};

static POINTS: Mutex<Vec<(String, u64)>> = Mutex::new(Vec::new());

fn keep(points: &PointsOf<'_>) {
    for point in points.points.iter() {
        assert!(point.is_built_in(), "{point:?}");
        let attributes: Vec<_> = point.attributes().iter().map(|(key, value)| format!("{key}={value}")).collect();
        let count = match point.data() {
            PointData::Histogram(histogram) => {
                assert!(point.unit() == "s" && histogram.sum > 0.0 && histogram.sum < 60.0, "{histogram:?}");
                histogram.count
            }
            PointData::Number(number) => number.as_f64() as u64,
            other => panic!("{other:?}"),
        };
        let shown = format!("{} {}", point.name(), attributes.join(" "));
        POINTS.lock().unwrap_or_else(PoisonError::into_inner).push((shown, count));
    }
}

fn kept(text: &str) -> Vec<(String, u64)> {
    let points = POINTS.lock().unwrap_or_else(PoisonError::into_inner);
    points.iter().filter(|(shown, _)| shown.contains(text)).cloned().collect()
}

/// Flushes, and returns the number of measurements of each point with a text.
async fn measured(text: &str, enough: usize) -> Vec<(String, u64)> {
    for _ in 0..250 {
        flush(Records::default(), None).await;
        let mut found = kept(text);
        if found.len() >= enough {
            found.sort();
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no {enough} points with {text:?} in {POINTS:?}");
}

fn unsampled(name: &'static str) -> Scope {
    let config = Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", "always_off")]));
    Scope::builder(name).begin_with(&config)
}

#[tokio::test]
async fn a_call_is_measured_by_host_whether_it_is_recorded_or_not() {
    write_points_with(keep);
    let (_turn, _) = installed().await;
    let app = Router::new()
        .route("/orders/{id}", get(|| async { StatusCode::OK }))
        .fallback(|| async { StatusCode::NOT_FOUND });
    let port = serve(app).await.port();
    let closed = nobody().await.port();
    let client = Client::new();
    let call = async |path: &str| {
        let _ = client.get(format!("http://127.0.0.1:{path}")).send().await;
    };
    Scope::builder("sampled").begin().run(call(&format!("{port}/orders/1"))).await;
    let scope = unsampled("unsampled");
    assert!(!scope.recorded());
    scope.run(call(&format!("{port}/orders/2"))).await;
    scope.run(call(&format!("{port}/none"))).await;
    scope.run(call(&format!("{closed}/"))).await;
    drop(scope.finish());
    call(&format!("{port}/orders/3")).await;
    let name = "http.client.request.duration";
    let of_port = measured(&format!("server.port={port}"), 4).await;
    let ok = format!(
        "{name} http.request.method=GET http.response.status_code=200 server.address=127.0.0.1 server.port={port}"
    );
    let failed = format!(
        "{name} error.type=404 http.request.method=GET http.response.status_code=404 server.address=127.0.0.1 \
         server.port={port}"
    );
    let one = |text: &String| (text.clone(), 1);
    assert_eq!(of_port, [one(&failed), one(&ok), one(&ok), one(&ok)]);
    let unreachable = format!(
        "{name} error.type=connection_error http.request.method=GET server.address=127.0.0.1 server.port={closed}"
    );
    assert_eq!(measured(&format!("server.port={closed}"), 1).await, [one(&unreachable)]);
}

#[tokio::test]
async fn a_cancelled_call_is_measured() {
    write_points_with(keep);
    let (_turn, _) = installed().await;
    let app = Router::new().route("/", get(std::future::pending::<()>));
    let port = serve(app).await.port();
    let scope = unsampled("impatient");
    let call = scope.run(Client::new().get(format!("http://127.0.0.1:{port}/")).send());
    assert!(tokio::time::timeout(Duration::from_millis(200), call).await.is_err());
    drop(scope.finish());
    let [(shown, 1)] = &measured(&format!("server.port={port}"), 1).await[..] else { panic!() };
    assert!(shown.contains("error.type=cancelled"), "{shown}");
}

#[tokio::test]
async fn a_request_is_measured_by_route() {
    write_points_with(keep);
    let (_turn, _) = installed().await;
    let app = Router::new()
        .route("/measured/{id}", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .layer(Layer::server());
    let request = |path: &str| axum::http::Request::get(path).header("x-forwarded-proto", "https").body(Body::empty());
    for path in ["/measured/1", "/measured/2"] {
        let response: Response = app.clone().oneshot(request(path).unwrap()).await.unwrap();
        drop(response);
    }
    let shown = "http.server.request.duration error.type=500 http.request.method=GET http.response.status_code=500 \
                 http.route=/measured/{id} url.scheme=https";
    assert_eq!(measured("/measured/{id}", 2).await, [(shown.to_owned(), 1), (shown.to_owned(), 1)]);
}

#[tokio::test]
async fn a_grpc_call_is_measured_as_such_on_both_sides() {
    write_points_with(keep);
    let (_turn, _) = installed().await;
    let answer = |_: axum::http::Request<Body>| async {
        let response = Response::builder().header("content-type", "application/grpc").header("grpc-status", "5");
        Ok::<_, std::convert::Infallible>(response.body(Body::empty()).unwrap())
    };
    let server = ServiceBuilder::new().layer(Layer::client()).layer(Layer::server()).service_fn(answer);
    let request = axum::http::Request::post("http://127.0.0.1:1/shop.Measured/Place")
        .header("content-type", "application/grpc")
        .body(Body::empty());
    drop(server.oneshot(request.unwrap()).await.unwrap());
    let client = measured("rpc.method=shop.Measured/Place", 1).await;
    let shown = "rpc.client.call.duration error.type=NOT_FOUND rpc.method=shop.Measured/Place \
                 rpc.response.status_code=NOT_FOUND rpc.system.name=grpc server.address=127.0.0.1 server.port=1";
    assert!(client.contains(&(shown.to_owned(), 1)), "{client:?}");
    let server = measured("rpc.server.call.duration", 1).await;
    assert!(server.iter().any(|(shown, _)| shown.contains("rpc.response.status_code=NOT_FOUND")), "{server:?}");
}

#[tokio::test]
async fn the_runtime_of_the_program_is_measured_once_it_calls() {
    write_points_with(keep);
    let (_turn, _) = installed().await;
    let closed = nobody().await;
    let _ = Client::new().get(format!("http://{closed}/")).send().await;
    for name in ["tokio.runtime.workers", "tokio.runtime.alive_tasks", "tokio.runtime.global_queue_depth"] {
        measured(name, 1).await;
    }
}
