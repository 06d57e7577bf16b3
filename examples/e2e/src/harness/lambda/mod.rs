//! Lambda on this machine: the Runtime API and the Extensions API on loopback, for one function.
//!
//! The harness keeps the rules of Lambda that matter to telemetry. The process is stopped as soon as nothing is in
//! flight, and goes on with the next event. A deadline ends the process, except on managed instances. SIGTERM comes
//! before the end only if an extension is registered. A function that has ended is started again for the next event.
//!
//! | module | holds |
//! |---|---|
//! | [`settings`] | the settings of a function |
//! | [`event`] | an event, and the outcome of an event |
//! | `life` | the state of the function: pending requests, invocations in flight, and the stop of the process |
//! | `runtime_api` | `/next`, `/response` and `/error` |
//! | `extensions_api` | `/register` and `/event/next` |
//! | `sandbox` | the process: signals, output, memory |
//!
//! See <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html>.

pub mod event;
mod extensions_api;
mod life;
mod runtime_api;
mod sandbox;
pub mod settings;

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use event::{Event, Invocation, Outcome, Response};
use life::Life;
pub use life::Record;
use sandbox::Sandbox;
pub use settings::{Output, Platform, Settings};

use super::Error;

/// The time between SIGTERM and SIGKILL for a process with an extension.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown>.
pub const SHUTDOWN: Duration = Duration::from_millis(500);

/// A function in Lambda. Dropping the value kills the process.
#[derive(Debug)]
pub struct Lambda {
    life: Arc<Life>,
    settings: Settings,
    address: String,
    server: JoinHandle<()>,
}

impl Lambda {
    /// Starts a function.
    ///
    /// # Errors
    ///
    /// If no port can be opened, or the program cannot be started.
    pub async fn start(settings: Settings) -> Result<Self, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let life = Arc::new(Life::new(&settings));
        let app = runtime_api::routes(Arc::clone(&life))
            .merge(extensions_api::routes(Arc::clone(&life), settings.refuses_extensions));
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, app).await;
        });
        let lambda = Self { life, settings, address, server };
        lambda.ensure_started()?;
        Ok(lambda)
    }

    /// Sends an event, and waits for the outcome.
    ///
    /// # Errors
    ///
    /// If the program cannot be started, or does not request an event.
    pub async fn invoke(&self, event: Event) -> Result<Invocation, Error> {
        self.ensure_started()?;
        Life::invoke(&self.life, event).await
    }

    /// Waits until the function requests an event, or has ended. Returns `false` after `patience`.
    pub async fn idle(&self, patience: Duration) -> bool {
        self.life.wait_for(patience, |state| state.is_idle() || state.sandbox.is_none()).await
    }

    /// Ends the function like Lambda: SIGTERM and [`SHUTDOWN`] if an extension is registered, then SIGKILL. Returns the
    /// exit status, `None` if the process had ended before.
    pub async fn shut_down(&self) -> Option<ExitStatus> {
        let ended = self.life.exits();
        if self.life.begin_shutdown() {
            self.life.wait_for(SHUTDOWN, |state| state.sandbox.is_none()).await;
        }
        self.life.kill();
        self.ended_after(ended).await
    }

    /// Ends the function with SIGTERM alone, and waits for the end. Returns `None` if the process does not end in
    /// `patience`.
    pub async fn terminate(&self, patience: Duration) -> Option<ExitStatus> {
        let ended = self.life.exits();
        self.life.terminate();
        self.life.wait_for(patience, |state| state.sandbox.is_none()).await;
        (self.life.exits() > ended).then(|| self.life.last_exit()).flatten()
    }

    async fn ended_after(&self, before: usize) -> Option<ExitStatus> {
        self.life.wait_for(Duration::from_secs(10), |state| state.sandbox.is_none()).await;
        (self.life.exits() > before).then(|| self.life.last_exit()).flatten()
    }

    /// Returns the times of each invocation, in the order of the events.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        self.life.records()
    }

    /// Returns the number of started processes.
    #[must_use]
    pub fn starts(&self) -> usize {
        self.life.starts()
    }

    /// Returns `true` while the process is frozen.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.life.is_stopped()
    }

    /// Returns the names of the registered extensions.
    #[must_use]
    pub fn extensions(&self) -> Vec<String> {
        self.life.extensions()
    }

    /// Returns the standard error of all processes so far, of an ended process to its end.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.life.output().stderr()
    }

    /// Returns the standard output of all processes so far, of an ended process to its end.
    #[must_use]
    pub fn stdout(&self) -> Vec<u8> {
        self.life.output().stdout()
    }

    /// Returns the resident memory of the process in bytes; `None` if the process has ended.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        self.life.memory()
    }

    fn ensure_started(&self) -> Result<(), Error> {
        Life::ensure_started(&self.life, || Sandbox::start(&self.settings, &self.address, self.life.output()))
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        self.life.kill();
        self.server.abort();
    }
}
