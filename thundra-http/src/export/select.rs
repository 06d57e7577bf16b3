//! The exporters of a program: those of its configuration, or the default of its platform.

use thundra_core::export::{ConsoleExporter, Export, StdoutExporter};
use thundra_core::{Config, ConfigProblem, Telemetry, diagnostics, install_with};

use super::bounded::Bounded;
use super::{OtlpExporter, UnsupportedEndpoint};
use crate::Settings;

/// The place where a program runs. It decides how spans leave the program when nothing is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Platform {
    /// AWS Lambda: standard output is the log.
    Lambda,
    /// Any other process.
    Process,
}

/// The crate whose features the dependents of this one turn on.
pub(crate) const PACKAGE: &str = env!("CARGO_PKG_NAME");

/// Installs telemetry, with the exporters of the configuration where it has none of its own. Returns `true` if this was
/// the first call, and nothing had been installed before.
///
/// A message that asks for a feature names `package`, the crate that the program depends on.
#[doc(hidden)]
pub fn install(package: &'static str, platform: Platform, telemetry: Telemetry) -> bool {
    install_with(telemetry.section::<Settings>(), |config| exporters_for(package, config, platform))
}

/// Returns the exporters for a configuration.
///
/// Those of `OTEL_TRACES_EXPORTER`; when it is not set, `otlp` where an endpoint is configured, else
/// `stdout` in Lambda and `console` elsewhere. None with `OTEL_SDK_DISABLED`.
pub fn exporters(config: &Config, platform: Platform) -> Vec<Box<dyn Export>> {
    exporters_for(PACKAGE, config, platform)
}

fn exporters_for(package: &'static str, config: &Config, platform: Platform) -> Vec<Box<dyn Export>> {
    if config.disabled {
        return Vec::new();
    }
    let names = config.exporters.clone().unwrap_or_else(|| {
        let name = match platform {
            _ if config.otlp.traces.endpoint.is_some() => "otlp",
            Platform::Lambda => {
                diagnostics::once(
                    "stdout",
                    "spans go to standard output, one line per invocation, for the serverless-otlp-forwarder; \
                     OTEL_EXPORTER_OTLP_ENDPOINT sends them to a collector",
                );
                "stdout"
            }
            Platform::Process => "console",
        };
        vec![name.to_owned()]
    });
    names.iter().filter_map(|name| exporter(name, config, platform, package)).collect()
}

fn exporter(name: &str, config: &Config, platform: Platform, package: &str) -> Option<Box<dyn Export>> {
    match name {
        "otlp" => match OtlpExporter::new(&config.otlp.traces) {
            Ok(exporter) if platform == Platform::Process => Some(Box::new(exporter.in_background())),
            Ok(exporter) => Some(Box::new(exporter)),
            Err(error) => {
                diagnostics::once("otlp", format_args!("spans are not exported: {}", reason(error, package)));
                None
            }
        },
        "stdout" => Some(Bounded::boxed(StdoutExporter::new(), config)),
        "console" => Some(Bounded::boxed(ConsoleExporter::new(), config)),
        name => {
            let accepted = "a list of otlp, stdout, console; or none";
            let problem = ConfigProblem::not_accepted("OTEL_TRACES_EXPORTER", name, accepted);
            thundra_core::config::report(&[problem]);
            None
        }
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

#[cfg(test)]
mod tests {
    use thundra_core::Env;

    use super::*;

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
            assert_eq!(exporters(&config, Platform::Process).len(), count);
        }
    }
}
