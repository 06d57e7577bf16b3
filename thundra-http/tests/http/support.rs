//! Helpers: an exporter in memory, servers on loopback, and a record of requests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use thundra_core::testing::MemoryExporter;
use thundra_core::{Config, Env, Records, Scope, SpanData, Telemetry, flush, install};
use tokio::sync::{Mutex as Turn, MutexGuard};

/// Returns the exporter of the process, for one test at a time.
pub(crate) async fn installed() -> (MutexGuard<'static, ()>, MemoryExporter) {
    installed_with(&[]).await
}

/// Returns the same, in a process with variables.
pub(crate) async fn installed_with(variables: &[(&str, &str)]) -> (MutexGuard<'static, ()>, MemoryExporter) {
    static EXPORTER: OnceLock<MemoryExporter> = OnceLock::new();
    static TURN: Turn<()> = Turn::const_new(());
    let turn = TURN.lock().await;
    let exporter = EXPORTER.get_or_init(|| {
        let exporter = MemoryExporter::new();
        let variables = variables.iter().copied().chain([("RUST_LOG", "off")]);
        let config = Config::from_env(&Env::from_pairs(variables));
        assert!(install(Telemetry::builder().config(config).exporter(exporter.clone())));
        exporter
    });
    flush(Records::default(), None).await;
    exporter.clear();
    (turn, exporter.clone())
}

/// Finishes the caller's scope and returns the `count` spans of the trace. A server may still be ending some of the
/// spans.
pub(crate) async fn exported(scope: Scope, exporter: &MemoryExporter, count: usize) -> Vec<SpanData> {
    let trace = scope.context().unwrap().trace_id;
    flush(scope.finish(), None).await;
    for _ in 0..250 {
        let spans: Vec<_> = exporter.spans().into_iter().filter(|span| span.context.trace_id == trace).collect();
        if spans.len() >= count {
            assert_eq!(spans.len(), count, "{spans:#?}");
            return spans;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        flush(Records::default(), None).await;
    }
    panic!("no {count} spans but {:#?}", exporter.spans());
}

pub(crate) fn attribute(span: &SpanData, key: &str) -> Option<String> {
    span.attribute(key).map(ToString::to_string)
}

pub(crate) fn error_types(spans: &[SpanData]) -> Vec<String> {
    let mut types: Vec<_> = spans.iter().filter_map(|span| attribute(span, "error.type")).collect();
    types.sort_unstable();
    types
}

pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

/// Returns an address that refuses connections.
pub(crate) async fn nobody() -> SocketAddr {
    tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

/// A request as seen by a server.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Returns `true` for the name of one of our headers.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with("x-correlation-")
        || ["traceparent", "tracestate", "baggage", "x-amzn-trace-id", "call-chain-length", "debug-log-enabled"]
            .contains(&name)
}

impl Seen {
    /// Returns the request without our headers.
    pub(crate) fn without_ours(&self) -> String {
        let mut headers: Vec<_> =
            self.headers.iter().filter(|(name, _)| !is_ours(name.as_str())).map(|h| format!("{h:?}")).collect();
        headers.sort_unstable();
        format!("{} {} {} {headers:?} {:?}", self.method, self.host, self.path, self.body)
    }

    /// Returns two flags: the request carries the trace, the request carries ids.
    pub(crate) fn carries(&self) -> (bool, bool) {
        let carries = |name: &str| self.headers.contains_key(name);
        (carries("traceparent"), carries("x-correlation-id") || carries("call-chain-length") || carries("baggage"))
    }
}

/// The requests received by a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record(Arc<Mutex<Vec<Seen>>>);

impl Record {
    pub(crate) fn keep(&self, seen: Seen) {
        self.0.lock().unwrap().push(seen);
    }

    pub(crate) fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
