//! The configuration: the environment read into plain data, once.
//!
//! [`Config`] is what this crate needs. Each crate that depends on it has [settings](section) of its own, read by the
//! same [reader] from the same environment. The precedence is code, `THUNDRA_*`, `OTEL_*`, default. Reading never fails:
//! a bad value is a [`ConfigProblem`], and its default serves.

mod levels;
mod limits;
mod nearest;
mod otlp;
mod problem;
mod reader;
mod sampling;
mod section;
mod variable;
mod variables;

pub use levels::{InvalidLevels, Levels};
pub use limits::Limits;
pub use otlp::{OtlpCompression, OtlpConfig, OtlpProtocol, OtlpSignals};
pub use problem::ConfigProblem;
pub use reader::{Reader, is_token};
pub use section::{Section, Sections, read_section};
pub use variable::{Variable, table};
pub use variables::VARIABLES;

use self::variables as v;
use crate::percent::percent_decode;
use crate::propagation::Propagators;
use crate::{Env, Resource, Sampler, diagnostics};

/// The variable that names a configuration file in OpenTelemetry.
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
    /// The attributes of this program, exported with every batch.
    pub resource: Resource,
    /// The formats of context that are read and written.
    pub propagators: Propagators,
    /// The rule by which a trace is recorded.
    pub sampler: Sampler,
    /// The names of the exporters, in lower case; empty for none. `None` where none is configured, so that an endpoint or
    /// the place of work decides.
    pub exporters: Option<Vec<String>>,
    /// OTLP settings of each signal.
    pub otlp: OtlpSignals,
    /// The most that a span and an invocation hold.
    pub limits: Limits,
    /// The levels of the spans that are recorded. Defaults to `INFO` and above.
    pub spans: Levels,
    /// `true` if the public edge is trusted like a queue (`THUNDRA_TRUST=all`).
    pub trust_all: bool,
    /// The levels of the log events that are written. `None` where none is configured, so that the place of work decides;
    /// it leaves them at `INFO` and above.
    pub log: Option<Levels>,
    origin: Origin,
}

/// The environment that a configuration was read from, and the settings of other crates.
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
    /// Reads the configuration, and reports each value that is not used on standard error.
    pub fn from_env(env: &Env) -> Self {
        let (config, problems) = Self::read(env);
        report(&problems);
        config
    }

    /// Reads the configuration, and returns a problem for each value that is not used.
    pub fn read(env: &Env) -> (Self, Vec<ConfigProblem>) {
        let mut reader = Reader::new(env);
        let config = Self::read_from(&mut reader);
        (config, reader.finish())
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
            exporters: reader.list(&v::EXPORTER).map(exporters),
            otlp: OtlpSignals::read(reader),
            limits: Limits::read(reader),
            spans: reader.levels(&v::SPANS).unwrap_or_default(),
            trust_all: reader.one_of(&v::TRUST, &[("all", true), ("edge", false)]).unwrap_or(false),
            log: reader.levels(&v::LOG),
            origin: Origin { env: env.clone(), sections: Sections::default() },
        }
    }

    /// The environment that the configuration was read from.
    #[doc(hidden)]
    pub fn env(&self) -> &Env {
        &self.origin.env
    }

    /// Returns the settings of another crate, if they were set or read.
    #[doc(hidden)]
    pub fn section<S: Section>(&self) -> Option<&S> {
        self.origin.sections.get()
    }

    /// Sets the settings of another crate.
    #[doc(hidden)]
    pub fn set_section<S: Section>(&mut self, settings: S) {
        self.origin.sections.set(settings);
    }

    /// Adds the settings of other crates.
    #[doc(hidden)]
    pub fn set_sections(&mut self, sections: Sections) {
        self.origin.sections.extend(sections);
    }

    /// Reads the settings of another crate from the environment of this configuration, unless they are set. Returns a
    /// problem for each value that is not used.
    #[doc(hidden)]
    pub fn read_section<S: Section>(&mut self) -> Vec<ConfigProblem> {
        if self.section::<S>().is_some() {
            return Vec::new();
        }
        let (settings, problems) = read_section::<S>(&self.origin.env);
        self.set_section(settings);
        problems
    }

    /// Reads the settings of another crate as [`read_section`](Self::read_section) does, and reports the problems.
    #[doc(hidden)]
    pub fn load_section<S: Section>(&mut self) {
        report(&self.read_section::<S>());
    }

    /// Lets the settings of other crates fill in what the configuration leaves open. Returns a problem for each
    /// `THUNDRA_*` variable that is in the list of none of these crates.
    ///
    /// Where the program may have crates whose settings are not here, only names that nearly are known ones are reported.
    #[doc(hidden)]
    pub fn complete(&mut self) -> Vec<ConfigProblem> {
        let sections = self.origin.sections.clone();
        sections.complete(self);
        let lists: Vec<_> = std::iter::once(VARIABLES).chain(sections.variables()).collect();
        nearest::unknown(&self.origin.env, &lists, sections.are_all())
    }
}

/// Reports problems on standard error, each once.
#[doc(hidden)]
pub fn report(problems: &[ConfigProblem]) {
    for problem in problems.iter().map(ToString::to_string) {
        diagnostics::once(&problem, &problem);
    }
}

/// Returns each exporter once, by its name in lower case.
fn exporters(names: Vec<String>) -> Vec<String> {
    let mut exporters: Vec<String> = Vec::new();
    for name in names.into_iter().map(|name| name.to_ascii_lowercase()).filter(|name| name != "none") {
        if !exporters.contains(&name) {
            exporters.push(name);
        }
    }
    exporters
}

#[cfg(test)]
mod tests;
