//! The public `init`.

use thundra_core::Telemetry;
use thundra_http::TelemetryGuard;

use super::setup;

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
pub fn init() -> TelemetryGuard {
    init_with(Telemetry::default())
}

/// Installs what [`init`] does, with telemetry that is set up in code.
///
/// # Examples
///
/// ```no_run
/// use thundra_core::Telemetry;
/// use thundra_core::export::ConsoleExporter;
///
/// let _telemetry = thundra_aws::init_with(Telemetry::builder().exporter(ConsoleExporter::new()));
/// ```
#[must_use = "outside Lambda, dropping the guard stops exporting"]
pub fn init_with(telemetry: impl Into<Telemetry>) -> TelemetryGuard {
    setup::install_in_background(telemetry.into())
}
