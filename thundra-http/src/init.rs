//! `init` and `init_with`: telemetry outside Lambda.

use thundra_core::{Telemetry, diagnostics};

use crate::export::{Dependent, Platform, THIS, Worker, install};

/// Installs the telemetry of a program: the configuration from the environment, the exporters, the subscriber (unless
/// one is set), the bridge from the `log` crate (unless a logger is set), and a background thread. The thread exports
/// about once a second, and earlier if about 1 MiB waits.
///
/// Keep the guard until the program ends. Dropping the guard exports the remaining spans within
/// `OTEL_EXPORTER_OTLP_TIMEOUT`. If spans are lost then, a line on standard error has their number for each exporter. A
/// panic that ends the process, in a program built with `panic = "abort"`, exports within the same time.
///
/// A second call changes nothing.
///
/// # Examples
///
/// ```no_run
/// let _telemetry = thundra_http::init();
/// ```
#[must_use = "dropping the guard stops exporting"]
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
/// let _telemetry = thundra_http::init_with(Telemetry::builder().exporter(ConsoleExporter::new()));
/// ```
#[must_use = "dropping the guard stops exporting"]
pub fn init_with(telemetry: impl Into<Telemetry>) -> TelemetryGuard {
    let guard = init_for(THIS, Platform::Process, telemetry.into());
    if thundra_core::config().emf() {
        diagnostics::once("emf", "OTEL_METRICS_EXPORTER=emf has no effect: thundra_aws::init writes such metrics");
    }
    guard
}

/// Installs telemetry as [`init_with`] does, for a program with another crate as dependency. In Lambda no background
/// thread starts here, because `run` exports.
#[doc(hidden)]
#[must_use = "dropping the guard stops exporting"]
pub fn init_for(dependent: Dependent, platform: Platform, telemetry: Telemetry) -> TelemetryGuard {
    let is_first = install(dependent, platform, telemetry);
    let config = thundra_core::config();
    if !is_first || platform != Platform::Process || config.disabled {
        return TelemetryGuard { worker: None };
    }
    TelemetryGuard { worker: Worker::start(config.otlp.flush_limit()) }
}

/// Keeps the background thread of [`init`] running. Dropping the guard exports the remaining spans.
///
/// # Examples
///
/// `std::process::exit` drops nothing. Drop the guard before the call:
///
/// ```no_run
/// let telemetry = thundra_http::init();
/// let status = i32::from(std::env::args().len() < 2);
/// drop(telemetry);
/// std::process::exit(status);
/// ```
#[derive(Debug)]
pub struct TelemetryGuard {
    #[expect(dead_code, reason = "dropping it ends the thread")]
    worker: Option<Worker>,
}
