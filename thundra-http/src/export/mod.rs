//! Which exporters a program gets, and the one over HTTP.

mod bounded;
mod circuit;
mod otlp;
mod transport;

use std::sync::Arc;

use bounded::Bounded;
pub use otlp::{OtlpExporter, UnsupportedEndpoint};
use thundra_core::export::{ConsoleExporter, Export, StdoutExporter};
use thundra_core::{Config, ExporterKind, diagnostics};

use crate::hosts;

/// Where a program runs, which decides how its spans leave when nothing is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Host {
    /// AWS Lambda: standard output is the log.
    Lambda,
    /// Any other process.
    Process,
}

/// The exporters for a configuration.
///
/// Those of `OTEL_TRACES_EXPORTER`; when it is not set, `otlp` where an endpoint is configured, else
/// `stdout` in Lambda and `console` elsewhere.
pub fn exporters(config: &Config, host: Host) -> Vec<Box<dyn Export>> {
    // Said when a program starts, not at its first call.
    hosts::check(&config.propagate_hosts);
    let kinds = config.exporters.clone().unwrap_or_else(|| {
        vec![match host {
            _ if config.otlp.endpoint.is_some() => ExporterKind::Otlp,
            Host::Lambda => {
                diagnostics::once(
                    "stdout",
                    "spans go to standard output, one line per invocation, for the serverless-otlp-forwarder; \
                     OTEL_EXPORTER_OTLP_ENDPOINT sends them to a collector",
                );
                ExporterKind::Stdout
            }
            Host::Process => ExporterKind::Console,
        }]
    });
    kinds.into_iter().filter_map(|kind| exporter(kind, config, host)).collect()
}

fn exporter(kind: ExporterKind, config: &Config, host: Host) -> Option<Box<dyn Export>> {
    match kind {
        ExporterKind::Otlp => match OtlpExporter::new(&config.otlp) {
            Ok(exporter) if host == Host::Process => Some(Box::new(exporter.in_background())),
            Ok(exporter) => Some(Box::new(exporter)),
            Err(error) => {
                diagnostics::once("otlp", format_args!("spans are not exported: {error}"));
                None
            }
        },
        ExporterKind::Stdout => Some(Bounded::boxed(StdoutExporter::new(), config)),
        ExporterKind::Console => Some(Bounded::boxed(ConsoleExporter::new(), config)),
        _ => None,
    }
}

/// The headers of the configuration; one that is none is reported and left out.
fn headers(pairs: &[(String, String)]) -> Arc<http::HeaderMap> {
    let mut headers = http::HeaderMap::new();
    for (name, value) in pairs {
        match (http::HeaderName::try_from(name), http::HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
            _ => diagnostics::once(
                name,
                format_args!("OTEL_EXPORTER_OTLP_HEADERS: {name:?} is no header and is left out"),
            ),
        }
    }
    Arc::new(headers)
}
