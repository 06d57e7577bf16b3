//! Requests through a tower layer, in memory, without the cost of a network.

use std::convert::Infallible;

use http::{Request, Response};
use tokio::runtime::Builder;
use tower::{Layer, Service, ServiceExt, service_fn};
use tower_http::trace::{DefaultMakeSpan, TraceLayer};
use tracing::Level;

use super::traced::Stack;
use super::{CALLS, UNITS};
use crate::Result;
use crate::section::{Column, Section, Variant, counts};

const BARE: &str = "tower";

pub(super) fn section() -> Section {
    Section::new(
        "tower",
        "One request through a tower layer",
        "Microseconds for a request with eight headers: CPU time of the process, and wall time. `Layer::client()` \
         writes the context into the request. `Layer::server()` reads the caller's context and begins a trace. \
         `TraceLayer` of tower-http only makes a span. After 20 requests, a flush hands the spans to an exporter that \
         drops them.",
    )
    .variants([
        variant(BARE, "not traced", || calls(Stack::Plain, tower::layer::util::Identity::new(), 0)),
        variant("Layer::client()", "thundra-http", || {
            calls(Stack::thundra()?, thundra_http::Layer::client(), CALLS + 1)
        }),
        variant("Layer::server()", "thundra-http", || {
            calls(Stack::thundra_server()?, thundra_http::Layer::server(), CALLS)
        }),
        variant("TraceLayer", "tower-http, tracing-opentelemetry, simple", || {
            let spans = DefaultMakeSpan::new().level(Level::INFO);
            calls(Stack::tower_http()?, TraceLayer::new_for_http().make_span_with(spans), CALLS + 1)
        }),
    ])
    .columns([
        Column::spread("cpu", "CPU"),
        Column::over("cpu", "over bare", BARE),
        Column::over("wall", "wall over bare", BARE),
        Column::over(counts::INSTRUCTIONS, "instructions over bare", BARE),
        Column::over(counts::ALLOCATIONS, "allocations over bare", BARE),
    ])
}

/// The requests of an invocation.
type Calls = Box<dyn Fn() -> Result<()>>;

fn variant(name: &'static str, about: &'static str, set_up: fn() -> Result<Calls>) -> Variant {
    Variant::within(name, about, move |bench| {
        let calls = set_up()?;
        bench.repeat(|laps| laps.wall_and_cpu("wall", "cpu", UNITS, &calls).expect("it went well before"));
        Ok(())
    })
    .counted(CALLS, move |times| {
        let calls = set_up()?;
        (0..times).try_for_each(|_| calls())
    })
}

fn calls<L, B>(stack: Stack, layer: L, spans: u64) -> Result<Calls>
where
    L: Layer<Answers> + 'static,
    L::Service: Service<Request<String>, Response = Response<B>, Error: std::fmt::Debug> + Clone,
{
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let service = layer.layer(service_fn(answer as fn(Request<String>) -> Answer));
    let calls = async move || {
        for _ in 0..CALLS {
            let response = service.clone().oneshot(request()?).await.map_err(|error| format!("{error:?}"))?;
            if !response.status().is_success() {
                return Err("another status".into());
            }
        }
        Ok(())
    };
    runtime.block_on(stack.check(spans, calls()))?;
    Ok(Box::new(move || runtime.block_on(stack.invocation(calls()))))
}

type Answer = std::future::Ready<std::result::Result<Response<String>, Infallible>>;
type Answers = tower::util::ServiceFn<fn(Request<String>) -> Answer>;

fn answer(_: Request<String>) -> Answer {
    std::future::ready(Ok(Response::new(String::new())))
}

fn request() -> Result<Request<String>> {
    let request = Request::get("http://127.0.0.1:8080/prices/7?currency=EUR")
        .header("host", "127.0.0.1:8080")
        .header("user-agent", "bench/1")
        .header("accept", "application/json")
        .header("accept-encoding", "gzip")
        .header("x-correlation-id", "0d7c2a6f-1b7e-4c55-9a56-3a1f1c2b9d10")
        .header("call-chain-length", "1")
        .header("x-forwarded-for", "10.0.0.7")
        .header("x-request-id", "7");
    Ok(request.body(String::new())?)
}
