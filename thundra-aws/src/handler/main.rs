//! `#[handler]` on `main`: the whole program.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use thundra_core::exception::Exception;
use thundra_core::export::{StandardStream, write_line};
use thundra_core::{Scope, ScopeFlags, Telemetry, semconv};

use crate::lifecycle::layer::export_last;
use crate::lifecycle::local::check_input;
use crate::lifecycle::{initialisation, run_concurrent_with, run_with, setup};
use crate::panics::catch_panic_in;
use crate::platform::InitializationType;

/// The return type of an init function: the state, or a result with the state.
pub trait State<S> {
    /// Returns the state.
    ///
    /// # Errors
    ///
    /// The error of the init function.
    fn state(self) -> Result<S, Exception>;
}

impl<S> State<S> for S {
    fn state(self) -> Result<S, Exception> {
        Ok(self)
    }
}

impl<S, E: Display + 'static> State<S> for Result<S, E> {
    fn state(self) -> Result<S, Exception> {
        self.map_err(|error| Exception::of_value(&error))
    }
}

/// Runs a program with a handler.
pub fn main<T, A, R, E, F, Fut>(telemetry: impl FnOnce() -> T, handler: F) -> ExitCode
where
    T: Into<Telemetry>,
    F: Fn(LambdaEvent<A>) -> Fut,
    Fut: Future<Output = Result<R, E>>,
    E: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de>,
    R: Serialize,
{
    program(async { run_with(telemetry(), service_fn(handler)).await })
}

/// Runs a program with a handler, for several invocations at once if Lambda allows concurrency.
pub fn main_concurrent<T, A, R, E, F, Fut>(telemetry: impl FnOnce() -> T, handler: F) -> ExitCode
where
    T: Into<Telemetry>,
    F: Fn(LambdaEvent<A>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<R, E>> + Send + 'static,
    E: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: Serialize + Send + 'static,
{
    program(async { run_concurrent_with(telemetry(), service_fn(handler)).await })
}

/// Runs a program with a handler, and with state made once by the init function.
pub fn main_with_state<T, S, I, A, R, E, F, Fut, Init, InitFut>(
    telemetry: impl FnOnce() -> T,
    init: Init,
    handler: F,
) -> ExitCode
where
    T: Into<Telemetry>,
    Init: FnOnce() -> InitFut,
    InitFut: Future<Output = I>,
    I: State<S>,
    F: Fn(LambdaEvent<A>, Arc<S>) -> Fut,
    Fut: Future<Output = Result<R, E>>,
    E: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de>,
    R: Serialize,
{
    let started = SystemTime::now();
    program(async {
        check_input()?;
        let state = initialise(telemetry(), started, init).await?;
        run_with(Telemetry::default(), service_fn(|event| handler(event, state.clone()))).await
    })
}

/// Runs a program with a handler and state, for several invocations at once if Lambda allows concurrency.
pub fn main_concurrent_with_state<T, S, I, A, R, E, F, Fut, Init, InitFut>(
    telemetry: impl FnOnce() -> T,
    init: Init,
    handler: F,
) -> ExitCode
where
    T: Into<Telemetry>,
    Init: FnOnce() -> InitFut,
    InitFut: Future<Output = I>,
    I: State<S>,
    S: Send + Sync + 'static,
    F: Fn(LambdaEvent<A>, Arc<S>) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<R, E>> + Send + 'static,
    E: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: Serialize + Send + 'static,
{
    let started = SystemTime::now();
    program(async {
        check_input()?;
        let state = initialise(telemetry(), started, init).await?;
        run_concurrent_with(Telemetry::default(), service_fn(move |event| handler(event, state.clone()))).await
    })
}

fn program(run: impl Future<Output = Result<(), Error>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    runtime.block_on(async {
        match run.await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&*error),
        }
    })
}

fn fail(error: &dyn Display) -> ExitCode {
    // If standard error is closed, the exit code is the only report.
    let _ = write_line(StandardStream::Error, format!("error: {error}\n").as_bytes());
    ExitCode::FAILURE
}

/// Makes the state. The spans of the init function are a trace. The first invocation links to the trace, and exports
/// the trace.
async fn initialise<S, I: State<S>, InitFut: Future<Output = I>>(
    telemetry: impl Into<Telemetry>,
    started: SystemTime,
    init: impl FnOnce() -> InitFut,
) -> Result<Arc<S>, Error> {
    let config = setup::install(telemetry.into());
    let scope = Scope::builder("init").start_time(started).begin_with(config);
    let kind = InitializationType::of(config.env());
    // A caller waits for the initialisation.
    if matches!(kind, InitializationType::OnDemand | InitializationType::Other) {
        scope.set_flags(ScopeFlags::COLD_START);
    }
    let context = scope.context();
    match catch_panic_in(&scope, async { init().await.state() }).await {
        Ok(Ok(state)) => {
            match kind {
                // The trace leaves before the first invocation.
                InitializationType::SnapStart | InitializationType::ManagedInstances => {
                    initialisation::export(context, scope.finish());
                }
                _ => initialisation::keep(context, scope.finish()),
            }
            Ok(Arc::new(state))
        }
        // No invocation will follow and export the trace.
        Ok(Err(error)) => {
            scope.fail(&error);
            scope.set_attribute(semconv::ERROR_TYPE, "init_failed");
            export_last(scope.finish(), config).await;
            Err(format!("the init function failed: {}", error.message()).into())
        }
        Err(panic) => {
            export_last(scope.finish(), config).await;
            resume_unwind(panic)
        }
    }
}
