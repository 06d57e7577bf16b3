//! Requests inside another scope.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use http_body_util::BodyExt;
use opentelemetry::Context;
use thundra_core::{Scope, SpanKind};
use thundra_http::Layer;
use tower::{Service, ServiceBuilder, ServiceExt};

use crate::support::{attribute, exported, installed};

#[tokio::test]
async fn a_request_inside_a_scope_or_suppressed_begins_no_scope() {
    let (_turn, exporter) = installed().await;
    let mut service =
        Router::new().route("/users/{id}", get(|| async { "" })).layer(Layer::server()).into_service::<Body>();
    let request = || Request::get("/users/7").body(Body::empty()).unwrap();
    let scope = Scope::builder("invocation").begin();
    scope.set_flags(thundra_core::ScopeFlags::HTTP_REQUEST);
    scope.run(service.ready().await.unwrap().call(request())).await.unwrap();
    let mut plain = ServiceBuilder::new()
        .layer(Layer::server())
        .service(tower::service_fn(|_: Request| async { Ok::<_, Infallible>(Response::new(Body::empty())) }));
    let suppressed = {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        plain.call(request())
    };
    suppressed.await.unwrap();
    let spans = exported(scope, &exporter, 1).await;
    assert_eq!((spans[0].name.as_str(), exporter.spans().len()), ("GET /users/{id}", 1));
    assert_eq!(attribute(&spans[0], "http.route").as_deref(), Some("/users/{id}"));
}

#[tokio::test]
async fn a_router_in_a_handler_belongs_to_the_scope_around_it() {
    let (_turn, exporter) = installed().await;
    let inner = || Router::new().route("/inner/{id}", get(|| async { "" })).layer(Layer::server());
    let call_inner = move || inner().oneshot(Request::get("/inner/7").body(Body::empty()).unwrap());
    let outer = Router::new().route("/outer/{id}", get(move || async move { call_inner().await.unwrap() }));
    // The app has the layer twice: the outer layer has no route yet.
    let mut outer = ServiceBuilder::new().layer(Layer::server()).service(outer.layer(Layer::server()));
    let caller = Scope::builder("caller").begin();
    let context = thundra_core::propagation::format_traceparent(&caller.context().unwrap());
    let request = Request::get("/outer/7").header("traceparent", context).body(Body::empty()).unwrap();
    outer.call(request).await.unwrap().into_body().collect().await.unwrap();
    let spans = exported(caller, &exporter, 2).await;
    let server = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
    assert_eq!(server.name, "GET /outer/{id}");
    assert_eq!(attribute(server, "http.route").as_deref(), Some("/outer/{id}"));

    // A message or the record of a batch is no request, and has no route.
    let scope = Scope::builder("message").begin();
    scope.run(call_inner()).await.unwrap();
    let spans = exported(scope, &exporter, 1).await;
    assert_eq!((spans[0].name.as_str(), attribute(&spans[0], "http.route")), ("message", None));

    // The first request inside an invocation counts as the invocation.
    let scope = Scope::builder("invocation").begin();
    scope.set_flags(thundra_core::ScopeFlags::HTTP_REQUEST);
    let routes = Router::new().route("/outer", get(move || async move { call_inner().await.unwrap() }));
    let first = routes.layer(Layer::server()).oneshot(Request::get("/outer").body(Body::empty()).unwrap());
    scope.run(first).await.unwrap();
    scope.run(call_inner()).await.unwrap();
    assert_eq!(exported(scope, &exporter, 1).await[0].name, "GET /outer");
}
