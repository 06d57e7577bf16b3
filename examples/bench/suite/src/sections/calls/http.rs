//! HTTP calls to a loopback server on a separate thread.

use std::net::SocketAddr;

use axum::Router;
use axum::routing::get;
use cpu_time::ThreadTime;
use reqwest_tracing::TracingMiddleware;
use tokio::runtime::{Builder, Runtime};

use super::traced::Stack;
use super::{CALLS, UNITS};
use crate::Result;
use crate::section::{Column, Section, Variant, counts};

const BARE: &str = "reqwest";

pub(super) fn section() -> Section {
    Section::new(
        "http",
        "One HTTP call",
        "Microseconds for a call over one open loopback connection: CPU time of the calling thread, and wall time. An \
         invocation makes 20 calls, and a flush hands its spans to an exporter that drops them. Every client sends \
         the trace context; thundra-http also sends the correlation ids, six headers in all. The instruction counts \
         include the server for every row.",
    )
    .variants([
        variant(BARE, "not traced", || {
            let client = reqwest::Client::new();
            calls(Stack::Plain, async move |url| Ok(client.get(url).send().await?.bytes().await?.len()))
        }),
        variant("thundra-http", "", || {
            let client = thundra_http::Client::new();
            calls(Stack::thundra()?, async move |url| Ok(client.get(url).send().await?.bytes().await?.len()))
        }),
        variant("thundra-http, `tracecontext`", "`traceparent` alone", || {
            let client = thundra_http::Client::new();
            let stack = Stack::thundra_that_carries("tracecontext")?;
            calls(stack, async move |url| Ok(client.get(url).send().await?.bytes().await?.len()))
        }),
        variant("reqwest-tracing", "`traceparent` alone; default, tracing-opentelemetry, simple", || {
            let middleware = TracingMiddleware::default();
            let client = reqwest_middleware::ClientBuilder::new(reqwest::Client::new()).with(middleware).build();
            calls(Stack::reqwest_tracing()?, async move |url| Ok(client.get(url).send().await?.bytes().await?.len()))
        }),
    ])
    .columns([
        Column::spread("cpu", "CPU"),
        Column::over("cpu", "over bare", BARE),
        Column::median("wall", "wall"),
        Column::over("wall", "over bare", BARE),
        Column::over(counts::INSTRUCTIONS, "instructions over bare", BARE),
        Column::over(counts::ALLOCATIONS, "allocations over bare", BARE),
    ])
}

const BODY: &str = r#"{"sku":"sku-0007","price":11.5}"#;

/// The calls of an invocation.
type Calls = Box<dyn Fn() -> Result<()>>;

fn variant(name: &'static str, about: &'static str, set_up: fn() -> Result<Calls>) -> Variant {
    Variant::within(name, about, move |bench| {
        let calls = set_up()?;
        bench.repeat(|laps| {
            let before = ThreadTime::now();
            laps.wall("wall", UNITS, &calls).expect("it went well before");
            laps.add("cpu", before.elapsed(), UNITS);
        });
        Ok(())
    })
    .counted(CALLS, move |times| {
        let calls = set_up()?;
        (0..times).try_for_each(|_| calls())
    })
}

fn calls(stack: Stack, call: impl AsyncFn(&str) -> Result<usize> + 'static) -> Result<Calls> {
    let url = format!("http://{}/prices/7?currency=EUR", serve()?);
    let runtime = runtime()?;
    let calls = async move || {
        for _ in 0..CALLS {
            if call(&url).await? != BODY.len() {
                return Err("a body of another length".into());
            }
        }
        Ok(())
    };
    runtime.block_on(stack.check(CALLS + 1, calls()))?;
    Ok(Box::new(move || runtime.block_on(stack.invocation(calls()))))
}

fn runtime() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

/// Serves until the process ends.
fn serve() -> Result<SocketAddr> {
    let runtime = runtime()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let routes = Router::new().route("/prices/{sku}", get(async || BODY));
    std::thread::spawn(move || runtime.block_on(axum::serve(listener, routes).into_future()));
    Ok(address)
}
