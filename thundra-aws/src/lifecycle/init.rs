//! What a function sets up once.

use std::sync::Mutex;
use std::sync::PoisonError;

use thundra_core::{Config, Env, TraceContext};
use thundra_http::export::Platform;

use crate::Settings;

/// The crate whose features a program turns on.
const PACKAGE: &str = env!("CARGO_PKG_NAME");

/// Installs everything that a program needs for the place where it runs: the configuration from the environment, the
/// exporters, the subscriber (unless one is set), and the bridge from the `log` crate (unless a logger is set). Has the
/// calls of AWS clients recorded that nobody wrapped (feature `unwrapped-clients`).
///
/// - In a function it takes the place of the line that initialises a subscriber, before [`run`](crate::run), which does
///   the rest: it exports after each response, and after a local run. Dropping the guard does nothing in Lambda.
/// - In any other program, as a worker of a queue, a background thread exports about once a second, as
///   [`thundra_http::init`] does. Keep the guard until the program ends: dropping it exports what is left.
///
/// A second call changes nothing. In Lambda a program that does not call [`run`](crate::run), as a server behind the
/// Lambda Web Adapter, takes [`thundra_http::init`], which exports by itself wherever it is.
///
/// # Examples
///
/// ```no_run
/// use thundra_aws::{Error, LambdaEvent, service_fn};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Error> {
///     let _telemetry = thundra_aws::init();
///     tracing::info!("written as a log line, like what the handler logs");
///     thundra_aws::run(service_fn(greet)).await
/// }
///
/// async fn greet(event: LambdaEvent<String>) -> Result<String, Error> {
///     Ok(format!("hello {}", event.payload))
/// }
/// ```
#[must_use = "outside Lambda, dropping the guard stops exporting"]
pub fn init() -> thundra_http::Telemetry {
    let telemetry = thundra_http::init_for(PACKAGE, platform(), config);
    watch();
    telemetry
}

/// Installs what [`init`] does, without the background thread: for those who export by themselves.
pub(super) fn telemetry() {
    telemetry_at_work();
    watch();
}

/// Installs what [`telemetry`] does, where calls may be under way already.
pub(super) fn telemetry_at_work() {
    thundra_http::export::install(PACKAGE, platform(), config);
    thundra_core::flushes_itself();
}

/// Where this program runs.
fn platform() -> Platform {
    if in_lambda() { Platform::Lambda } else { Platform::Process }
}

/// Returns whether there is a Runtime API to take events from.
pub(super) fn in_lambda() -> bool {
    Env::process().get("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Reads the configuration of a function or of a worker.
fn config() -> Config {
    let mut config = Config::from_env(&Env::process());
    config.load_section::<Settings>();
    config
}

/// Watches the clients that nobody wrapped from now on.
fn watch() {
    #[cfg(all(feature = "unwrapped-clients", feature = "sdk"))]
    if !thundra_core::config().disabled {
        crate::sdk::unwrapped::watch();
    }
}

/// The trace of the initialisation, until the first invocation links to it.
static INIT: Mutex<Option<TraceContext>> = Mutex::new(None);

pub(super) fn remember(context: Option<TraceContext>) {
    *INIT.lock().unwrap_or_else(PoisonError::into_inner) = context;
}

pub(super) fn take() -> Option<TraceContext> {
    INIT.lock().unwrap_or_else(PoisonError::into_inner).take()
}
