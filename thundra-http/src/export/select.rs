//! The exporters of a program: the configured ones, or the default of the platform.
//!
//! A new exporter of spans takes a row of [`EXPORTERS`]. The row of `OTEL_TRACES_EXPORTER` in the list of
//! `thundra-core` names the exporters as well, and a test compares the two. A single exporter sends all signals over
//! OTLP.

use std::sync::atomic::{AtomicBool, Ordering};

use thundra_core::export::{ConsoleExporter, Export, StdoutExporter};
use thundra_core::{Config, ConfigProblem, Signal, Telemetry, diagnostics, install_with};

use super::abort::{TakeRunning, export_at_panic, take_none};
use super::authorize::{Authorizer, report_references};
use super::bounded::Bounded;
use super::{OtlpExporter, XRayExporter};
use crate::{Settings, tokio_runtime};

/// The place where a program runs. The default exporter depends on the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Platform {
    /// AWS Lambda: standard output is the log.
    Lambda,
    /// AWS Lambda on managed instances. A background thread exports, because managed instances never freeze.
    ManagedInstance,
    /// Any other process.
    Process,
}

/// The crate in the program's dependencies: `thundra-http`, or a crate with a dependency on `thundra-http`.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Dependent {
    /// The name of the crate, for messages about features.
    pub package: &'static str,
    /// The sources of credentials for requests, in order.
    pub authorizers: &'static [Authorizer],
    /// The running scopes known by the crate, for the export at a panic that ends the process.
    pub take_running: TakeRunning,
}

/// This crate.
pub(crate) const THIS: Dependent =
    Dependent { package: env!("CARGO_PKG_NAME"), authorizers: &[report_references], take_running: take_none };

const VARIABLE: &str = "OTEL_TRACES_EXPORTER";

/// An exporter with a name for [`VARIABLE`].
struct Exporter {
    name: &'static str,
    /// Makes the exporter. Returns `None`, and reports the reason, where the configuration does not permit the
    /// exporter.
    make: fn(&Program<'_>) -> Option<Box<dyn Export>>,
}

static EXPORTERS: [Exporter; 4] = [
    Exporter { name: "otlp", make: |program| program.otlp(true) },
    Exporter {
        name: "xray",
        make: |program| match cfg!(feature = "xray") {
            true => Some(Box::new(XRayExporter::new(program.settings().xray_daemon))),
            false => program.not_built("xray"),
        },
    },
    Exporter {
        name: "stdout",
        make: |program| match WRITES_LINES {
            true => Some(Bounded::boxed(Box::new(StdoutExporter::new()), program.config)),
            false => program.not_built("stdout"),
        },
    },
    Exporter {
        name: "console",
        make: |program| match cfg!(feature = "console") {
            true => Some(Bounded::boxed(Box::new(ConsoleExporter::new()), program.config)),
            false => program.not_built("console"),
        },
    },
];

/// `true` in a build with the exporter to standard output.
const WRITES_LINES: bool = cfg!(feature = "stdout");

/// The exporting program.
struct Program<'a> {
    config: &'a Config,
    platform: Platform,
    dependent: Dependent,
}

/// Whether spans go to the console because the program and its environment named nothing else.
static CONSOLE_BY_DEFAULT: AtomicBool = AtomicBool::new(false);

/// Returns `true` if spans go to the console because the program and its environment named nothing else. An endpoint
/// takes them in its place.
#[doc(hidden)]
pub fn is_console_by_default() -> bool {
    CONSOLE_BY_DEFAULT.load(Ordering::Relaxed)
}

/// Installs telemetry, with the exporters of the configuration where `telemetry` has no exporters. Returns `true` for
/// the first call, if nothing was installed before.
///
/// Messages about a missing feature name the crate in the program's dependencies.
#[doc(hidden)]
pub fn install(dependent: Dependent, platform: Platform, telemetry: Telemetry) -> bool {
    let telemetry = telemetry.section::<Settings>().bounded(Bounded::boxed);
    let is_first = install_with(telemetry, |config| Program { config, platform, dependent }.exporters());
    tokio_runtime::note();
    if is_first {
        export_at_panic(thundra_core::config(), dependent.take_running);
    }
    is_first
}

/// Returns the exporters in `OTEL_TRACES_EXPORTER`. Where the variable is not set, or names no known exporter, returns
/// `otlp` if an endpoint is configured, else `stdout` in Lambda and `console` elsewhere. Log records and metrics over
/// OTLP have an exporter even where spans go elsewhere.
///
/// Returns no exporters with `OTEL_SDK_DISABLED`.
#[doc(hidden)]
pub fn exporters(config: &Config, platform: Platform) -> Vec<Box<dyn Export>> {
    Program { config, platform, dependent: THIS }.exporters()
}

impl Program<'_> {
    /// Returns the settings of this crate.
    fn settings(&self) -> Settings {
        self.config.section().cloned().unwrap_or_else(|| Settings::from_env(self.config.env()))
    }

    fn exporters(&self) -> Vec<Box<dyn Export>> {
        if self.config.disabled {
            return Vec::new();
        }
        let chosen = self.chosen();
        let has_otlp = chosen.iter().any(|exporter| exporter.name == "otlp");
        let beside = if has_otlp { None } else { self.otlp(false) };
        chosen.into_iter().filter_map(|exporter| (exporter.make)(self)).chain(beside).collect()
    }

    fn chosen(&self) -> Vec<&'static Exporter> {
        let names = match self.config.exporters.as_deref() {
            Some([]) => return Vec::new(),
            names => names.unwrap_or_default(),
        };
        let known: Vec<_> = names.iter().filter_map(|name| exporter(name)).collect();
        if known.is_empty() { exporter(self.default_name()).into_iter().collect() } else { known }
    }

    fn default_name(&self) -> &'static str {
        match self.platform {
            _ if self.config.otlp.traces.endpoint.is_some() => "otlp",
            Platform::Lambda | Platform::ManagedInstance => {
                if WRITES_LINES {
                    diagnostics::once(
                        "stdout",
                        "spans go to standard output, one line per invocation, for the serverless-otlp-forwarder; \
                         OTEL_EXPORTER_OTLP_ENDPOINT sends them to a collector",
                    );
                }
                "stdout"
            }
            Platform::Process => {
                CONSOLE_BY_DEFAULT.store(true, Ordering::Relaxed);
                "console"
            }
        }
    }

    /// Reports an exporter without the feature of its name.
    fn not_built(&self, name: &str) -> Option<Box<dyn Export>> {
        let package = self.dependent.package;
        let by_default = if self.config.exporters.is_none() { " (the default without an endpoint)" } else { "" };
        diagnostics::once(
            &format!("{name}.feature"),
            format_args!("{VARIABLE}={name}{by_default} takes the feature `{name}` of {package}, so no spans go there"),
        );
        None
    }

    /// Makes the exporter over HTTP of log records and metrics, and of spans too with `traces`. A signal with an
    /// unusable endpoint is reported, and is not exported.
    fn otlp(&self, traces: bool) -> Option<Box<dyn Export>> {
        let config = self.config;
        let mut signals = vec![
            (Signal::Traces, traces),
            (Signal::Logs, config.otlp_logs()),
            (Signal::Metrics, config.otlp_metrics()),
        ];
        signals.retain(|(_, is_sent)| *is_sent);
        while !signals.is_empty() {
            let sent = signals.iter().map(|(signal, _)| *signal);
            match OtlpExporter::authorized(&config.otlp, sent, self.dependent.authorizers) {
                Ok(exporter) => return Some(self.placed(exporter)),
                Err(error) => {
                    let unusable = error.signal();
                    diagnostics::once(
                        &format!("otlp.{unusable}"),
                        format_args!(
                            "{} are not exported: {}",
                            unusable.records(),
                            error.reason(self.dependent.package)
                        ),
                    );
                    signals.retain(|(signal, _)| *signal != unusable);
                }
            }
        }
        None
    }

    /// Returns the exporter for the exporting thread of the platform.
    fn placed(&self, exporter: OtlpExporter) -> Box<dyn Export> {
        match self.platform {
            Platform::Process | Platform::ManagedInstance => Box::new(exporter.in_background()),
            _ => Box::new(exporter),
        }
    }
}

/// Returns the exporter with a name, and reports an unknown name.
fn exporter(name: &str) -> Option<&'static Exporter> {
    let found = EXPORTERS.iter().find(|exporter| exporter.name.eq_ignore_ascii_case(name));
    if found.is_none() {
        thundra_core::config::report(&[ConfigProblem::not_accepted(VARIABLE, name, form())]);
    }
    found
}

/// Returns the form of a list of exporters.
fn form() -> String {
    format!("a list of {}; or none", EXPORTERS.each_ref().map(|exporter| exporter.name).join(", "))
}

#[cfg(test)]
mod tests {
    use thundra_core::Env;

    use super::*;
    use crate::export::UnsupportedEndpoint;

    fn config(variables: &[(&str, &str)]) -> Config {
        Config::from_env(&Env::from_pairs(variables.iter().copied()))
    }

    #[test]
    fn a_missing_feature_is_that_of_the_crate_that_the_program_depends_on() {
        for package in [THIS.package, "thundra-aws"] {
            let reason = UnsupportedEndpoint::NoTls { signal: Signal::Traces }.reason(package);
            assert!(reason.ends_with(&format!("the feature `https` of {package}")), "{reason}");
        }
    }

    #[test]
    fn the_variable_names_every_exporter() {
        let variable = thundra_core::VARIABLES.iter().find(|variable| variable.name == VARIABLE).unwrap();
        assert_eq!(variable.form, form());
    }

    #[test]
    fn a_disabled_program_has_no_exporters() {
        let variables = [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "otlp,console")];
        for (variables, count) in [(&variables[..], 0), (&variables[1..], 2)] {
            assert_eq!(exporters(&config(variables), Platform::Process).len(), count);
        }
    }

    #[test]
    fn exporters_are_those_that_are_named_or_the_default_of_the_platform() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        let named = |names| ("OTEL_TRACES_EXPORTER", names);
        use Platform::{Lambda, ManagedInstance, Process};
        for (variables, platform, expected, why) in [
            (&[][..], Lambda, &["stdout"][..], "the log of Lambda"),
            (&[], ManagedInstance, &["stdout"], "the log of Lambda"),
            (&[], Process, &["console"], "for people"),
            (&[endpoint], Lambda, &["otlp"], "an endpoint"),
            (&[endpoint], Process, &["otlp"], "an endpoint"),
            (&[endpoint, named("console, OTLP")], Process, &["console", "otlp"], "a list, in any case"),
            (&[named("none")], Process, &[], "none"),
            (&[endpoint, named("xray")], Lambda, &["xray"], "X-Ray, which is no default"),
            (&[named("zipkin,stdout")], Process, &["stdout"], "the name that is known"),
            (&[endpoint, named("zipkin")], Process, &["otlp"], "no name is known"),
        ] {
            let config = config(variables);
            let chosen = Program { config: &config, platform, dependent: THIS }.chosen();
            assert_eq!(chosen.iter().map(|exporter| exporter.name).collect::<Vec<_>>(), expected, "{why}");
        }
    }

    #[test]
    fn names_that_code_sets_are_read_in_any_case() {
        let mut config = config(&[]);
        config.exporters = Some(vec!["STDOUT".to_owned()]);
        let chosen = Program { config: &config, platform: Platform::Process, dependent: THIS }.chosen();
        assert_eq!(chosen.iter().map(|exporter| exporter.name).collect::<Vec<_>>(), ["stdout"]);
    }

    /// Returns the signals of each exporter.
    fn taken(variables: &[(&str, &str)]) -> Vec<Vec<Signal>> {
        let exporters = exporters(&config(variables), Platform::Lambda);
        let taken = |exporter: &dyn Export| Signal::ALL.into_iter().filter(|signal| exporter.takes(*signal)).collect();
        exporters.iter().map(|exporter| taken(exporter.as_ref())).collect()
    }

    #[test]
    fn one_exporter_sends_the_signals_that_go_over_otlp() {
        use Signal::{Logs, Metrics, Traces};
        let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318");
        let traces = |names| ("OTEL_TRACES_EXPORTER", names);
        let logs = |names| ("OTEL_LOGS_EXPORTER", names);
        let metrics = |names| ("OTEL_METRICS_EXPORTER", names);
        for (variables, expected, why) in [
            (&[all][..], &[&[Traces, Logs, Metrics][..]][..], "an endpoint of all signals"),
            (&[own], &[&[Traces]], "an endpoint of spans"),
            (&[own, logs("otlp")], &[&[Traces, Logs]], "log records to the default endpoint"),
            (&[all, logs("none"), metrics("emf")], &[&[Traces]], "log records and metrics go elsewhere"),
            (&[all, traces("none")], &[&[Logs, Metrics]], "spans are not exported"),
            (&[all, traces("stdout"), metrics("none")], &[&[Traces], &[Logs]], "spans on standard output"),
            (&[all, traces("xray,otlp")], &[&[Traces], &[Traces, Logs, Metrics]], "spans to both"),
            (&[all, traces("console,xray")], &[&[Traces], &[Traces], &[Logs, Metrics]], "spans elsewhere"),
            (&[logs("otlp")], &[&[Traces], &[Logs]], "spans by default on standard output"),
            (&[all, traces("none"), logs("none"), metrics("none")], &[], "nothing"),
        ] {
            assert_eq!(taken(variables), expected, "{why}");
        }
    }

    #[test]
    fn an_endpoint_that_cannot_be_used_costs_its_own_signal() {
        use Signal::{Logs, Metrics, Traces};
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
        for (variable, signals) in [
            ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", [Traces, Logs]),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", [Traces, Metrics]),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", [Logs, Metrics]),
        ] {
            assert_eq!(taken(&[base, (variable, "http://c:99999/")]), [signals], "{variable}");
        }
        assert!(taken(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:99999/")]).is_empty());
    }
}
