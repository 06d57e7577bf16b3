//! `install`: once for each process.

use super::process::{CONFIG, PIPELINE};
use super::{Telemetry, subscriber};
use crate::export::Export;
use crate::pipeline::Pipeline;
use crate::{Config, diagnostics};

/// Installs the telemetry of this process. Returns `true` if this call was the first one. Later calls change nothing.
///
/// If a global subscriber is set already, it stays. Without [`layer`](crate::layer) in it, ids travel and scopes are recorded,
/// but local spans are not, and one line on standard error says so.
///
/// Records of the `log` crate become `tracing` events, unless the program has set a logger before. The `log` crate refuses a
/// logger that the program sets later.
///
/// [`flush`](crate::flush) exports the spans. This function adds no exporter: `thundra_http::init` and `thundra_aws::init` add the
/// exporters of the environment.
///
/// # Examples
///
/// ```
/// use thundra_core::export::ConsoleExporter;
/// use thundra_core::{Telemetry, install};
///
/// assert!(install(Telemetry::builder().exporter(ConsoleExporter::new())));
/// assert!(!install(Telemetry::default()), "the first one stays");
/// ```
pub fn install(telemetry: impl Into<Telemetry>) -> bool {
    install_with(telemetry.into(), |_| Vec::new())
}

/// Installs telemetry as [`install`] does. Without an exporter, `default_exporters` makes the exporters for the configuration,
/// in the first call only: a later call reports nothing about exporters without use.
#[doc(hidden)]
pub fn install_with(mut telemetry: Telemetry, default_exporters: impl FnOnce(&Config) -> Vec<Box<dyn Export>>) -> bool {
    let is_configured = telemetry.config.is_some();
    let mut installed = None;
    PIPELINE.get_or_init(|| {
        let config = telemetry.configuration();
        if CONFIG.set(config.clone()).is_err() && is_configured {
            report_late_configuration();
        }
        let mut exporters = std::mem::take(&mut telemetry.exporters);
        if exporters.is_empty() {
            exporters = default_exporters(&config);
        }
        let config = installed.insert(config);
        Pipeline::new(config.resource.clone(), exporters, config.otlp.traces.flush_limit())
    });
    let Some(config) = installed else { return false };
    subscriber::set_global(&config, telemetry.layers, telemetry.log_format);
    subscriber::bridge_log();
    true
}

/// Reports that code used the configuration of the environment before the program installed another one.
#[cold]
fn report_late_configuration() {
    diagnostics::once(
        "config.late",
        "the configuration set in code was installed too late: parts of the program already use the environment's; \
         install the telemetry before any other call to these crates",
    );
}
