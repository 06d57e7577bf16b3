//! Installing everything outside Lambda.

use thundra_core::Telemetry;

use crate::export::{PACKAGE, Platform, Worker, install};

/// Installs everything a program outside Lambda needs: the configuration from the environment, the
/// exporters, the subscriber (unless one is set), the bridge from the `log` crate (unless a logger is set), and a
/// background thread that exports about once a second and whenever about 1 MiB waits.
///
/// Keep the guard until the program ends: dropping it exports what is left, within
/// `OTEL_EXPORTER_OTLP_TIMEOUT`. A line on standard error says how many spans are lost then, for each exporter. A
/// second call changes nothing.
#[must_use = "dropping the guard stops exporting"]
pub fn init() -> TelemetryGuard {
    init_with(Telemetry::default())
}

/// Installs what [`init`] does, with telemetry that is set up in code: a
/// [`Config`](thundra_core::Config), or what [`Telemetry::builder`] makes.
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
    init_for(PACKAGE, Platform::Process, telemetry.into())
}

/// As [`init_with`], for the dependents of `package`. In Lambda there is no background thread: the invocations export.
#[doc(hidden)]
#[must_use = "dropping the guard stops exporting"]
pub fn init_for(package: &'static str, platform: Platform, telemetry: Telemetry) -> TelemetryGuard {
    let is_first = install(package, platform, telemetry);
    let config = thundra_core::config();
    if !is_first || platform == Platform::Lambda || config.disabled {
        return TelemetryGuard { worker: None };
    }
    TelemetryGuard { worker: Worker::start(config.otlp.traces.flush_limit()) }
}

/// Keeps the exporter of [`init`] running; dropped, it exports what is left.
#[derive(Debug)]
pub struct TelemetryGuard {
    #[expect(dead_code, reason = "dropping it ends the thread")]
    worker: Option<Worker>,
}
