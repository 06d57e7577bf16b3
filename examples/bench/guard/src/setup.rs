//! The set-up of the work.

use std::time::Instant;

use thundra_core::export::{Batch, Export, ExportFuture, Gzip};
use thundra_core::{Config, Env, LogFormat, Scope, Signal, Telemetry, TelemetryBuilder};
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

/// An exporter that builds the bytes of a request and drops them.
#[derive(Debug)]
struct Nowhere {
    /// The signal beside spans.
    takes: Option<Signal>,
    /// The compressor of the bytes, as for a line on standard output.
    gzip: Option<Gzip>,
}

impl Export for Nowhere {
    fn takes(&self, signal: Signal) -> bool {
        signal == Signal::Traces || Some(signal) == self.takes
    }

    fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
        let request = std::hint::black_box(batch.to_protobuf());
        if let Some(gzip) = &self.gzip {
            std::hint::black_box(gzip.pack(&request).expect("memory does not fail"));
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Installs thundra without log lines and without a limit for spans, unless `variables` override the settings.
pub(crate) fn install(variables: &[(&str, &str)]) {
    install_with(variables, Nowhere { takes: None, gzip: None });
}

/// Installs thundra as [`install`] does, beside a registry with our layer.
pub(crate) fn install_on_registry() {
    let layer = thundra_core::layer_with(&config(&[]));
    tracing::subscriber::set_global_default(Registry::default().with(layer)).expect("nothing else sets one");
    install(&[]);
}

/// Installs thundra as [`install`] does, with an exporter that compresses its requests.
pub(crate) fn install_gzip() {
    install_with(&[], Nowhere { takes: None, gzip: Some(Gzip::new()) });
}

/// Installs thundra as [`install`] does, with an exporter of metrics.
pub(crate) fn install_metrics() {
    install_with(&[], Nowhere { takes: Some(Signal::Metrics), gzip: None });
}

/// Installs thundra as [`install`] does, with an exporter of log records.
pub(crate) fn install_logs(variables: &[(&str, &str)]) {
    let telemetry = Telemetry::builder().log_format(LogFormat::NONE);
    install_telemetry(telemetry, variables, Nowhere { takes: Some(Signal::Logs), gzip: None });
}

fn install_with(variables: &[(&str, &str)], exporter: Nowhere) {
    install_telemetry(Telemetry::builder(), variables, exporter);
}

fn install_telemetry(telemetry: TelemetryBuilder, variables: &[(&str, &str)], exporter: Nowhere) {
    thundra_core::install(telemetry.config(config(variables)).exporter(exporter));
}

fn config(variables: &[(&str, &str)]) -> Config {
    let defaults = [("RUST_LOG", "off"), ("THUNDRA_MAX_SPANS", "1000000")];
    Config::from_env(&Env::from_pairs(defaults.iter().chain(variables).copied()))
}

pub(crate) fn scope() -> Scope {
    Scope::builder("invocation").begin()
}

pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime without drivers asks the system for nothing")
}
