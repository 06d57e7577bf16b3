//! Calls and requests, each bare and traced, over transports in memory: several calls an invocation, and a flush.
//!
//! reqwest takes no transport of a program's own. Its calls go over a loopback connection, to a server that reads no
//! header.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use aws_sdk_sqs::Client as Sqs;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_smithy_http_client::test_util::infallible_client_fn;
use aws_types::SdkConfig;
use http::{Request, Response};
use thundra_core::Records;
use tokio::runtime::{Builder, Runtime};
use tower::layer::util::Identity;
use tower::util::{ServiceExt, ServiceFn, service_fn};
use tower::{Layer, Service};

use crate::setup::{install, scope};

/// The work of `calls` calls an invocation, for a number of invocations.
type Work = fn(calls: u64, turns: u64);

pub(crate) const ALL: &[(&str, Work)] = &[
    ("sqs_bare", |calls, turns| in_turns(Around::Nothing, calls, turns, &sqs(Sqs::new(&config())))),
    ("sqs_spans", |calls, turns| sqs_traced("none", calls, turns)),
    ("sqs_ids", |calls, turns| sqs_traced(ALL_FORMATS, calls, turns)),
    ("http_bare", http_bare),
    ("http_traceparent", |calls, turns| http_traced("tracecontext", calls, turns)),
    ("http_all", |calls, turns| http_traced(ALL_FORMATS, calls, turns)),
    ("tower_bare", |calls, turns| in_turns(Around::Nothing, calls, turns, &requests(Identity::new()))),
    ("tower_client", |calls, turns| {
        install(&[]);
        in_turns(Around::Scope, calls, turns, &requests(thundra_http::Layer::client()));
    }),
    ("tower_server", |calls, turns| {
        install(&[]);
        in_turns(Around::Flush, calls, turns, &requests(thundra_http::Layer::server()));
    }),
];

const ALL_FORMATS: &str = "tracecontext,baggage,xray,correlation";

/// What surrounds the calls of an invocation.
#[derive(Clone, Copy)]
enum Around {
    Nothing,
    /// A scope and its flush.
    Scope,
    /// A flush of the scopes that the calls begin.
    Flush,
}

pub(crate) fn io_runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("the system has sockets and clocks")
}

fn in_turns(around: Around, calls: u64, turns: u64, call: &impl AsyncFn()) {
    let calls = async || {
        for _ in 0..calls {
            call().await;
        }
    };
    io_runtime().block_on(async {
        for _ in 0..turns {
            match around {
                Around::Nothing => calls().await,
                Around::Scope => {
                    let scope = scope();
                    scope.run(calls()).await;
                    thundra_core::flush(scope.finish(), None).await;
                }
                Around::Flush => {
                    calls().await;
                    thundra_core::flush(Records::default(), None).await;
                }
            }
        }
    });
}

fn sqs_traced(propagators: &str, calls: u64, turns: u64) {
    install(&[("OTEL_PROPAGATORS", propagators)]);
    thundra_aws::bench_support::watch_unwrapped();
    in_turns(Around::Scope, calls, turns, &sqs(thundra_aws::sqs::client(&config())));
}

fn sqs(client: Sqs) -> impl AsyncFn() {
    async move || {
        let send = client.send_message().queue_url("https://sqs.eu-central-1.amazonaws.com/123456789012/orders");
        let message = r#"{"order":"order-00000001","customer":"customer-31","total":117.5}"#;
        black_box(send.message_body(message).send().await.expect("the client answers every request"));
    }
}

/// Returns a configuration with a client that answers immediately.
fn config() -> SdkConfig {
    const SENT: &str = r#"{"MD5OfMessageBody":"fafb00f5732ab283681e124bf8747ed1","MessageId":"219f8380-5770"}"#;
    let answer = |_: Request<_>| {
        let id = ("x-amzn-requestid", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef");
        Response::builder().header(id.0, id.1).body(SENT).expect("it is well-formed")
    };
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKID", "SECRET", None, None, "bench")))
        .http_client(infallible_client_fn(answer))
        .build()
}

fn http_bare(calls: u64, turns: u64) {
    let (url, client) = (url(), reqwest::Client::new());
    let call = async || drop(black_box(client.get(&url).send().await.expect("the server answers").bytes().await));
    in_turns(Around::Nothing, calls, turns, &call);
}

fn http_traced(propagators: &str, calls: u64, turns: u64) {
    install(&[("OTEL_PROPAGATORS", propagators)]);
    let (url, client) = (url(), thundra_http::Client::new());
    let call = async || drop(black_box(client.get(&url).send().await.expect("the server answers").bytes().await));
    in_turns(Around::Scope, calls, turns, &call);
}

fn url() -> String {
    format!("http://{}/prices/7?currency=EUR", serve())
}

/// Answers every request of one connection, until the process ends.
fn serve() -> SocketAddr {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 31\r\n\r\n{\"sku\":\"sku-0007\",\"price\":11.5}";
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the client connects");
        let mut request = [0; 4096];
        // hyper writes a short request at once.
        while stream.read(&mut request).is_ok_and(|bytes| bytes > 0) {
            stream.write_all(ANSWER).expect("the client reads");
        }
    });
    address
}

type Answer = Ready<Result<Response<String>, Infallible>>;
type Answers = ServiceFn<fn(Request<String>) -> Answer>;

fn requests<L, B>(layer: L) -> impl AsyncFn()
where
    L: Layer<Answers>,
    L::Service: Service<Request<String>, Response = Response<B>, Error: std::fmt::Debug> + Clone,
{
    let answer: fn(Request<String>) -> Answer = |_| ready(Ok(Response::new(String::new())));
    let service = layer.layer(service_fn(answer));
    async move || drop(black_box(service.clone().oneshot(request()).await.expect("it answers every request")))
}

fn request() -> Request<String> {
    let request = Request::get("http://127.0.0.1:8080/prices/7?currency=EUR")
        .header("host", "127.0.0.1:8080")
        .header("user-agent", "bench/1")
        .header("accept", "application/json")
        .header("accept-encoding", "gzip")
        .header("x-correlation-id", "0d7c2a6f-1b7e-4c55-9a56-3a1f1c2b9d10")
        .header("call-chain-length", "1")
        .header("x-forwarded-for", "10.0.0.7")
        .header("x-request-id", "7");
    request.body(String::new()).expect("it is well-formed")
}
