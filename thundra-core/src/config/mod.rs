//! The configuration: the environment read into plain data, once.
//!
//! [`Config`] holds the settings of this crate. Every dependent crate has a [`Section`] of its own, read by the same
//! [`Reader`] from the same environment. The precedence is code, `THUNDRA_*`, `OTEL_*`, default. Reading never fails:
//! an invalid value becomes a [`ConfigProblem`], and the default applies.

mod document;
mod duration;
mod exporters;
mod keep;
mod levels;
mod limits;
mod list;
mod log_buffer;
mod log_format;
mod metrics;
mod otlp;
mod problem;
pub(crate) mod process;
mod proxies;
mod reader;
mod revised;
mod sampling;
mod section;
mod size;
mod unknown;
mod variable;

pub use document::{Document, InvalidDocument};
pub use duration::duration;
pub use exporters::{ExceptionSignal, LogsExporter, MetricsExporter, TemporalityPreference};
pub(crate) use exporters::{LOGS, MEASURES};
pub use keep::Keep;
pub use levels::{InvalidLevels, Levels};
pub use limits::Limits;
pub use list::VARIABLES;
pub use log_buffer::LogBuffer;
pub(crate) use log_format::Layout;
pub use log_format::LogFormat;
pub use metrics::HistogramAggregation;
pub use otlp::{OtlpCompression, OtlpConfig, OtlpProtocol, OtlpSignals};
pub use problem::ConfigProblem;
pub use process::{config, settings};
pub use proxies::Proxies;
pub use reader::{Reader, is_token};
pub use section::{Section, Sections, read_section};
pub use variable::Variable;
#[cfg(feature = "testing")]
pub use variable::table;

use std::time::Duration;

use self::list as v;
use crate::carrier::Propagators;
use crate::percent::percent_decode;
use crate::redact::mask::MaskKeys;
use crate::{Env, Resource, Sampler, diagnostics};

/// OpenTelemetry's variable for the path of a configuration file.
const CONFIG_FILE: &str = "OTEL_CONFIG_FILE";

/// The configuration of local spans, propagation and export.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env};
///
/// let mut config = Config::from_env(&Env::from_pairs([("OTEL_SERVICE_NAME", "billing")]));
/// config.spans = "info,billing=debug".parse()?;
/// assert_eq!(config.resource.service_name(), "billing");
/// # Ok::<(), thundra_core::InvalidLevels>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// `true` if nothing is recorded (`OTEL_SDK_DISABLED`); ids still travel.
    pub disabled: bool,
    /// The attributes of the program, exported with every batch.
    pub resource: Resource,
    /// The context formats to read and to write.
    pub propagators: Propagators,
    /// The head sampler.
    pub sampler: Sampler,
    /// The reasons to export scopes not sampled by the head sampler; `None`, the default, to export none.
    pub keep: Option<Keep>,
    /// The names of the exporters of spans, in lower case; empty to export no spans. With `None`, the default, the
    /// endpoint and the platform decide.
    pub exporters: Option<Vec<String>>,
    /// The exporters of log records; empty to export none. With `None`, the default, log records are exported over OTLP
    /// where an endpoint is set.
    pub logs_exporters: Option<Vec<LogsExporter>>,
    /// The exporters of metrics; empty to export none. With `None`, the default, metrics are exported over OTLP where
    /// an endpoint is set.
    pub metrics_exporters: Option<Vec<MetricsExporter>>,
    /// The temporality of metrics over OTLP. With `None`, the default, the platform decides: delta in Lambda,
    /// cumulative elsewhere.
    pub metrics_temporality: Option<TemporalityPreference>,
    /// The time between two exports of metrics in a program that exports in the background. Defaults to a minute. In
    /// Lambda each invocation exports.
    pub metric_export_interval: Duration,
    /// The buckets of histograms over OTLP.
    pub histogram_aggregation: HistogramAggregation,
    /// The signal for exceptions. Defaults to events of spans.
    pub exceptions: ExceptionSignal,
    /// OTLP settings of each signal.
    pub otlp: OtlpSignals,
    /// The limits of a span and of an invocation.
    pub limits: Limits,
    /// The levels of recorded spans. Defaults to `INFO` and above.
    pub spans: Levels,
    /// The most bytes of lost records that a flush writes to standard output, as lines of the
    /// [`StdoutExporter`](crate::export::StdoutExporter). With 0, the default, all lost records are counted instead.
    /// See [Losses](crate#losses).
    pub spill: u64,
    /// The keys with masked values, besides the built-in list.
    pub mask_keys: MaskKeys,
    /// `true` if the public edge is trusted like a queue (`THUNDRA_TRUST=all`).
    pub trust_all: bool,
    /// The form of log lines. With `None`, the default, the platform decides, see [`LogFormat`].
    pub log_format: Option<LogFormat>,
    /// The levels of written log events. With `None`, the default, the platform decides; without a platform's own
    /// level, `INFO` and above are written.
    pub log: Option<Levels>,
    /// The ratio of new chains of calls with debug logs, from 0, the default, to 1. See
    /// [Debug logs](crate#debug-logs).
    pub debug_sample_rate: f64,
    /// The buffer of the log lines kept until a scope fails; `None`, the default, to keep none. See
    /// [Kept log lines](crate#kept-log-lines).
    pub log_buffer: Option<LogBuffer>,
    /// The version of the document with settings in force, if any.
    pub(crate) version: Option<i64>,
    origin: Origin,
}

/// The environment of a configuration, and the sections of dependent crates.
#[derive(Clone)]
struct Origin {
    env: Env,
    sections: Sections,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.sections.fmt(f)
    }
}

impl Config {
    /// Reads the configuration, and reports each invalid value on standard error.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Config, Env};
    /// use tracing::Level;
    ///
    /// let config = Config::from_env(&Env::from_pairs([("THUNDRA_SPANS", "orders=debug")]));
    /// assert!(config.spans.enables("orders::db", Level::DEBUG));
    /// assert!(!config.spans.enables("hyper", Level::DEBUG));
    /// ```
    pub fn from_env(env: &Env) -> Self {
        let (config, problems) = Self::read(env);
        report(&problems);
        config
    }

    /// Reads the configuration as [`from_env`](Self::from_env) does, without unknown variables.
    /// [`complete`](Self::complete) reports unknown variables.
    pub(crate) fn from_env_before_completion(env: &Env) -> Self {
        let mut reader = Reader::new(env);
        let config = Self::read_from(&mut reader);
        report(&reader.finish());
        config
    }

    /// Reads the configuration, and returns a problem for each invalid value and each unknown `THUNDRA_*` variable.
    ///
    /// In a program with `thundra-http` or `thundra-aws`, only mistyped names of variables of `thundra-core` count as
    /// unknown.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Config, Env, Sampler};
    ///
    /// let (config, problems) = Config::read(&Env::from_pairs([("OTEL_TRACES_SAMPLER", "sometimes")]));
    /// assert_eq!(config.sampler, Sampler::default());
    /// assert!(problems[0].to_string().starts_with("OTEL_TRACES_SAMPLER=\"sometimes\" is not used"));
    /// ```
    pub fn read(env: &Env) -> (Self, Vec<ConfigProblem>) {
        let mut reader = Reader::new(env);
        let config = Self::read_from(&mut reader);
        let mut problems = reader.finish();
        problems.extend(unknown::problems(env, &[VARIABLES], config.origin.sections.are_all()));
        (config, problems)
    }

    fn read_from(reader: &mut Reader<'_>) -> Self {
        let env = reader.env();
        if env.get(CONFIG_FILE).is_some() {
            let instead = "configuration files are not supported, and the variables of the environment serve";
            reader.problem(ConfigProblem::not_read(CONFIG_FILE, instead));
        }
        let attributes = reader.pairs(&v::RESOURCE_ATTRIBUTES, percent_decode, |_| true).unwrap_or_default();
        Config {
            disabled: reader.one_of(&v::SDK_DISABLED, &[("true", true), ("false", false)]).unwrap_or(false),
            resource: Resource::of_program(attributes, reader.text(&v::SERVICE_NAME)),
            propagators: sampling::propagators(reader),
            sampler: sampling::sampler(reader),
            keep: Keep::read(reader),
            exporters: exporters::of_traces(reader),
            logs_exporters: exporters::of_logs(reader),
            metrics_exporters: exporters::of_metrics(reader),
            metrics_temporality: exporters::temporality(reader),
            metric_export_interval: metrics::export_interval(reader),
            histogram_aggregation: metrics::histogram_aggregation(reader),
            exceptions: exporters::exceptions(reader).unwrap_or_default(),
            otlp: OtlpSignals::read(reader),
            limits: Limits::read(reader),
            spans: reader.levels(&v::SPANS).unwrap_or_default(),
            spill: reader.size(&v::SPILL).unwrap_or(0),
            mask_keys: reader.keys(&v::MASK_KEYS).unwrap_or_default(),
            trust_all: reader.one_of(&v::TRUST, &[("all", true), ("edge", false)]).unwrap_or(false),
            log_format: LogFormat::read(reader),
            log: reader.levels(&v::LOG),
            debug_sample_rate: reader.ratio(&v::DEBUG_SAMPLE_RATE).unwrap_or(0.0),
            log_buffer: LogBuffer::read(reader),
            version: None,
            origin: Origin { env: env.clone(), sections: Sections::default() },
        }
    }

    /// Returns `true` unless [`NO_COLOR`](https://no-color.org), a variable of all programs, is set.
    pub(crate) fn allows_colours(&self) -> bool {
        self.origin.env.get("NO_COLOR").is_none()
    }

    /// Returns the levels of log lines and log records.
    pub(crate) fn log_levels(&self) -> Levels {
        self.log.clone().unwrap_or_default()
    }

    /// Returns the environment of the configuration.
    #[doc(hidden)]
    pub fn env(&self) -> &Env {
        &self.origin.env
    }

    /// Returns the section of a dependent crate, if set or read before.
    #[doc(hidden)]
    pub fn section<S: Section>(&self) -> Option<&S> {
        self.origin.sections.get()
    }

    /// Sets the section of a dependent crate.
    #[doc(hidden)]
    pub fn set_section<S: Section>(&mut self, settings: S) {
        self.origin.sections.set(settings);
    }

    /// Sets the sections of dependent crates.
    #[doc(hidden)]
    pub fn set_sections(&mut self, sections: Sections) {
        self.origin.sections.extend(sections);
    }

    /// Reads the section of a dependent crate from the environment of the configuration, unless the section is set
    /// already. Returns a problem for each invalid value.
    #[doc(hidden)]
    pub fn read_section<S: Section>(&mut self) -> Vec<ConfigProblem> {
        if self.section::<S>().is_some() {
            return Vec::new();
        }
        let (settings, problems) = read_section::<S>(&self.origin.env);
        self.set_section(settings);
        problems
    }

    /// Reads a section as [`read_section`](Self::read_section) does, and reports the problems on standard error.
    #[doc(hidden)]
    pub fn load_section<S: Section>(&mut self) {
        report(&self.read_section::<S>());
    }

    /// Lets the sections fill in unset values of the configuration. Returns a problem for each unknown `THUNDRA_*`
    /// variable.
    ///
    /// While the sections of some crates may be missing, only mistyped names of known variables count as unknown.
    #[doc(hidden)]
    pub fn complete(&mut self) -> Vec<ConfigProblem> {
        let sections = self.origin.sections.clone();
        sections.complete(self);
        let lists: Vec<_> = std::iter::once(VARIABLES).chain(sections.variables()).collect();
        unknown::problems(&self.origin.env, &lists, sections.are_all())
    }
}

/// Returns the variables for log lines and log records.
pub(crate) fn log_variables() -> [&'static Variable; 4] {
    [&v::LOGS_EXPORTER, &v::LOG_FORMAT, &v::LOG, &v::LOG_BUFFER]
}

/// Reports problems on standard error, each problem once per process.
#[doc(hidden)]
pub fn report(problems: &[ConfigProblem]) {
    for problem in problems.iter().map(ToString::to_string) {
        diagnostics::once(&problem, &problem);
    }
}

#[cfg(test)]
mod tests;
