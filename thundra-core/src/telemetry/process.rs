//! The one pipeline of this process, and its configuration.

use std::sync::OnceLock;
use std::time::Instant;

use super::{Telemetry, subscriber};
use crate::config::{self, Section};
use crate::export::Export;
use crate::pipeline::{Flush, Losses, Pipeline, backlog};
use crate::recorder::missing_spans;
use crate::{Config, Env, Records, diagnostics};

static CONFIG: OnceLock<Config> = OnceLock::new();
static PIPELINE: OnceLock<Pipeline> = OnceLock::new();

/// Returns the configuration of this process: the one that was [installed](install), else the environment's.
pub fn config() -> &'static Config {
    CONFIG.get_or_init(|| Config::from_env(&Env::process()))
}

/// Returns the settings of a crate that depends on this one: those of the [installed](install) configuration, else
/// those of the environment. Called once by each such crate, which keeps them.
#[doc(hidden)]
pub fn settings<S: Section>() -> S {
    let config = config();
    config.section().cloned().unwrap_or_else(|| {
        let (settings, problems) = config::read_section(config.env());
        config::report(&problems);
        settings
    })
}

/// Installs the telemetry of this process. Returns `true` if this call was the first one; another changes nothing.
///
/// A global subscriber that is set is kept. If [`layer`](crate::layer) is not part of it, one line on standard error
/// says so: ids travel and scopes are recorded all the same, local spans are not.
///
/// Records of the `log` crate become `tracing` events, unless the program has set a logger of its own: that one is
/// kept. A logger that the program sets later is refused by the `log` crate.
///
/// Spans are exported by [`flush`]. Without an exporter nothing is exported: those of the environment are made by
/// `init` of `thundra-http` and of `thundra-aws`.
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

/// Installs as [`install`] does, with exporters for a configuration where none is given. They are made by the first call
/// alone, so that another reports nothing about exporters that nobody uses.
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

/// Reports that the configuration of the environment was in use before one made in code was installed.
#[cold]
fn report_late_configuration() {
    diagnostics::once(
        "config.late",
        "the configuration that is made in code comes too late for what runs already with that of the environment: \
         install the telemetry before anything else of these crates is called",
    );
}

/// Exports a trace, together with late spans and with what earlier flushes could not send.
///
/// The exporters are given the deadline, or `OTEL_EXPORTER_OTLP_TIMEOUT` from now if that is earlier. One that
/// may not keep to it is bounded by dropping this future: what was not sent waits for the next flush. Does
/// nothing before [`install`], and reports once that nothing exports the spans.
pub async fn flush(trace: Records, deadline: Option<Instant>) {
    match PIPELINE.get() {
        Some(pipeline) => {
            begin(pipeline, trace, deadline).send().await;
        }
        None => report_no_exporters(&trace),
    }
}

/// Hands records, and everything that waits, to the exporters.
fn begin(pipeline: &Pipeline, mut records: Records, deadline: Option<Instant>) -> Flush<'_> {
    let due = backlog::drain(&mut records);
    pipeline.begin(records, &due, deadline)
}

/// Reports that the program has recorded spans and installed no exporters.
#[cold]
fn report_no_exporters(trace: &Records) {
    if !trace.is_empty() {
        diagnostics::once(
            "exporters",
            "spans are recorded, and nothing exports them: begin the program with \
             `let _telemetry = thundra_http::init();`, or thundra_aws::init()",
        );
    }
}

/// Exports everything that waits, as the last flush of a program: exporters that pause after failures try once more.
pub async fn flush_last(deadline: Instant) {
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.resume();
        begin(pipeline, Records::default(), Some(deadline)).send().await;
        backlog::end(true);
    }
}

/// Notes that the program flushes by itself, whatever its [last flush](flush_last) was.
#[doc(hidden)]
pub fn flushes_itself() {
    backlog::end(false);
}

/// Returns how many spans wait for a [`flush`], those that are being exported included, summed over the exporters.
pub fn pending_spans() -> u64 {
    PIPELINE.get().map_or(0, Pipeline::waiting_spans) + backlog::spans()
}

/// Returns, for each exporter, everything that is lost if the program ends now: records that wait for a flush, and losses
/// that no exported root span has counted.
#[doc(hidden)]
pub fn unexported() -> Vec<Losses> {
    let late = backlog::unsent();
    let mut unexported = PIPELINE.get().map_or_else(Vec::new, Pipeline::unexported);
    unexported.iter_mut().for_each(|losses| *losses += late);
    unexported
}

/// Hands a trace to the next [`flush`], whoever makes it: for programs with an exporter in the background.
///
/// At most 8 MiB wait, or one trace that is longer; what is over is lost, and counted. Before [`install`], and after the
/// [last flush](flush_last), it reports once that nothing exports the spans.
pub fn export_later(trace: Records) {
    if PIPELINE.get().is_none() {
        report_no_exporters(&trace);
    }
    backlog::add(trace);
}

/// Waits until about 1 MiB of [deferred](export_later) spans waits for a flush. One task at a time can wait.
#[doc(hidden)]
pub async fn enough_deferred() {
    backlog::enough().await;
}

/// Reports on standard error, once, that the program made spans and opened no scope: they were not recorded. Called when
/// a program ends that had its telemetry installed for it.
#[doc(hidden)]
pub fn report_missing_scope() {
    missing_spans::report_missing_scope();
}
