//! The set-up of a process: configuration, exporters, subscriber, and the bridge from the `log` crate.
//!
//! ```text
//! TelemetryBuilder ─► Telemetry ─► install ─► process.rs:    Config, Pipeline (of the first call)
//!                                         └─► global.rs: subscriber.rs, the recorder alone,
//!                                                     or layered.rs, a Registry with other layers
//! ```

mod global;
mod install;
#[cfg(feature = "registry")]
mod layered;
mod observed;
mod process;
mod revise;
mod snapshot;
mod subscriber;

use std::fmt;

#[cfg(feature = "registry")]
use tracing_subscriber::{Layer, Registry};

pub use install::{install, install_with};
#[cfg(feature = "registry")]
pub use layered::{layer, layer_with};
pub use observed::observe_built_in;
pub(crate) use process::reaches_xray;
pub use process::{
    export_later, export_later_is_due, flush, flush_aside, flush_last, flushes_itself, follows_xray, last_export,
    pending_spans, report_missing_scope, share_withheld, spill_all, unexported,
};
pub use revise::revise;
pub use snapshot::{forget_unexported, renew};
#[cfg(feature = "testing")]
pub(crate) use subscriber::recording;
pub use subscriber::subscriber;

use crate::config::{Section, Sections, report};
use crate::export::Export;
use crate::{Config, Env, LogFormat};

/// The telemetry of a program, set up in code.
///
/// Accepted by [`install`], by `thundra_http::init_with`, and by `init_with`, `run_with`, `run_concurrent_with` and
/// `#[handler(telemetry = path)]` of `thundra_aws`. The first call in a program takes effect. Settings not made in the
/// builder come from the environment, and exporters from `OTEL_TRACES_EXPORTER` and the platform.
///
/// # Examples
///
/// ```
/// use std::time::Instant;
/// use thundra_core::export::{Batch, Export, ExportFuture};
/// use thundra_core::{LogFormat, Telemetry};
///
/// /// Prints the name of each span.
/// #[derive(Debug)]
/// struct Names;
///
/// impl Export for Names {
///     fn export<'a>(&'a self, batch: &'a Batch, _deadline: Instant) -> ExportFuture<'a> {
///         batch.spans().for_each(|span| println!("{}", span.name));
///         Box::pin(std::future::ready(Ok(())))
///     }
/// }
///
/// let is_first = thundra_core::install(Telemetry::builder().exporter(Names).log_format(LogFormat::NONE));
/// assert!(is_first);
/// ```
#[derive(Debug, Default)]
pub struct Telemetry {
    /// `None` to read the environment.
    config: Option<Config>,
    /// The settings of dependent crates, made in code.
    sections: Sections,
    /// Readers for the settings of dependent crates, used for settings not made in code.
    section_loaders: Vec<fn(&mut Config)>,
    /// Empty for the exporters of the configuration.
    exporters: Vec<Box<dyn Export>>,
    layers: Layers,
    /// `None` for the format of the configuration.
    log_format: Option<LogFormat>,
    bound: Bound,
}

/// A function to give an exporter a time limit. Writing to a pipe may block, and `thundra_core` has no timer.
#[derive(Clone, Copy, Debug)]
struct Bound(fn(Box<dyn Export>, &Config) -> Box<dyn Export>);

impl Default for Bound {
    fn default() -> Self {
        Bound(|exporter, _| exporter)
    }
}

impl Telemetry {
    /// Returns a builder without any settings. Unset settings come from the environment.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::export::{ConsoleExporter, MemoryExporter};
    /// use thundra_core::{LogFormat, Telemetry};
    ///
    /// let telemetry = Telemetry::builder()
    ///     .exporter(ConsoleExporter::new())
    ///     .exporter(MemoryExporter::new())
    ///     .log_format(LogFormat::NONE)
    ///     .build();
    /// assert!(thundra_core::install(telemetry));
    /// ```
    pub fn builder() -> TelemetryBuilder {
        TelemetryBuilder::default()
    }

    /// Adds the settings of a dependent crate, read at the installation.
    #[doc(hidden)]
    #[must_use]
    pub fn section<S: Section>(mut self) -> Self {
        self.section_loaders.push(Config::load_section::<S>);
        self
    }

    /// Sets the function for the time limit of an exporter on a pipe.
    #[doc(hidden)]
    #[must_use]
    pub fn bounded(mut self, bound: fn(Box<dyn Export>, &Config) -> Box<dyn Export>) -> Self {
        self.bound = Bound(bound);
        self
    }

    /// Returns `true` if the configuration, or a crate's settings, are set in code.
    fn has_configuration(&self) -> bool {
        self.config.is_some() || !self.sections.is_empty()
    }

    /// Returns `true` if anything beside the configuration is set in code.
    fn has_parts(&self) -> bool {
        !self.exporters.is_empty() || !self.layers.0.is_empty() || self.log_format.is_some()
    }

    /// Returns the configuration, with the settings of all crates, and reports problems.
    fn configuration(&mut self) -> Config {
        let mut config = self.config.take().unwrap_or_else(|| Config::from_env_before_completion(&Env::process()));
        config.set_sections(std::mem::take(&mut self.sections));
        for load in &self.section_loaders {
            load(&mut config);
        }
        config.log_format = self.log_format.or(config.log_format);
        report(&config.complete());
        config
    }
}

/// Makes telemetry with a configuration.
impl From<Config> for Telemetry {
    fn from(config: Config) -> Self {
        Telemetry::builder().config(config).build()
    }
}

impl From<TelemetryBuilder> for Telemetry {
    fn from(builder: TelemetryBuilder) -> Self {
        builder.build()
    }
}

/// A builder of [`Telemetry`] in code.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it is installed"]
pub struct TelemetryBuilder {
    telemetry: Telemetry,
}

impl TelemetryBuilder {
    /// Sets the configuration, in place of [`Config::from_env`]. Settings of other crates still come from the
    /// environment of the configuration, unless [`settings`](Self::settings) sets them.
    ///
    /// Start from [`Config::from_env`] to change single settings.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Config, Env, Sampler, Telemetry};
    ///
    /// let mut config = Config::from_env(&Env::process());
    /// config.sampler = Sampler::ratio(0.1).parent_based();
    /// let telemetry = Telemetry::builder().config(config).build();
    /// # let _ = telemetry;
    /// ```
    pub fn config(mut self, config: Config) -> Self {
        self.telemetry.config = Some(config);
        self
    }

    /// Sets the settings of another crate: `thundra_http::Settings` or `thundra_aws::Settings`.
    pub fn settings(mut self, settings: impl Section) -> Self {
        self.telemetry.sections.set(settings);
        self
    }

    /// Adds an exporter. Every exporter gets all spans.
    ///
    /// If the builder has an exporter, `OTEL_TRACES_EXPORTER` and the endpoints in the environment have no effect.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::export::MemoryExporter;
    /// use thundra_core::{Scope, Telemetry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let exporter = MemoryExporter::new();
    /// thundra_core::install(Telemetry::builder().exporter(exporter.clone()));
    /// thundra_core::flush(Scope::builder("nightly import").begin().finish(), None).await;
    /// assert_eq!(exporter.spans()[0].name, "nightly import");
    /// # }
    /// ```
    pub fn exporter(mut self, exporter: impl Export + 'static) -> Self {
        self.telemetry.exporters.push(Box::new(exporter));
        self
    }

    /// Adds several exporters. See [`exporter`](Self::exporter).
    pub fn exporters(mut self, exporters: impl IntoIterator<Item = Box<dyn Export>>) -> Self {
        self.telemetry.exporters.extend(exporters);
        self
    }

    /// Adds a layer to the subscriber.
    ///
    /// The subscriber is then a [`Registry`] with the layers in the order of the calls, and with the recorder and the
    /// log lines above. `THUNDRA_SPANS` filters the recorder alone, and `RUST_LOG` the log lines alone. A layer without
    /// a [filter](Layer::with_filter) sees every span and every event, inside and outside of scopes. Recording costs
    /// about 1.6 times as much as without layers.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{LogFormat, Telemetry};
    /// use tracing_subscriber::Layer;
    /// use tracing_subscriber::filter::LevelFilter;
    ///
    /// let lines = tracing_subscriber::fmt::layer().with_filter(LevelFilter::INFO);
    /// let telemetry = Telemetry::builder().layer(lines).log_format(LogFormat::NONE).build();
    /// # let _ = telemetry;
    /// ```
    #[cfg(feature = "registry")]
    pub fn layer(mut self, layer: impl Layer<Registry> + Send + Sync + 'static) -> Self {
        self.telemetry.layers.0.push(Box::new(layer));
        self
    }

    /// Sets the form of the log lines on standard error, in place of [`Config::log_format`] and `THUNDRA_LOG_FORMAT`.
    ///
    /// # Examples
    ///
    /// A program with a custom logger for the lines:
    ///
    /// ```
    /// use thundra_core::{LogFormat, Telemetry};
    ///
    /// thundra_core::install(Telemetry::builder().log_format(LogFormat::NONE));
    /// ```
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.telemetry.log_format = Some(format);
        self
    }

    /// Returns the telemetry.
    pub fn build(self) -> Telemetry {
        self.telemetry
    }
}

/// The layers of a program.
#[derive(Default)]
struct Layers(Vec<BoxedLayer>);

#[cfg(feature = "registry")]
type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;
/// No program has layers.
#[cfg(not(feature = "registry"))]
type BoxedLayer = std::convert::Infallible;

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layers({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Reader, Variable};

    #[derive(Clone, Debug, PartialEq)]
    struct Pets(u32);

    impl Section for Pets {
        const VARIABLES: &'static [Variable] = &[Variable::new("THUNDRA_PETS", "a number", "`1`", "Pets.")];
        const IS_LAST: bool = true;

        fn read(reader: &mut Reader<'_>) -> Self {
            Pets(reader.number(&Self::VARIABLES[0]).unwrap_or(1))
        }
    }

    #[test]
    fn settings_in_code_win_over_the_environment() {
        let config = Config::from_env(&Env::from_pairs([("THUNDRA_PETS", "4"), ("OTEL_SERVICE_NAME", "zoo")]));
        for (builder, pets) in [
            (Telemetry::builder().config(config.clone()), 4),
            (Telemetry::builder().config(config.clone()).settings(Pets(9)), 9),
            (Telemetry::builder().settings(Pets(8)).config(config.clone()), 8),
        ] {
            let configured = builder.build().section::<Pets>().configuration();
            assert_eq!(configured.section(), Some(&Pets(pets)));
            assert_eq!(configured.resource.program_name(), "zoo");
        }
    }

    #[test]
    fn each_part_that_is_set_in_code_counts() {
        let parts = [
            Telemetry::builder().exporter(crate::export::ConsoleExporter::new()),
            Telemetry::builder().layer(tracing_subscriber::fmt::layer()),
            Telemetry::builder().log_format(LogFormat::NONE),
        ];
        assert!(parts.into_iter().all(|builder| builder.build().has_parts()));
        assert!(Telemetry::builder().settings(Pets(1)).build().has_configuration());
        let nothing = Telemetry::default();
        assert!(!nothing.has_parts() && !nothing.has_configuration());
    }

    #[test]
    fn a_builder_shows_what_it_holds() {
        let builder = Telemetry::builder().layer(tracing_subscriber::fmt::layer()).log_format(LogFormat::NONE);
        let text = format!("{builder:?}");
        assert!(text.contains(r#"layers: Layers(1), log_format: Some(LogFormat { layout: None"#), "{text}");
        fn is_send<T: Send>(_: T) {}
        is_send(builder.build());
    }
}
