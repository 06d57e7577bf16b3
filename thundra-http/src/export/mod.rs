//! Which exporters a program gets, and the one over HTTP.

mod bounded;
mod circuit;
mod endpoint;
mod otlp;
mod transport;

use std::sync::Arc;

use bounded::Bounded;
pub use endpoint::UnsupportedEndpoint;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
pub use otlp::OtlpExporter;
use thundra_core::export::{ConsoleExporter, Export, StdoutExporter};
use thundra_core::{Config, ExporterKind, Telemetry, diagnostics, install_with};

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

/// The crate whose features the dependents of this one turn on.
pub(crate) const PACKAGE: &str = env!("CARGO_PKG_NAME");

/// Installs telemetry, with the exporters of the configuration where it has none of its own. Returns `true` if this was
/// the first call, and no other has installed anything.
///
/// A message that asks for a feature names `package`, the crate that the program depends on.
#[doc(hidden)]
pub fn install(package: &'static str, host: Host, telemetry: Telemetry) -> bool {
    let is_first = install_with(telemetry, |config| exporters_for(package, config, host));
    if is_first {
        // Reported when a program starts, not at its first call.
        hosts::check(&thundra_core::config().propagate_hosts);
    }
    is_first
}

/// Returns the exporters for a configuration.
///
/// Those of `OTEL_TRACES_EXPORTER`; when it is not set, `otlp` where an endpoint is configured, else
/// `stdout` in Lambda and `console` elsewhere. None with `OTEL_SDK_DISABLED`.
pub fn exporters(config: &Config, host: Host) -> Vec<Box<dyn Export>> {
    exporters_for(PACKAGE, config, host)
}

fn exporters_for(package: &'static str, config: &Config, host: Host) -> Vec<Box<dyn Export>> {
    if config.disabled {
        return Vec::new();
    }
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
    kinds.into_iter().filter_map(|kind| exporter(kind, config, host, package)).collect()
}

fn exporter(kind: ExporterKind, config: &Config, host: Host, package: &str) -> Option<Box<dyn Export>> {
    match kind {
        ExporterKind::Otlp => match OtlpExporter::new(&config.otlp) {
            Ok(exporter) if host == Host::Process => Some(Box::new(exporter.in_background())),
            Ok(exporter) => Some(Box::new(exporter)),
            Err(error) => {
                diagnostics::once("otlp", format_args!("spans are not exported: {}", reason(error, package)));
                None
            }
        },
        ExporterKind::Stdout => Some(Bounded::boxed(StdoutExporter::new(), config)),
        ExporterKind::Console => Some(Bounded::boxed(ConsoleExporter::new(), config)),
        _ => None,
    }
}

/// Returns the reason why there is no exporter, for a program that depends on `package`: its feature `https` is ours.
fn reason(error: UnsupportedEndpoint, package: &str) -> String {
    match error {
        UnsupportedEndpoint::NoTls => {
            format!(
                "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, or else OTEL_EXPORTER_OTLP_ENDPOINT, is https, which takes the \
                 feature `https` of {package}"
            )
        }
        UnsupportedEndpoint::Malformed => error.to_string(),
    }
}

/// The headers of the configuration, which win over the endpoint's `authorization`; one that is none is reported and left
/// out.
fn headers(pairs: &[(String, String)], authorization: Option<HeaderValue>) -> Arc<HeaderMap> {
    let mut headers: HeaderMap = authorization.map(|value| (AUTHORIZATION, value)).into_iter().collect();
    for (name, value) in pairs {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
            (Ok(name), Err(_)) => diagnostics::once(
                &format!("otlp header {name}"),
                format_args!("the OTLP header {name} is left out: its value cannot be that of a header"),
            ),
            // It may be a credential in the wrong place.
            (Err(_), _) => {
                diagnostics::once("otlp.header", "an OTLP header is left out: its name cannot be that of a header")
            }
        }
    }
    Arc::new(headers)
}

#[cfg(test)]
mod tests {
    use thundra_core::Env;

    use super::*;

    #[test]
    fn configured_headers_win_over_the_endpoint_and_what_is_none_is_left_out() {
        let from_endpoint = || Some(HeaderValue::from_static("Basic dTpw"));
        let own = [("Authorization", "Bearer own"), ("a b", "1"), ("x", "\n"), ("y", "1")];
        let pairs = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let configured = headers(&pairs, from_endpoint());
        assert_eq!(
            (configured.len(), &configured["authorization"], &configured["y"]),
            (2, &"Bearer own".parse().unwrap(), &"1".parse().unwrap())
        );
        assert_eq!(headers(&[], from_endpoint())["authorization"], "Basic dTpw");
        assert_eq!(format!("{configured:?}"), r#"{"authorization": Sensitive, "y": Sensitive}"#);
    }

    #[test]
    fn a_missing_feature_is_that_of_the_crate_that_the_program_depends_on() {
        for package in [PACKAGE, "thundra-aws"] {
            let reason = reason(UnsupportedEndpoint::NoTls, package);
            assert!(reason.ends_with(&format!("the feature `https` of {package}")), "{reason}");
        }
    }

    #[test]
    fn a_disabled_program_has_no_exporters() {
        let variables = [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "otlp,console")];
        for (variables, count) in [(&variables[..], 0), (&variables[1..], 2)] {
            let config = Config::from_env(&Env::from_pairs(variables.iter().copied()));
            assert_eq!(exporters(&config, Host::Process).len(), count);
        }
    }
}
