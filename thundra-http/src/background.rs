//! Installing everything outside Lambda.

use thundra_core::{Config, Env};

use crate::export::{PACKAGE, Platform, Worker, install};

/// Installs everything a program outside Lambda needs: the configuration from the environment, the
/// exporters, the subscriber (unless one is set), the bridge from the `log` crate (unless a logger is set), and a
/// background thread that exports about once a second and whenever about 1 MiB waits.
///
/// Keep the guard until the program ends: dropping it exports what is left, within
/// `OTEL_EXPORTER_OTLP_TIMEOUT`. A line on standard error says how many spans are lost then, for each exporter. A
/// second call changes nothing.
#[must_use = "dropping the guard stops exporting"]
pub fn init() -> Telemetry {
    init_with(Config::from_env(&Env::process()))
}

/// As [`init`], with a configuration that is made or changed in code.
#[must_use = "dropping the guard stops exporting"]
pub fn init_with(config: Config) -> Telemetry {
    init_for(PACKAGE, Platform::Process, || config)
}

/// As [`init_with`], for the dependents of `package`. In Lambda there is no background thread: the invocations export.
#[doc(hidden)]
#[must_use = "dropping the guard stops exporting"]
pub fn init_for(package: &'static str, platform: Platform, config: impl FnOnce() -> Config) -> Telemetry {
    let is_first = install(package, platform, config);
    let config = thundra_core::config();
    if !is_first || platform == Platform::Lambda || config.disabled {
        return Telemetry { worker: None };
    }
    Telemetry { worker: Worker::start(config.otlp.traces.flush_limit()) }
}

/// Keeps the exporter of [`init`] running; dropped, it exports what is left.
#[derive(Debug)]
pub struct Telemetry {
    #[expect(dead_code, reason = "dropping it ends the thread")]
    worker: Option<Worker>,
}
