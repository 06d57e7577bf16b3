//! The public `init`.

use thundra_core::Telemetry;
use thundra_http::TelemetryGuard;

use super::setup;

/// Installs the telemetry of a program: the configuration from the environment, the exporters, the subscriber (unless
/// one is set), and the bridge from the `log` crate (unless a logger is set). Calls of unwrapped AWS clients are
/// recorded from then on (feature `unwrapped-clients`).
///
/// - In a function, this call replaces the installation of a subscriber. [`run`](crate::run) follows, and exports after
///   each response and after a local run. Dropping the guard has no effect in Lambda.
/// - In any other program, such as a worker for a queue, a background thread exports about once a second. Keep the
///   guard until the program ends: dropping the guard exports the remaining spans.
///   A command or a scheduled job runs its work in [`scope`](crate::scope()).
///
/// Outside Lambda, log lines are text for the person at the terminal. A worker in a container sets
/// `THUNDRA_LOG_FORMAT=json`.
///
/// A second call changes nothing.
///
/// In Lambda, a program without [`run`](crate::run), such as a server behind the Lambda Web Adapter, calls
/// [`thundra_http::init`]: a background thread exports there as well. The end of the [configuration
/// page](crate::configuration#in-code) shows how the resource of such a program can describe the function.
///
/// # Examples
///
/// ```no_run
/// use thundra_aws::{Error, LambdaEvent, service_fn};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Error> {
///     let _telemetry = thundra_aws::init();
///     tracing::info!("written as a log line, like the lines of the handler");
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

/// Installs telemetry as [`init`] does, set up in code: a [`Config`](thundra_core::Config), or the result of
/// [`Telemetry::builder`].
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
