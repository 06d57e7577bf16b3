//! A service at full load: `/hello` over 64 open connections.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use cpu_time::ThreadTime;
use http_body_util::BodyExt;
use http_body_util::combinators::MapErr;
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use thundra_core::export::{Batch, Export, ExportFuture};
use thundra_core::{Config, Env, Records, Telemetry, Value};
use thundra_http::TelemetryGuard;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tower_http::map_response_body::MapResponseBodyLayer;
use tower_http::trace::{DefaultMakeSpan, TraceLayer};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::Result;
use crate::section::{Column, Section, Variant};

const BARE: &str = "axum";
const OURS: &str = "thundra-http";
const CONNECTIONS: u64 = 64;
/// The requests of a repetition.
const REQUESTS: u64 = 100 * CONNECTIONS;

pub(crate) fn sections() -> Vec<Section> {
    let section = Section::new(
        "service",
        "A service at full load",
        "Requests to an axum service on one thread, from 64 open loopback connections on another thread: CPU time of the \
         service's thread in microseconds a request, and requests a second. Spans are exported in the background, to an \
         exporter that drops them; *sent* is the share of requests whose span got there. A span of thundra that is not \
         sent is counted, which a check with an overloaded exporter makes sure of before the measurement.",
    );
    let section = section.variants([
        variant(BARE, "not traced", || Ok((routes(), None))),
        variant("axum, a boxed body", "not traced; the floor of a layer", || {
            Ok((routes().layer(MapResponseBodyLayer::new(boxed)), None))
        }),
        variant(OURS, "`Layer::server()`", || thundra(&[])),
        variant("thundra-http, `OTEL_SDK_DISABLED=true`", "ids alone", || thundra(&[("OTEL_SDK_DISABLED", "true")])),
        variant("thundra-http, `always_off`", "ids alone", || thundra(&[("OTEL_TRACES_SAMPLER", "always_off")])),
        variant("TraceLayer", "tower-http, tracing-opentelemetry, batch", || {
            let provider = SdkTracerProvider::builder().with_batch_exporter(Drain).build();
            let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("hello"));
            tracing_subscriber::registry().with(layer).with(LevelFilter::INFO).try_init()?;
            let spans = DefaultMakeSpan::new().level(Level::INFO);
            Ok((routes().layer(TraceLayer::new_for_http().make_span_with(spans)), None))
        }),
    ]);
    vec![section.columns([
        Column::spread("cpu", "CPU"),
        Column::over("cpu", "over bare", BARE),
        Column::median("rate", "requests/s"),
        Column::ratio("rate", "of bare", BARE),
        Column::median("sent", "sent"),
    ])]
}

type Traced = (Router, Option<TelemetryGuard>);

fn variant(name: &'static str, about: &'static str, traced: fn() -> Result<Traced>) -> Variant {
    Variant::within(name, about, move |bench| {
        let (routes, telemetry) = traced()?;
        let service = Service::start(routes)?;
        if name == OURS {
            service.check_counts()?;
        }
        let (sent_before, mut requests) = (SENT.load(Ordering::Relaxed), 0);
        bench.repeat(|laps| {
            let (began, cpu) = (Instant::now(), ThreadTime::now());
            service.turn().expect("it went well before");
            let (wall, cpu) = (began.elapsed(), cpu.elapsed());
            laps.add("cpu", cpu, REQUESTS * 1000);
            laps.number("rate", REQUESTS as f64 / wall.as_secs_f64());
            requests += REQUESTS;
        });
        bench.samples.add("sent", service.sent_since(sent_before, requests) as f64 / requests as f64);
        drop(telemetry);
        Ok(())
    })
}

fn routes() -> Router {
    Router::new().route("/hello", get(async || "hello"))
}

/// Returns a body of another type, which axum boxes as it boxes the body of any layer.
fn boxed(body: Body) -> MapErr<Body, fn(axum::Error) -> axum::Error> {
    body.map_err(|error| error)
}

fn thundra(variables: &[(&str, &str)]) -> Result<Traced> {
    let defaults = [("OTEL_SERVICE_NAME", "hello"), ("RUST_LOG", "off")];
    let config = Config::from_env(&Env::from_pairs(defaults.iter().chain(variables).copied()));
    let telemetry = thundra_http::init_with(Telemetry::builder().config(config).exporter(Drain));
    Ok((routes().layer(thundra_http::Layer::server()), Some(telemetry)))
}

/// A service on the runtime of this thread, and the load of another thread.
struct Service {
    runtime: Runtime,
    load: mpsc::Sender<oneshot::Sender<()>>,
}

impl Service {
    fn start(routes: Router) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        drop(runtime.spawn(axum::serve(listener, routes).into_future()));
        let (load, turns) = mpsc::channel();
        std::thread::spawn(move || generate(address, &turns).expect("the service answers"));
        Ok(Service { runtime, load })
    }

    /// Serves the requests of a repetition.
    fn turn(&self) -> Result<()> {
        let (done, finished) = oneshot::channel();
        self.load.send(done)?;
        Ok(self.runtime.block_on(finished)?)
    }

    /// Overloads the exporter, and checks that the spans sent and the spans counted as lost are those of all requests.
    fn check_counts(&self) -> Result<()> {
        const TURNS: u64 = 12;
        IS_CHECKED.store(true, Ordering::Relaxed);
        IS_OVERLOADED.store(true, Ordering::Relaxed);
        (1..TURNS).try_for_each(|_| self.turn())?;
        IS_OVERLOADED.store(false, Ordering::Relaxed);
        // The count of lost spans travels on a later root span.
        self.turn()?;
        for _ in 0..100 {
            self.runtime.block_on(thundra_core::flush(Records::default(), None));
            std::thread::sleep(Duration::from_millis(50));
            let (sent, lost) = (SENT.load(Ordering::Relaxed), LOST.load(Ordering::Relaxed));
            if sent + lost == TURNS * REQUESTS && lost > 0 {
                IS_CHECKED.store(false, Ordering::Relaxed);
                return Ok(());
            }
        }
        let (sent, lost) = (SENT.load(Ordering::Relaxed), LOST.load(Ordering::Relaxed));
        Err(format!("{sent} spans sent and {lost} counted of {}", TURNS * REQUESTS).into())
    }

    /// Returns the spans sent since a count, once all are, or none has come for longer than any stack waits.
    fn sent_since(&self, before: u64, all: u64) -> u64 {
        const LONGEST_WAIT: Duration = Duration::from_secs(6);
        let sent = || SENT.load(Ordering::Relaxed) - before;
        let (mut last, mut since) = (sent(), Instant::now());
        // A stack that is off sends nothing.
        while (1..all).contains(&last) && since.elapsed() < LONGEST_WAIT {
            self.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(50)).await });
            if sent() != last {
                (last, since) = (sent(), Instant::now());
            }
        }
        last
    }
}

/// Sends the requests of a repetition for each turn.
fn generate(address: SocketAddr, turns: &mpsc::Receiver<oneshot::Sender<()>>) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut open = Vec::new();
        for _ in 0..CONNECTIONS {
            open.push(TcpStream::connect(address).await?);
        }
        while let Ok(done) = turns.recv() {
            let mut busy: JoinSet<io::Result<TcpStream>> = open.drain(..).map(requests).collect();
            while let Some(stream) = busy.join_next().await {
                open.push(stream??);
            }
            let _ = done.send(());
        }
        Ok(())
    })
}

async fn requests(mut stream: TcpStream) -> io::Result<TcpStream> {
    const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench/1\r\naccept: */*\r\n\r\n";
    let mut answer = [0; 1024];
    for _ in 0..REQUESTS / CONNECTIONS {
        stream.write_all(REQUEST).await?;
        let read = stream.read(&mut answer).await?;
        if !answer[..read].ends_with(b"hello") {
            return Err(io::Error::other("another answer"));
        }
    }
    Ok(stream)
}

/// Spans that reached the exporter, and spans counted as lost on them.
static SENT: AtomicU64 = AtomicU64::new(0);
static LOST: AtomicU64 = AtomicU64::new(0);
/// `true` while the exporter reads the counts of lost spans.
static IS_CHECKED: AtomicBool = AtomicBool::new(false);
/// `true` while the exporter takes longer than the spans take to fill all queues.
static IS_OVERLOADED: AtomicBool = AtomicBool::new(false);

/// The exporter of all stacks.
#[derive(Debug)]
struct Drain;

impl Export for Drain {
    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        if IS_OVERLOADED.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_secs(1));
        }
        if IS_CHECKED.load(Ordering::Relaxed) {
            let lost = |span: thundra_core::SpanData| match span.attribute("thundra.lost_spans") {
                Some(Value::I64(lost)) => *lost as u64,
                _ => 0,
            };
            LOST.fetch_add(batch.spans().map(lost).sum(), Ordering::Relaxed);
        }
        SENT.fetch_add(batch.count().into(), Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(())))
    }
}

impl SpanExporter for Drain {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        SENT.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}
