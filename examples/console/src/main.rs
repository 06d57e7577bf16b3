//! A console for the telemetry of functions: traces, logs and metrics of one developer's machine, in a browser.
//!
//! ```sh
//! cargo run -p thundra-console                     # prints a link, and waits for telemetry
//! cargo run -p thundra-console -- export.log       # and reads an export of CloudWatch Logs
//! OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 cargo run -p thundra-examples --bin hello
//! ```
//!
//! The way of the data:
//!
//! ```text
//! ingest ─► store (one writer) ─► api ─► the page, scripts
//!                │                 ├──► export: one file of a request
//!                └─► events        └──► tempo: Grafana
//! ```
//!
//! API.md has the routes.

mod api;
mod bench;
mod export;
mod ingest;
mod options;
mod rows;
mod server;
mod store;
mod tempo;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use api::{Api, Ports};
use options::Options;
use store::Store;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args_os().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("thundra-console: {problem}");
            return ExitCode::from(2);
        }
    };
    let ended = Runtime::new().map_err(Into::into).and_then(|runtime| {
        let result = runtime.block_on(run(&options));
        // A log on standard input may be waited for, and only its writer ends that.
        runtime.shutdown_background();
        result
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("thundra-console: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let store = Store::open(options.keep.clone(), options.limit)?;
    let token = Arc::new(server::Token::random()?);
    let listener = server::listen(options.page_port).await?;
    let page = listener.local_addr()?;
    let (mut ports, mut otlp) = (Ports::default(), None);
    if let Some(ingest) = opened("OTLP", options.otlp_port, ingest::http::listen(options.otlp_port).await) {
        otlp = Some(ingest.local_addr()?);
        ports.otlp = Some(format!("http://{}", ingest.local_addr()?));
        tokio::spawn(ingest::http::serve(ingest, store.clone(), page));
    }
    if let Some(socket) = opened("X-Ray", options.xray_port, ingest::xray::listen(options.xray_port).await) {
        ports.xray = Some(socket.local_addr()?.to_string());
        tokio::spawn(ingest::xray::receive(socket, store.clone()));
    }
    println!("http://{page}/?token={token}");
    if let Some(endpoint) = &ports.otlp {
        println!("OTEL_EXPORTER_OTLP_ENDPOINT={endpoint}");
    }
    let api = Api { store, ports: Arc::new(ports) };
    let store = api.store.clone();
    tokio::spawn(load(options.files.clone(), store.clone()));
    let result = tokio::select! {
        result = server::serve(listener, Arc::clone(&token), api) => result,
        result = measure(options.bench, page, otlp, &token) => result,
        () = ended() => Ok(()),
    };
    store.remove();
    Ok(result?)
}

/// Measures if that is asked for, and else waits.
async fn measure(
    spans: Option<u64>,
    page: SocketAddr,
    otlp: Option<SocketAddr>,
    token: &server::Token,
) -> std::io::Result<()> {
    match spans.zip(otlp) {
        Some((spans, otlp)) => bench::run(spans, page, otlp, token).await,
        None => std::future::pending().await,
    }
}

/// Reads the logs, one after another, and says what was in each.
async fn load(files: Vec<PathBuf>, store: Store) {
    for file in files {
        match ingest::files::read(&file, store.clone()).await {
            Ok(summary) => {
                let ingest::files::Summary { spans, logs, points, rejected } = summary;
                eprintln!(
                    "thundra-console: {}: {spans} spans, {logs} log lines, {points} data points, {rejected} unreadable",
                    file.display()
                );
            }
            Err(error) => eprintln!("thundra-console: {}: {error}", file.display()),
        }
    }
}

/// Returns what listens on a port, or says that the port is taken.
fn opened<T>(what: &str, port: u16, result: std::io::Result<T>) -> Option<T> {
    let problem = |error| eprintln!("thundra-console: {what} is not received: port {port}: {error}");
    result.map_err(problem).ok()
}

/// Waits for a signal to end. The temporary store is removed then.
async fn ended() {
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
