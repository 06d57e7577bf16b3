//! gRPC: detection, names and status of calls.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use axum::routing::post;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use thundra_core::{Scope, SpanKind, correlation};
use thundra_http::{Layer, RequestBuilderExt};
use tower::{Service, ServiceBuilder, ServiceExt};

use crate::support::{attribute, exported, installed, serve};

use super::request_of;

#[tokio::test]
async fn an_untrusted_caller_cannot_choose_a_span_name_by_a_method() {
    let (_turn, exporter) = installed().await;
    let respond = |path: &str| {
        let response = Response::builder().header("content-type", "application/grpc");
        let trailers = |code| HeaderMap::from_iter([("grpc-status".parse().unwrap(), HeaderValue::from_static(code))]);
        let body = |code| {
            Body::new(StreamBody::new(futures_util::stream::iter([Ok::<_, Infallible>(Frame::trailers(trailers(
                code,
            )))])))
        };
        let result = match path {
            path if path.ends_with("Refused") => response.header("grpc-status", "16").body(Body::empty()),
            path if path.ends_with("Missing") => response.header("grpc-status", "12").body(Body::empty()),
            path if path.ends_with("Late") => response.body(body("12")),
            path if path.ends_with("Strange") => response.header("grpc-status", "what").body(Body::empty()),
            path if path.ends_with("Empty") => response.header("grpc-status", "0").body(Body::empty()),
            path if path.ends_with("Forbidden") => response.status(403).body(Body::empty()),
            path if path.ends_with("Begun") => response.body(body("5")),
            _ => response.body(body("0")),
        };
        result.unwrap()
    };
    let plain = tower::service_fn(move |request: Request| async move {
        match (request.uri().path(), request.headers().contains_key("x-guarded")) {
            ("/shop.Names/Waits", _) => std::future::pending().await,
            ("/shop.Names/Fails", _) => Err(std::io::Error::other("no disk")),
            (_, true) => Ok(respond("/Refused")),
            (path, false) => Ok(respond(path)),
        }
    });
    let plain = ServiceBuilder::new().layer(Layer::server()).service(plain);
    let refused = move || async move { respond("/Refused") };
    let missing = move || async move { respond("/Missing") };
    let routed = Router::new()
        .route("/shop.Names/RoutedRefused", post(refused))
        .route("/shop.Names/RoutedMissing", post(missing))
        .route("/shop.Wild/{*method}", post(refused))
        .layer(Layer::server());
    let grpc = ("content-type", "application/grpc");
    for (path, guarded, name, method, code, why) in [
        ("Waits", false, "POST", None, None, "no response"),
        ("Fails", false, "POST", None, None, "a failure without a response"),
        ("Refused", false, "grpc", Some("_OTHER"), Some("UNAUTHENTICATED"), "by a guard, for all it knows"),
        ("Missing", false, "grpc", Some("_OTHER"), Some("UNIMPLEMENTED"), "no such method"),
        ("Late", false, "grpc", Some("_OTHER"), Some("UNIMPLEMENTED"), "no such method, said late"),
        ("Strange", false, "grpc", Some("_OTHER"), None, "no outcome"),
        ("Forbidden", false, "grpc", Some("_OTHER"), None, "by a guard that knows HTTP alone"),
        ("Empty", false, "shop.Names/Empty", Some("shop.Names/Empty"), Some("OK"), "a success"),
        ("Begun", false, "shop.Names/Begun", Some("shop.Names/Begun"), Some("NOT_FOUND"), "the response has begun"),
        ("Begun", true, "grpc", Some("_OTHER"), Some("UNAUTHENTICATED"), "no success so far"),
        ("Place", true, "grpc", Some("_OTHER"), Some("UNAUTHENTICATED"), "the same"),
        ("Place", false, "shop.Names/Place", Some("shop.Names/Place"), Some("OK"), "a success at the end"),
        ("Place", true, "shop.Names/Place", Some("shop.Names/Place"), Some("UNAUTHENTICATED"), "known by now"),
    ] {
        let scope = Scope::builder("caller").begin();
        let mut headers = vec![grpc, ("x-forwarded-for", "203.0.113.7")];
        headers.extend(guarded.then_some(("x-guarded", "")));
        let request = request_of(&scope, "POST", &format!("/shop.Names/{path}"), &headers);
        let call =
            async { plain.clone().oneshot(request).await?.into_body().collect().await.map_err(std::io::Error::other) };
        let _ = tokio::time::timeout(Duration::from_millis(50), call).await;
        let spans = exported(scope, &exporter, 2).await;
        let server = spans.iter().find(|span| span.kind == SpanKind::Server).unwrap();
        let recorded = ["rpc.method", "rpc.response.status_code"].map(|key| attribute(server, key));
        assert_eq!(
            (server.name.as_str(), recorded[0].as_deref(), recorded[1].as_deref()),
            (name, method, code),
            "{path}: {why}"
        );
        let original = attribute(server, "rpc.method_original");
        assert_eq!(original, (method == Some("_OTHER")).then(|| format!("shop.Names/{path}")), "{path}: {why}");
        let system = method.map(|_| "grpc".to_owned());
        assert_eq!(attribute(server, "rpc.system.name"), system, "{path}: {why}");
        let client = method.is_none().then(|| "203.0.113.7".to_owned());
        assert_eq!(attribute(server, "client.address"), client, "{path}: {why}");
    }
    for (path, name, why) in [
        ("/shop.Names/RoutedRefused", "shop.Names/RoutedRefused", "the route is the method"),
        ("/shop.Names/RoutedMissing", "shop.Names/RoutedMissing", "the route is the method"),
        ("/shop.Wild/Any", "grpc", "the route takes anything"),
    ] {
        let scope = Scope::builder("caller").begin();
        routed.clone().oneshot(request_of(&scope, "POST", path, &[grpc])).await.unwrap();
        let spans = exported(scope, &exporter, 2).await;
        assert_eq!(spans.iter().find(|span| span.kind == SpanKind::Server).unwrap().name, name, "{why}");
    }
}

/// A collector whose status the sender chooses.
struct Collector;

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: tonic::Request<ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<ExportTraceServiceResponse>, tonic::Status> {
        let order = correlation::get("order");
        match request.into_inner().resource_spans.len() {
            0 if order.as_deref() != Some("o-9") => Err(tonic::Status::internal("the ids are lost")),
            0 => Ok(tonic::Response::new(ExportTraceServiceResponse::default())),
            1 => Err(tonic::Status::not_found("the caller's")),
            _ => Err(tonic::Status::unavailable("the server's")),
        }
    }
}

#[tokio::test]
async fn grpc_has_names_and_status_codes_of_its_own() {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use opentelemetry_proto::tonic::collector::logs::v1::logs_service_client::LogsServiceClient;
    const METHOD: &str = "opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let (_turn, exporter) = installed().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut server = tonic::transport::Server::builder().layer(Layer::server());
    let server = server.add_service(TraceServiceServer::new(Collector));
    let incoming = tonic::transport::server::TcpIncoming::from(listener);
    tokio::spawn(server.serve_with_incoming(incoming));
    let channel =
        tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    let channel = ServiceBuilder::new().layer(Layer::client()).service(channel);
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            correlation::set("order", "o-9");
            let origin = format!("http://{address}").parse().unwrap();
            let mut client = TraceServiceClient::with_origin(channel.clone(), origin);
            for spans in 0..3 {
                let request = ExportTraceServiceRequest { resource_spans: vec![Default::default(); spans] };
                let _ = client.export(request).await;
            }
            let unknown = LogsServiceClient::new(channel).export(ExportLogsServiceRequest::default()).await;
            assert_eq!(unknown.unwrap_err().code(), tonic::Code::Unimplemented);
        })
        .await;
    let spans = exported(scope, &exporter, 9).await;
    let of = |kind: SpanKind| {
        let spans = spans.iter().filter(|span| span.kind == kind);
        spans
            .map(|span| {
                let recorded = ["rpc.method", "rpc.response.status_code", "error.type"].map(|key| attribute(span, key));
                assert_eq!(attribute(span, "rpc.system.name").as_deref(), Some("grpc"));
                let [method, code, error] = recorded.map(Option::unwrap_or_default);
                format!("{}: {method} {code} {error}", span.name)
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of(SpanKind::Server),
        [
            format!("{METHOD}: {METHOD} OK "),
            format!("{METHOD}: {METHOD} NOT_FOUND "),
            format!("{METHOD}: {METHOD} UNAVAILABLE UNAVAILABLE"),
            "grpc: _OTHER UNIMPLEMENTED UNIMPLEMENTED".to_owned(),
        ]
    );
    let logs = "opentelemetry.proto.collector.logs.v1.LogsService/Export";
    assert_eq!(
        of(SpanKind::Client),
        [
            format!("{METHOD}: {METHOD}  "),
            format!("{METHOD}: {METHOD} NOT_FOUND NOT_FOUND"),
            format!("{METHOD}: {METHOD} UNAVAILABLE UNAVAILABLE"),
            format!("{logs}: {logs} UNIMPLEMENTED UNIMPLEMENTED"),
        ]
    );
}

#[tokio::test]
async fn a_request_that_only_claims_to_be_grpc_keeps_its_name() {
    let (_turn, exporter) = installed().await;
    let grpc = || async { Response::builder().header("content-type", "application/grpc").body(Body::empty()).unwrap() };
    let app = Router::new()
        .route("/orders/{id}", post(|| async { "an order" }))
        .route("/waits/{id}", post(std::future::pending::<()>))
        .route("/shop.Orders/{*rest}", post(grpc))
        .layer(Layer::server());
    let address = serve(app).await;
    let call = async |path: &str| {
        let request = reqwest::Client::new().post(format!("http://{address}{path}"));
        request.header("content-type", "application/grpc").timeout(Duration::from_millis(300)).send_traced().await
    };
    let scope = Scope::builder("caller").begin();
    scope
        .run(async {
            call("/orders/8f3a").await.unwrap();
            call("/nowhere/8f3a").await.unwrap();
            call("/shop.Orders/Place").await.unwrap();
            call("/waits/8f3a").await.unwrap_err();
        })
        .await;
    let spans = exported(scope, &exporter, 9).await;
    let of = |path: &str| {
        let is_it = |span: &&thundra_core::SpanData| attribute(span, "url.path").as_deref() == Some(path);
        let span = spans.iter().filter(|span| span.kind == SpanKind::Server).find(is_it).unwrap();
        (span.name.to_string(), attribute(span, "rpc.system.name"), attribute(span, "rpc.method"))
    };
    assert_eq!(of("/orders/8f3a"), ("POST /orders/{id}".to_owned(), None, None));
    assert_eq!(of("/nowhere/8f3a"), ("POST".to_owned(), None, None));
    let (system, method) = (Some("grpc".to_owned()), Some("shop.Orders/Place".to_owned()));
    assert_eq!(of("/shop.Orders/Place"), ("shop.Orders/Place".to_owned(), system, method));
    assert_eq!(of("/waits/8f3a").0, "POST /waits/{id}", "only a response can confirm gRPC");
    let calls = spans.iter().filter(|span| span.kind == SpanKind::Client);
    let calls: Vec<_> = calls
        .map(|call| (call.name.as_str(), attribute(call, "rpc.system.name"), attribute(call, "rpc.method")))
        .collect();
    let (system, method) = (Some("grpc".to_owned()), Some("shop.Orders/Place".to_owned()));
    assert_eq!(calls[..3], [("POST", None, None), ("POST", None, None), ("shop.Orders/Place", system, method)]);

    let mut service = Router::new()
        .route("/orders/{id}", post(|| async { "an order" }))
        .layer(Layer::server())
        .into_service::<Body>();
    let request = Request::post("/orders/8f3a").header("content-type", "application/grpc").body(Body::empty()).unwrap();
    let scope = Scope::builder("invocation").begin();
    scope.set_flags(thundra_core::ScopeFlags::HTTP_REQUEST);
    scope.run(service.ready().await.unwrap().call(request)).await.unwrap();
    assert_eq!(exported(scope, &exporter, 1).await[0].name, "POST /orders/{id}");
}
