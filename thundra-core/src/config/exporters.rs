//! The choice of exporters for each signal, and of signals for exceptions.

use super::list as v;
use super::reader::{Reader, is_word};
use super::{Config, ConfigProblem, Variable};
use crate::Signal;

/// `true` in a build that measures. Without the feature, the compiler drops the code behind each measurement.
pub(crate) const MEASURES: bool = cfg!(feature = "measurements");

/// `true` in a build with log lines and log records. Without the feature, the compiler drops the code behind both.
pub(crate) const LOGS: bool = cfg!(feature = "logs");

/// The names that OpenTelemetry [knows] without an exporter in these crates. A choice of only such names exports
/// nothing.
///
/// [knows]: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#exporter-selection
const ELSEWHERE: [&str; 4] = ["console", "logging", "prometheus", "otlp/stdout"];

/// An exporter of log records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogsExporter {
    /// `otlp`.
    Otlp,
}

/// An exporter of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricsExporter {
    /// `otlp`.
    Otlp,
    /// `emf`: documents in CloudWatch's embedded metric format, as log lines.
    Emf,
}

/// The [temporality] of metrics over OTLP: the period covered by the value of a sum or a histogram.
///
/// [temporality]: https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp/#additional-environment-variable-configuration
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemporalityPreference {
    /// `cumulative`: everything since the start of the process.
    #[default]
    Cumulative,
    /// `delta`: everything since the last export. Counters that go up and down are cumulative.
    Delta,
    /// `lowmemory`: delta for counters and histograms recorded by the program, cumulative for the rest.
    LowMemory,
}

/// The signal for exceptions, as in the [conventions].
///
/// [conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/exceptions/README.md
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExceptionSignal {
    /// Events of spans.
    #[default]
    Spans,
    /// `logs`: log records. Where log records have no exporter, events of spans.
    Logs,
    /// `logs/dup`: log records, and events of spans.
    Both,
}

impl ExceptionSignal {
    /// Returns `true` if exceptions are events of spans.
    #[inline]
    pub(crate) fn is_spans(self, logs_are_exported: bool) -> bool {
        self != ExceptionSignal::Logs || !logs_are_exported
    }

    /// Returns `true` if exceptions are log records.
    #[inline]
    pub(crate) fn is_logs(self, logs_are_exported: bool) -> bool {
        self != ExceptionSignal::Spans && logs_are_exported
    }
}

impl Config {
    /// Returns `true` if log records are exported over OTLP: as chosen, else where the signal has an endpoint.
    #[doc(hidden)]
    pub fn otlp_logs(&self) -> bool {
        LOGS && !self.disabled
            && match &self.logs_exporters {
                Some(exporters) => exporters.contains(&LogsExporter::Otlp),
                None => self.otlp.logs.endpoint.is_some(),
            }
    }

    /// Returns `true` if metrics are exported over OTLP: as chosen, else where the signal has an endpoint.
    #[doc(hidden)]
    pub fn otlp_metrics(&self) -> bool {
        MEASURES
            && !self.disabled
            && match &self.metrics_exporters {
                Some(exporters) => exporters.contains(&MetricsExporter::Otlp),
                None => self.otlp.metrics.endpoint.is_some(),
            }
    }

    /// Returns `true` if metrics are written in the embedded metric format. Only an explicit choice turns on the
    /// format, because each metric costs money.
    #[doc(hidden)]
    pub fn emf(&self) -> bool {
        MEASURES
            && !self.disabled
            && self.metrics_exporters.as_ref().is_some_and(|exporters| exporters.contains(&MetricsExporter::Emf))
    }

    /// Returns `true` unless the choice of exporters excludes a signal. An exporter set in code gets every signal the
    /// exporter [takes](crate::export::Export::takes), even without an endpoint.
    pub(crate) fn admits(&self, signal: Signal) -> bool {
        !self.disabled
            && match signal {
                Signal::Traces => true,
                Signal::Logs => LOGS && is_otlp(&self.logs_exporters, LogsExporter::Otlp),
                Signal::Metrics => MEASURES && is_otlp(&self.metrics_exporters, MetricsExporter::Otlp),
            }
    }
}

/// Returns `true` if OTLP is among the chosen exporters, or nothing is chosen.
fn is_otlp<T: PartialEq>(chosen: &Option<Vec<T>>, otlp: T) -> bool {
    chosen.as_ref().is_none_or(|exporters| exporters.contains(&otlp))
}

/// Reads the exporters of spans: each once, by the name in lower case.
pub(super) fn of_traces(reader: &mut Reader<'_>) -> Option<Vec<String>> {
    let mut exporters: Vec<String> = Vec::new();
    let names = reader.list(&v::EXPORTER)?.into_iter().map(|name| name.to_ascii_lowercase());
    for name in names.filter(|name| name != "none") {
        if !exporters.contains(&name) {
            exporters.push(name);
        }
    }
    Some(exporters)
}

/// Reads the exporters of log records.
pub(super) fn of_logs(reader: &mut Reader<'_>) -> Option<Vec<LogsExporter>> {
    named(reader, &v::LOGS_EXPORTER, &[("otlp", LogsExporter::Otlp)])
}

/// Reads the exporters of metrics.
pub(super) fn of_metrics(reader: &mut Reader<'_>) -> Option<Vec<MetricsExporter>> {
    named(reader, &v::METRICS_EXPORTER, &[("otlp", MetricsExporter::Otlp), ("emf", MetricsExporter::Emf)])
}

/// Reads the temporality of metrics.
pub(super) fn temporality(reader: &mut Reader<'_>) -> Option<TemporalityPreference> {
    use TemporalityPreference::{Cumulative, Delta, LowMemory};
    reader
        .one_of(&v::OTLP_METRICS_TEMPORALITY, &[("cumulative", Cumulative), ("delta", Delta), ("lowmemory", LowMemory)])
}

/// Reads the signal for exceptions.
pub(super) fn exceptions(reader: &mut Reader<'_>) -> Option<ExceptionSignal> {
    reader.one_of(&v::EXCEPTION_SIGNAL, &[("logs", ExceptionSignal::Logs), ("logs/dup", ExceptionSignal::Both)])
}

/// Reads a list of exporters, each once. All unknown names are a single problem. `None` without a choice.
fn named<T: Copy + PartialEq>(reader: &mut Reader<'_>, variable: &Variable, known: &[(&str, T)]) -> Option<Vec<T>> {
    let (mut exporters, mut others, mut is_chosen) = (Vec::new(), Vec::new(), false);
    for name in reader.list(variable)? {
        let is_name = |word: &str| is_word(&name, word);
        let exporter = known.iter().find(|(word, _)| is_name(word)).map(|(_, exporter)| *exporter);
        is_chosen |= exporter.is_some() || is_name("none") || ELSEWHERE.into_iter().any(is_name);
        match exporter {
            Some(exporter) if !exporters.contains(&exporter) => exporters.push(exporter),
            None if !is_name("none") => others.push(name),
            _ => {}
        }
    }
    if !others.is_empty() {
        reader.problem(ConfigProblem::not_accepted(variable.name, &others.join(","), variable.form));
    }
    is_chosen.then_some(exporters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Env;

    const ALL: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318");
    const TRACES: (&str, &str) = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector:4318");
    const LOGS: (&str, &str) = ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://collector:4318");
    const METRICS: (&str, &str) = ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://collector:4318");

    fn logs(names: &'static str) -> (&'static str, &'static str) {
        ("OTEL_LOGS_EXPORTER", names)
    }

    fn metrics(names: &'static str) -> (&'static str, &'static str) {
        ("OTEL_METRICS_EXPORTER", names)
    }

    #[test]
    fn logs_and_metrics_go_where_they_have_an_endpoint_or_where_they_are_sent() {
        let disabled = ("OTEL_SDK_DISABLED", "true");
        for (variables, (is_logs, is_metrics, is_emf), problems, why) in [
            (&[][..], (false, false, false), 0, "no endpoint"),
            (&[ALL], (true, true, false), 0, "the endpoint of all signals"),
            (&[TRACES], (false, false, false), 0, "the endpoint of spans alone"),
            (&[TRACES, LOGS], (true, false, false), 0, "an endpoint of their own"),
            (&[METRICS], (false, true, false), 0, "an endpoint of their own"),
            (&[ALL, logs("none"), metrics("NONE")], (false, false, false), 0, "none"),
            (&[logs("OTLP"), metrics("otlp")], (true, true, false), 0, "the default endpoint"),
            (&[ALL, metrics("emf")], (true, false, true), 0, "EMF in place of OTLP"),
            (&[metrics("emf, otlp,emf")], (false, true, true), 0, "both"),
            (&[metrics("none,emf")], (false, false, true), 0, "a name beside none"),
            (&[ALL, logs("console"), metrics("prometheus")], (false, false, false), 2, "exporters of other SDKs"),
            (&[ALL, logs("console,otlp")], (true, true, false), 1, "one of two is known"),
            (&[ALL, logs("kafka"), metrics("otel")], (true, true, false), 2, "no such exporter: the default"),
            (&[ALL, logs(","), metrics(" ")], (true, true, false), 1, "empty is unset"),
            (&[ALL, metrics("emf"), disabled], (false, false, false), 0, "disabled"),
        ] {
            let (config, found) = Config::read(&Env::from_pairs(variables.iter().copied()));
            let chosen = (config.otlp_logs(), config.otlp_metrics(), config.emf());
            assert_eq!((chosen, found.len()), ((is_logs, is_metrics, is_emf), problems), "{why}: {found:?}");
        }
    }

    #[test]
    fn an_exporter_in_code_takes_what_no_choice_excludes() {
        for (variables, signals) in [
            (&[][..], [true, true, true]),
            (&[logs("none"), metrics("emf")], [true, false, false]),
            (&[logs("otlp"), metrics("emf,otlp")], [true, true, true]),
            (&[("OTEL_SDK_DISABLED", "true")], [false, false, false]),
        ] {
            let (config, _) = Config::read(&Env::from_pairs(variables.iter().copied()));
            assert_eq!(Signal::ALL.map(|signal| config.admits(signal)), signals, "{variables:?}");
        }
    }

    #[test]
    fn all_unknown_exporters_of_a_signal_are_one_problem() {
        let (_, problems) = Config::read(&Env::from_pairs([metrics("prometheus,otlp,statsd")]));
        let line = "OTEL_METRICS_EXPORTER=\"prometheus,statsd\" is not used: it takes a list of otlp, emf; or none";
        assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [line]);
    }

    #[test]
    fn a_temporality_is_a_word_in_any_case() {
        use TemporalityPreference::{Cumulative, Delta, LowMemory};
        for (word, temporality) in [
            ("cumulative", Some(Cumulative)),
            ("DELTA", Some(Delta)),
            ("LowMemory", Some(LowMemory)),
            ("", None),
            ("low-memory", None),
        ] {
            let variable = ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", word);
            assert_eq!(Config::read(&Env::from_pairs([variable])).0.metrics_temporality, temporality, "{word}");
        }
    }
}
