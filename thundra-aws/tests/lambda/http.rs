//! HTTP functions in every form. Each function responds as the bare program of `lambda_http` does. The span of the
//! invocation is the server span of the request.

use std::process::ExitCode;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Uri};
use axum::routing::{any, get, post};
use futures_util::stream::{self, StreamExt};
use lambda_http::{Body, IntoResponse, Request as HttpRequest, RequestExt, Response, service_fn};
use serde_json::{Value, json};
use thundra_aws::{Error, handler};

use crate::peers::{Lambda, Seen};

/// Concurrency, with one invocation at a time.
const ONE: (&str, &str) = ("AWS_LAMBDA_MAX_CONCURRENCY", "2");

/// Runs the program called `name`.
pub(crate) fn run(name: &str) {
    let one = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let threads = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = match name {
        "http_bare" => one().block_on(lambda_http::run(service_fn(echo))),
        "http_run" => {
            // A closure that borrows, as in AWS's examples.
            let shared = String::from("shared");
            let echo = |request| async {
                assert_eq!(shared, "shared");
                echo(request).await
            };
            one().block_on(thundra_aws::http::run(service_fn(echo)))
        }
        "http_run_concurrent" => threads().block_on(thundra_aws::http::run_concurrent(service_fn(echo))),
        "http_main" => return succeed(plain::main()),
        "http_main_state" => return succeed(state::main()),
        "http_main_concurrent" => return succeed(concurrent::main()),
        "http_router_bare" => one().block_on(lambda_http::run(router())),
        "http_router_run" => one().block_on(thundra_aws::http::run(router())),
        "http_router_run_concurrent" => threads().block_on(thundra_aws::http::run_concurrent(router())),
        "http_router_main" => return succeed(app::main()),
        "http_router_main_result" => return succeed(app_result::main()),
        "http_router_main_concurrent" => return succeed(app_concurrent::main()),
        "http_router_main_fails" => {
            assert_eq!(app_fails::main(), ExitCode::FAILURE);
            return;
        }
        "http_router_runtime" => one().block_on(async {
            let traced = thundra_aws::InvocationLayer::new();
            let runtime = lambda_runtime::Runtime::new(traced.handler(lambda_http::Adapter::from(router())));
            traced.until_the_end(runtime.layer(traced).run()).await
        }),
        "http_stream_bare" => one().block_on(lambda_http::run_with_streaming_response(router())),
        "http_stream_run" => one().block_on(thundra_aws::http::run_with_streaming_response(router())),
        "http_stream_run_concurrent" => {
            threads().block_on(thundra_aws::http::run_with_streaming_response_concurrent(router()))
        }
        "http_stream_main" => return succeed(streaming_app::main()),
        "http_stream_main_concurrent" => return succeed(streaming_app_concurrent::main()),
        "http_stream_main_request" => return succeed(streaming_request::main()),
        other => panic!("no program {other}"),
    };
    result.unwrap();
}

fn succeed(code: ExitCode) {
    assert_eq!(code, ExitCode::SUCCESS);
}

mod plain {
    use lambda_http::{IntoResponse, Request as R};

    #[thundra_aws::handler]
    pub(super) async fn main(request: R) -> Result<impl IntoResponse, thundra_aws::Error> {
        super::echo(request).await
    }
}

mod state {
    use super::*;

    type Shared = Vec<String>;

    async fn connect() -> Shared {
        vec!["shared".to_owned()]
    }

    #[handler(init = connect)]
    pub(super) async fn main(
        request: lambda_http::http::Request<Body>,
        shared: &Shared,
    ) -> Result<impl IntoResponse, Error> {
        assert_eq!(shared.len(), 1);
        echo(request).await
    }
}

mod concurrent {
    use super::*;

    type Asked = HttpRequest;

    #[handler(concurrent)]
    pub(super) async fn main(request: Asked) -> Result<Response<Body>, Error> {
        echo(request).await
    }
}

mod app {
    use super::*;

    #[handler]
    pub(super) async fn main() -> Router {
        tracing::info_span!("connect").in_scope(router)
    }
}

mod app_result {
    use super::*;

    #[handler]
    pub(super) async fn main() -> Result<Router, Error> {
        Ok(router())
    }
}

mod app_concurrent {
    use super::*;

    #[handler(concurrent)]
    pub(super) async fn main() -> Result<Router, std::num::ParseIntError> {
        let _: u8 = "7".parse()?;
        Ok(router())
    }
}

mod app_fails {
    use super::*;

    #[handler]
    pub(super) async fn main() -> Result<Router, Error> {
        Err("no database".into())
    }
}

mod streaming_app {
    use super::*;

    #[handler(streaming)]
    pub(super) async fn main() -> Router {
        router()
    }
}

mod streaming_app_concurrent {
    use super::*;

    #[handler(streaming, concurrent)]
    pub(super) async fn main() -> Router {
        router()
    }
}

mod streaming_request {
    use super::*;

    async fn connect() -> Router {
        router()
    }

    /// Calls a router in the process. The first request in an invocation counts as the invocation's request.
    #[handler(streaming, init = connect)]
    pub(super) async fn main(request: HttpRequest, router: &Router) -> Result<Response<axum::body::Body>, Error> {
        use tower_service::Service;
        Ok(router.clone().call(request).await?)
    }
}

/// Responds with the parts of the request, in the form named by the last part of the path.
async fn echo(request: HttpRequest) -> Result<Response<Body>, Error> {
    let request_id = request.lambda_context_ref().map(|context| context.request_id.clone());
    let query: Vec<_> = request.query_string_parameters_ref().into_iter().flat_map(|query| query.iter()).collect();
    let mut query: Vec<_> = query.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
    query.sort_unstable();
    let names = ["cookie", "x-many", "content-type"];
    let headers: Vec<_> =
        names.iter().map(|name| request.headers().get_all(*name).iter().collect::<Vec<_>>()).collect();
    let text = format!(
        "{} {} {:?} {query:?} {headers:?} {:?} {}",
        request.method(),
        request.raw_http_path(),
        request.uri().path(),
        request.body(),
        request_id.is_some_and(|id| id.starts_with("request-")),
    );
    tracing::info_span!("echo").in_scope(|| {});
    let last = request.uri().path().rsplit('/').next().unwrap_or_default();
    Ok(match last {
        "binary" => Response::builder().header("content-type", "image/png").body(vec![0_u8, 0xff, 7].into())?,
        "cookies" => {
            let response = Response::builder().header("set-cookie", "a=1; Secure").header("set-cookie", "b=2");
            response.header("x-many", "1").header("x-many", "2").body(text.into())?
        }
        "failure" => Response::builder().status(503).body("down".into())?,
        "nothing" => Response::builder().status(204).body(Body::Empty)?,
        "error" => return Err("no such order".into()),
        "panic" => panic!("at the disco"),
        _ => Response::new(text.into()),
    })
}

/// Returns a router with routes of every kind.
fn router() -> Router {
    let items =
        Router::new().route("/{item}", get(async || "item")).fallback(async || (StatusCode::NOT_FOUND, "no item"));
    let prices = Router::new().route("/prices/{item}", get(async || "price"));
    Router::new()
        .route("/orders/{id}", any(describe))
        .route("/orders", post(async || (StatusCode::CREATED, "made")))
        .route("/broken", get(async || axum::body::Body::from_stream(broken())))
        .route(
            "/lines",
            get(async || axum::body::Body::from_stream(stream::iter(["one\n", "two\n"].map(Ok::<_, Error>)))),
        )
        .route("/failure", get(async || StatusCode::SERVICE_UNAVAILABLE))
        .route("/cookies", get(async || ([("set-cookie", "a=1")], [("set-cookie", "b=2")], "cookies")))
        .nest("/shops/{shop}", items)
        .merge(prices)
        .nest_service("/files", Router::new().route("/{*path}", get(async || "file")))
}

use axum::http::StatusCode;

async fn describe(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> String {
    tracing::info_span!("describe").in_scope(|| {});
    format!("{method} {} {:?} {body:?}", uri.path(), headers.get("x-many"))
}

/// Returns a body that breaks after the first part.
fn broken() -> impl stream::Stream<Item = Result<&'static str, Error>> + Send + 'static {
    stream::iter([Ok("one\n")]).chain(stream::once(async { Err(Error::from("the disk is full")) }))
}

/// Returns the events of a request to a path, an event for each source of HTTP events.
fn events(method: &str, path: &str) -> Vec<(&'static str, Value)> {
    let many = json!({ "host": ["a"], "cookie": ["c=1", "d=2"], "x-many": ["1", "2"], "content-type": ["text/plain"] });
    let single = json!({ "host": "a", "x-many": "1,2", "content-type": "text/plain" });
    let v2 = |route: &str| {
        json!({
            "version": "2.0", "routeKey": route, "rawPath": path, "rawQueryString": "q=1&q=2", "cookies": ["c=1", "d=2"],
            "headers": single, "queryStringParameters": { "q": "1,2" }, "body": "aGVsbG8=", "isBase64Encoded": true,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "a.test", "domainPrefix": "a", "requestId": "r",
                "routeKey": route, "stage": "$default", "time": "02/Jan/2026:12:45:06 +0000", "timeEpoch": 1_767_357_906_000_u64,
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "c" },
            },
        })
    };
    let mut url = v2("$default");
    url["requestContext"]["domainName"] = json!("a.lambda-url.eu-west-1.on.aws");
    let query = json!({ "q": ["1", "2"] });
    let one = json!({ "q": "2" });
    vec![
        (
            "REST API",
            json!({
                "resource": "/{proxy+}", "path": path, "httpMethod": method, "headers": single, "multiValueHeaders": many,
                "queryStringParameters": one, "multiValueQueryStringParameters": query, "pathParameters": null,
                "stageVariables": null, "body": "hello", "isBase64Encoded": false,
                "requestContext": {
                    "resourceId": "r", "resourcePath": "/{proxy+}", "httpMethod": method, "apiId": "a", "stage": "$default",
                    "accountId": "1", "requestId": "r", "identity": { "sourceIp": "192.0.2.1" }, "path": path,
                    "requestTimeEpoch": 1_767_357_906_000_u64,
                },
            }),
        ),
        ("HTTP API", v2("ANY /{proxy+}")),
        ("function URL", url),
        (
            "load balancer",
            json!({
                "requestContext": { "elb": { "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b" } },
                "httpMethod": method, "path": path, "multiValueHeaders": many, "multiValueQueryStringParameters": query,
                "body": "hello", "isBase64Encoded": false,
            }),
        ),
        (
            "WebSocket",
            json!({
                "headers": { "Host": "a" }, "multiValueHeaders": { "Host": ["a"] }, "isBase64Encoded": false, "body": "hi",
                "requestContext": {
                    "routeKey": "$default", "eventType": "MESSAGE", "connectionId": "1", "identity": {}, "apiId": "a",
                    "requestTimeEpoch": 1_767_357_906_000_u64, "connectedAt": 1_767_357_906_000_u64,
                },
            }),
        ),
    ]
}

/// Returns the answers to the requests, and asserts that each has a root span.
async fn answers(program: &str, variables: &[(&str, &str)], events: &[Value]) -> Vec<Result<Value, Value>> {
    let lambda = Lambda::start(program, variables).await;
    let mut answers = Vec::new();
    for event in events {
        answers.push(lambda.invoke(event.clone()).await);
    }
    if !program.ends_with("bare") {
        lambda.wait_for(|seen| seen.iter().flat_map(Seen::roots).count() == events.len()).await;
    }
    answers
}

#[tokio::test]
async fn a_function_of_requests_answers_in_every_form_as_the_bare_one() {
    let paths = ["/text", "/binary", "/cookies", "/failure", "/nothing", "/error", "/panic"];
    let events: Vec<_> = paths.iter().flat_map(|path| events("POST", path)).map(|(_, event)| event).collect();
    let bare = answers("http_bare", &[], &events).await;
    assert!(bare.iter().filter(|answer| answer.is_ok()).count() > events.len() / 2, "{bare:?}");
    for (program, variables) in [
        ("http_run", &[][..]),
        ("http_main", &[]),
        ("http_main_state", &[]),
        ("http_run_concurrent", &[ONE]),
        ("http_main_concurrent", &[ONE]),
        ("http_main_concurrent", &[]),
    ] {
        for ((ours, bare), event) in answers(program, variables, &events).await.iter().zip(&bare).zip(&events) {
            assert_eq!(ours, bare, "{program}: {event}");
        }
    }
}

#[tokio::test]
async fn a_router_answers_in_every_form_as_the_bare_one() {
    let paths =
        ["/orders/7", "/lines", "/failure", "/cookies", "/shops/1/cheese", "/prices/2", "/nowhere", "/files/a/b"];
    let events: Vec<_> = paths.iter().flat_map(|path| events("GET", path)).map(|(_, event)| event).collect();
    let bare = answers("http_router_bare", &[], &events).await;
    for (program, variables) in [
        ("http_router_run", &[][..]),
        ("http_router_runtime", &[]),
        ("http_router_main", &[]),
        ("http_router_main_result", &[]),
        ("http_router_run_concurrent", &[ONE]),
        ("http_router_main_concurrent", &[ONE]),
    ] {
        for ((ours, bare), event) in answers(program, variables, &events).await.iter().zip(&bare).zip(&events) {
            assert_eq!(ours, bare, "{program}: {event}");
        }
    }
}

#[tokio::test]
async fn the_route_of_a_router_is_the_route_of_the_span() {
    for (program, variables) in [
        ("http_router_main", &[][..]),
        ("http_router_main_result", &[]),
        ("http_router_run_concurrent", &[]),
        ("http_router_main_concurrent", &[ONE]),
        ("http_stream_main", &[]),
        ("http_stream_run_concurrent", &[]),
        ("http_stream_main_concurrent", &[ONE]),
    ] {
        let lambda = Lambda::start(program, variables).await;
        for (method, path, name, route, status, why) in [
            ("GET", "/orders/7", "GET /orders/{id}", "/orders/{id}", "200", "a route with a parameter"),
            ("GET", "/orders", "GET /orders", "/orders", "405", "a route of another method"),
            ("GET", "/shops/1/cheese", "GET /shops/{shop}/{item}", "/shops/{shop}/{item}", "200", "a nested router"),
            ("GET", "/prices/cheese", "GET /prices/{item}", "/prices/{item}", "200", "a merged router"),
            ("GET", "/nowhere", "GET", "", "404", "no route"),
            ("GET", "/failure", "GET /failure", "/failure", "503", "a failure"),
        ] {
            let (_, event) = events(method, path).swap_remove(2);
            lambda.invoke(event).await.unwrap();
            let root = lambda.traced().await;
            let attributes = [root.text("http.route"), root.text("http.response.status_code"), root.text("url.path")];
            assert_eq!(
                (root.name.as_str(), attributes.each_ref().map(String::as_str)),
                (name, [route, status, path]),
                "{program}: {why}"
            );
            assert_eq!((root.kind, root.status.is_some()), (2, status == "503"), "{program}: {why}");
        }
    }
}

#[tokio::test]
async fn a_streamed_response_is_that_of_the_bare_program_and_its_end_is_the_end() {
    let paths = ["/lines", "/orders/7", "/cookies", "/broken", "/failure"];
    let events: Vec<_> = paths.iter().map(|path| events("GET", path).swap_remove(2).1).collect();
    let bare = Lambda::start("http_stream_bare", &[]).await;
    let mut expected = Vec::new();
    for event in &events {
        expected.push(bare.invoke(event.clone()).await);
    }
    for (program, variables) in [
        ("http_stream_run", &[][..]),
        ("http_stream_main", &[]),
        ("http_stream_main_request", &[]),
        ("http_stream_run_concurrent", &[ONE]),
        ("http_stream_main_concurrent", &[ONE]),
    ] {
        let lambda = Lambda::start(program, variables).await;
        for ((path, event), expected) in paths.iter().zip(&events).zip(&expected) {
            assert_eq!(&lambda.invoke(event.clone()).await, expected, "{program}: {path}");
            let root = lambda.traced().await;
            let status = if *path == "/failure" { "503" } else { "200" };
            assert_eq!(root.text("http.response.status_code"), status, "{program}: {path}");
            let (error_type, description) = match *path {
                "/broken" => ("Error", Some("the disk is full")),
                "/failure" => ("503", Some("")),
                _ => ("", None),
            };
            assert_eq!(root.status.as_deref(), description, "{program}: {path}: {root:?}");
            assert_eq!(root.text("error.type"), error_type, "{program}: {path}: {root:?}");
        }
    }
}

#[tokio::test]
async fn making_the_router_is_the_initialisation() {
    let lambda = Lambda::start("http_router_main", &[]).await;
    lambda.invoke(events("GET", "/orders/7").swap_remove(1).1).await.unwrap();
    let root = lambda.traced().await;
    lambda.wait_for(|seen| seen.iter().flat_map(Seen::spans).any(|span| span.name == "connect")).await;
    let spans = lambda.spans();
    let init = spans.iter().find(|span| span.name == "init").unwrap();
    assert!(root.links.contains(&init.id), "{root:?} {init:?}");
    assert!(spans.iter().any(|span| span.name == "describe" && span.parent == root.id));

    let (seen, stderr) = Lambda::start("http_router_main_fails", &[]).await.ended().await;
    assert!(stderr.contains("error: the init function failed: no database"), "{stderr}");
    let init = seen.iter().flat_map(Seen::spans).next().unwrap();
    assert_eq!((init.name.as_str(), init.text("error.type").as_str()), ("init", "init_failed"));
}
