//! `install`: once for each process.

use super::process::PIPELINE;
use super::{Telemetry, global, observed};
use crate::config::{LOGS, MEASURES, log_variables, process};
use crate::export::{Export, spill_exporter};
use crate::pipeline::{Pipeline, SPILLS, exports, set_exported};
use crate::recorder::{callsites, further_uses};
use crate::redact::mask;
use crate::{Config, Signal, diagnostics, exception, metrics};

/// Installs the telemetry of this process. Returns `true` for the first call. Later calls change nothing. A line on
/// standard error reports a later telemetry with anything set in code.
///
/// A global subscriber set earlier stays. If the subscriber lacks [`layer`](crate::layer), ids are propagated and
/// scopes recorded, but no local spans. A line on standard error reports the missing layer.
///
/// Records of the `log` crate become `tracing` events, unless the program has set a logger. The `log` crate refuses a
/// logger set later.
///
/// [`flush`](crate::flush) exports the spans. `install` adds no exporter. `thundra_http::init` and `thundra_aws::init`
/// add the exporters of the environment.
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

/// Installs telemetry as [`install`] does. Without an exporter, `default_exporters` makes the exporters for the
/// configuration, in the first call only. A later call reports nothing about unused exporters.
#[doc(hidden)]
pub fn install_with(mut telemetry: Telemetry, default_exporters: impl FnOnce(&Config) -> Vec<Box<dyn Export>>) -> bool {
    let in_code = telemetry.has_configuration();
    let mut installed = None;
    PIPELINE.get_or_init(|| {
        let config = process::install(|| telemetry.configuration());
        if in_code {
            report_late_configuration(config);
        }
        let mut exporters = std::mem::take(&mut telemetry.exporters);
        if exporters.is_empty() {
            exporters = default_exporters(config);
        }
        let config = installed.insert(config);
        let pipeline = Pipeline::new(config.resource.clone(), exporters, config.otlp.flush_limit());
        set_exported(pipeline.exported(config));
        if exports(Signal::Logs) {
            further_uses::expect();
        }
        match usize::try_from(config.spill).unwrap_or(usize::MAX) {
            0 => pipeline,
            _ if !SPILLS => {
                report_spill_not_built();
                pipeline
            }
            limit => pipeline.spilling(limit, |room| (telemetry.bound.0)(Box::new(spill_exporter(room)), config)),
        }
    });
    let Some(config) = installed else {
        if in_code || telemetry.has_parts() {
            report_second_telemetry();
        }
        return false;
    };
    mask::add(&config.mask_keys);
    if !config.disabled {
        exception::keep_stack_traces(config.env());
    }
    global::set_global(config, telemetry.layers);
    // The layers take over the installed configuration.
    callsites::rebuild();
    global::bridge_log();
    if !LOGS {
        report_logs_not_built(config);
    }
    // Events measure at any level. Records of the `log` crate have no fields and keep the level of the subscriber.
    if !MEASURES {
        report_metrics_not_built(config);
    } else if exports(Signal::Metrics) {
        metrics::start(config);
        observed::observe_built_in();
    }
    true
}

/// Reports parts of the program that keep the configuration of the environment in place of the configuration set in
/// code.
fn report_late_configuration(config: &Config) {
    if process::is_provisional_in_use() {
        diagnostics::once(
            "config.late",
            "the configuration set in code was installed too late: parts of the program already use the environment's; \
             install the telemetry before any other call to these crates",
        );
    }
    if process::provisional_of_layers()
        .is_some_and(|layer| layer.spans != config.spans || layer.limits != config.limits)
    {
        diagnostics::once(
            "config.layer",
            "thundra_core::layer() was called before the installation, so it has the levels and limits of the \
             environment: make it with thundra_core::layer_with(&config)",
        );
    }
}

/// Reports a chosen exporter of metrics in a build without metrics.
fn report_metrics_not_built(config: &Config) {
    if !config.disabled && config.metrics_exporters.as_ref().is_some_and(|exporters| !exporters.is_empty()) {
        diagnostics::once(
            "measurements",
            "metrics are not exported, in spite of OTEL_METRICS_EXPORTER: they take the feature `measurements` of \
             thundra-aws, thundra-http or thundra-core",
        );
    }
}

/// Reports a limit of the spill in a build without standard output.
#[cold]
fn report_spill_not_built() {
    diagnostics::once(
        "spill.feature",
        "THUNDRA_SPILL takes the feature `stdout` of thundra-aws, thundra-http or thundra-core, so lost records are only \
         counted",
    );
}

/// Reports the settings for log lines and log records in a build with neither.
fn report_logs_not_built(config: &Config) {
    for variable in log_variables() {
        let value = config.env().get(variable.name).filter(|_| !config.disabled).unwrap_or_default();
        if !["", "0", "none", "off"].contains(&value.to_ascii_lowercase().trim()) {
            diagnostics::once(
                "logs",
                format_args!(
                    "no log lines are written and no log records exported, in spite of {}: they take the feature \
                     `logs` of thundra-aws, thundra-http or thundra-core",
                    variable.name
                ),
            );
        }
    }
}

/// Reports telemetry set up in code without effect.
#[cold]
fn report_second_telemetry() {
    diagnostics::once(
        "telemetry.second",
        "telemetry is installed already, so the telemetry of a later call has no effect: give it to the first call, \
         such as `init_with`",
    );
}
