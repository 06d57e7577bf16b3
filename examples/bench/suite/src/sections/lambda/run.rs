//! A function's life, from the start to the end of the last invocation.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::serve::ListenerExt;
use tokio::net::{TcpListener, UdpSocket};

use super::export::{Collector, Export};
use super::function::{Function, Host, done};
use super::process::{self, Usage};
use super::runtime_api::RuntimeApi;
use crate::Result;

/// The number of invocations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Invocations {
    pub(super) warm_up: usize,
    /// The measured invocations after the warm-up.
    pub(super) measured: usize,
}

impl Invocations {
    /// No invocations: the function is only started.
    pub(super) const NONE: Self = Invocations { warm_up: 0, measured: 0 };

    pub(super) fn of(quick: bool) -> Self {
        Invocations { warm_up: 200, measured: if quick { 500 } else { 2000 } }
    }
}

/// The measurements of a function's life.
#[derive(Debug)]
pub(super) struct Run {
    /// The time until the request for the first event.
    pub(super) start: Duration,
    pub(super) peak_rss_kib: u64,
    /// The usage of the measured invocations, or of the start without measured invocations.
    pub(super) usage: Usage,
    pub(super) response: Vec<Duration>,
    pub(super) next: Vec<Duration>,
    /// The connections to the Runtime API during the measured invocations.
    pub(super) connections: usize,
    /// The exported bytes of one invocation.
    pub(super) exported_bytes: usize,
}

const PATIENCE: Duration = Duration::from_secs(60);
/// The time after which the threads beside `main` have started.
const REST: Duration = Duration::from_millis(5);

/// A process. Dropping the value kills the process.
struct Process(Child);

impl Process {
    /// Ends the process so that callgrind writes the counts.
    fn terminate(&mut self) -> Result<()> {
        done(Command::new("kill").arg(self.0.id().to_string()))?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a function, invokes the function, and ends the process.
pub(super) fn run(function: &Function, host: &Host, export: Export, invocations: Invocations) -> Result<Run> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime
        .block_on(live(function, host, export, invocations))
        .map_err(|error| format!("{}: {error}", function.name).into())
}

async fn live(function: &Function, host: &Host, export: Export, invocations: Invocations) -> Result<Run> {
    let (api, collector) = (RuntimeApi::new(invocations), Collector::default());
    let (api_port, collector_port) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    let daemon = UdpSocket::bind("127.0.0.1:0").await?;
    let [api_address, collector_address] = [api_port.local_addr()?, collector_port.local_addr()?];
    let mut command = function.command(host)?;
    command.env("AWS_LAMBDA_RUNTIME_API", api_address.to_string());
    command.envs(export.variables(&collector_address.to_string(), &daemon.local_addr()?.to_string()));
    if let Export::Line { .. } = export {
        command.stdout(Stdio::piped());
    }
    let watch = api.clone();
    let api_port = api_port.tap_io(move |_| watch.connected());
    tokio::spawn(axum::serve(api_port, api.clone().routes()).into_future());
    tokio::spawn(axum::serve(collector_port, collector.routes()).into_future());
    tokio::spawn(collector.clone().datagrams(daemon));
    // Lets the servers reach the first `accept`.
    tokio::task::yield_now().await;

    let started = Instant::now();
    let mut child = Process(command.spawn()?);
    let process = child.0.id();
    let _ = api.process.set(process);
    let lines = collector.lines(&mut child.0);
    tokio::time::timeout(PATIENCE, api.done.notified()).await?;
    if invocations.measured == 0 {
        tokio::time::sleep(REST).await;
        api.seen().usage = process::usage(process)?;
    }
    let peak_rss_kib = process::peak_rss_kib(process)?;
    child.terminate()?;
    if let Some(lines) = lines {
        lines.join().map_err(|_| "the reader of standard output panicked")?;
    }

    let seen = api.seen().clone();
    let exported_bytes = check(&collector, export, invocations, seen.errors)?;
    let start = seen.started.ok_or("it asked for no event")? - started;
    let (usage, connections) = (seen.usage, seen.connections);
    Ok(Run { start, peak_rss_kib, usage, response: seen.response, next: seen.next, connections, exported_bytes })
}

/// Checks that every invocation was exported completely. Returns the bytes of the last export.
fn check(collector: &Collector, export: Export, invocations: Invocations, errors: usize) -> Result<usize> {
    let received = collector.received();
    let expected = if export == Export::None { 0 } else { invocations.warm_up + invocations.measured };
    let spans = export.spans(&received.last)?.unwrap_or(thundra_bench_lambda::SPANS);
    if errors > 0 || received.payloads < expected || spans != thundra_bench_lambda::SPANS {
        return Err(format!(
            "{errors} errors, {} payloads of {expected}, {spans} spans in the last of them",
            received.payloads
        )
        .into());
    }
    Ok(received.last.len())
}
