//! `#[handler]` on `main`: the whole program.

use std::fmt::{Debug, Display};
use std::future::Future;
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use futures_util::Stream;
use lambda_runtime::{Diagnostic, Error, IntoFunctionResponse, LambdaEvent};
use serde::{Deserialize, Serialize};
use thundra_core::exception::Exception;
use thundra_core::export::{StandardStream, write_line};
use thundra_core::{Scope, ScopeFlags, Telemetry, semconv};
use tower_service::Service;

use crate::lifecycle::layer::export_last;
#[cfg(feature = "local-run")]
use crate::lifecycle::local::check_input;
use crate::lifecycle::{initialisation, run_concurrent_with, run_with, setup};
use crate::panics::catch_panic_in;
use crate::platform::InitializationType;

/// The return type of an init function: the state, or a result with the state.
#[diagnostic::on_unimplemented(
    message = "the init function returns `{Self}`, and `main` borrows a `&{S}`",
    note = "`init` names an `async fn() -> {S}`, or one that returns a `Result<{S}, E>` whose error implements `Display`"
)]
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
pub fn main<T, A, H, R, B, S, D, E>(telemetry: impl FnOnce() -> T, handler: H) -> ExitCode
where
    T: Into<Telemetry>,
    H: Service<LambdaEvent<A>, Response = R>,
    H::Future: Future<Output = Result<R, H::Error>>,
    H::Error: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    program(async { run_with(telemetry(), handler).await })
}

/// Runs a program with a handler, for several invocations at once if Lambda allows concurrency.
pub fn main_concurrent<T, A, H, R, B, S, D, E>(telemetry: impl FnOnce() -> T, handler: H) -> ExitCode
where
    T: Into<Telemetry>,
    H: Service<LambdaEvent<A>, Response = R> + Clone + Send + 'static,
    H::Future: Future<Output = Result<R, H::Error>> + Send + 'static,
    H::Error: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: IntoFunctionResponse<B, S> + Send + 'static,
    B: Serialize + Send + 'static,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send + 'static,
    E: Into<Error> + Send + Debug + 'static,
{
    program(async { run_concurrent_with(telemetry(), handler).await })
}

/// Runs a program with a handler that borrows the state made by the init function.
pub fn main_with_state<T, Made, I, Init, InitFut, Make, A, H, R, B, S, D, E>(
    telemetry: impl FnOnce() -> T,
    init: Init,
    handler: Make,
) -> ExitCode
where
    T: Into<Telemetry>,
    Init: FnOnce() -> InitFut,
    InitFut: Future<Output = I>,
    I: State<Made>,
    Make: FnOnce(Arc<Made>) -> H,
    H: Service<LambdaEvent<A>, Response = R>,
    H::Future: Future<Output = Result<R, H::Error>>,
    H::Error: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    main_app(telemetry, async { init().await.state() }, |state| handler(Arc::new(state)))
}

/// Runs a program as [`main_with_state`] does, for several invocations at once if Lambda allows concurrency.
pub fn main_concurrent_with_state<T, Made, I, Init, InitFut, Make, A, H, R, B, S, D, E>(
    telemetry: impl FnOnce() -> T,
    init: Init,
    handler: Make,
) -> ExitCode
where
    T: Into<Telemetry>,
    Init: FnOnce() -> InitFut,
    InitFut: Future<Output = I>,
    I: State<Made>,
    Made: Send + Sync + 'static,
    Make: FnOnce(Arc<Made>) -> H,
    H: Service<LambdaEvent<A>, Response = R> + Clone + Send + 'static,
    H::Future: Future<Output = Result<R, H::Error>> + Send + 'static,
    H::Error: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: IntoFunctionResponse<B, S> + Send + 'static,
    B: Serialize + Send + 'static,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send + 'static,
    E: Into<Error> + Send + Debug + 'static,
{
    main_concurrent_app(telemetry, async { init().await.state() }, |state| handler(Arc::new(state)))
}

/// Runs a program. `handler` makes the handler from the value made by the initialisation.
pub(super) fn main_app<T, Made, Make, A, H, R, B, S, D, E>(
    telemetry: impl FnOnce() -> T,
    init: impl Future<Output = Result<Made, Exception>>,
    handler: Make,
) -> ExitCode
where
    T: Into<Telemetry>,
    Make: FnOnce(Made) -> H,
    H: Service<LambdaEvent<A>, Response = R>,
    H::Future: Future<Output = Result<R, H::Error>>,
    H::Error: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de>,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send,
    E: Into<Error> + Send + Debug,
{
    let started = SystemTime::now();
    program(async {
        #[cfg(feature = "local-run")]
        check_input()?;
        let made = initialise(telemetry(), started, init).await?;
        run_with(Telemetry::default(), handler(made)).await
    })
}

/// Runs a program as [`main_app`] does, for several invocations at once if Lambda allows concurrency.
pub(super) fn main_concurrent_app<T, Made, Make, A, H, R, B, S, D, E>(
    telemetry: impl FnOnce() -> T,
    init: impl Future<Output = Result<Made, Exception>>,
    handler: Make,
) -> ExitCode
where
    T: Into<Telemetry>,
    Make: FnOnce(Made) -> H,
    H: Service<LambdaEvent<A>, Response = R> + Clone + Send + 'static,
    H::Future: Future<Output = Result<R, H::Error>> + Send + 'static,
    H::Error: Into<Diagnostic> + Debug + 'static,
    A: for<'de> Deserialize<'de> + Send + 'static,
    R: IntoFunctionResponse<B, S> + Send + 'static,
    B: Serialize + Send + 'static,
    S: Stream<Item = Result<D, E>> + Unpin + Send + 'static,
    D: Into<Bytes> + Send + 'static,
    E: Into<Error> + Send + Debug + 'static,
{
    let started = SystemTime::now();
    program(async {
        #[cfg(feature = "local-run")]
        check_input()?;
        let made = initialise(telemetry(), started, init).await?;
        run_concurrent_with(Telemetry::default(), handler(made)).await
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
async fn initialise<S>(
    telemetry: impl Into<Telemetry>,
    started: SystemTime,
    init: impl Future<Output = Result<S, Exception>>,
) -> Result<S, Error> {
    let config = setup::install(telemetry.into());
    let scope = Scope::builder("init").start_time(started).begin_with(config);
    let kind = InitializationType::of(config.env());
    // A caller waits for the initialisation.
    if matches!(kind, InitializationType::OnDemand | InitializationType::Other) {
        scope.set_flags(ScopeFlags::COLD_START);
    }
    let context = scope.context();
    match catch_panic_in(&scope, init).await {
        Ok(Ok(state)) => {
            match kind {
                // The trace leaves before the first invocation.
                InitializationType::SnapStart | InitializationType::ManagedInstances => {
                    initialisation::export(context, scope.finish());
                }
                _ => initialisation::keep(context, scope.finish()),
            }
            Ok(state)
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
