//! What a process sets up once: its configuration, its exporters, its subscriber, and the bridge from the `log` crate.

mod process;
mod subscriber;

use std::fmt;

use tracing_subscriber::{Layer, Registry};

pub use process::{
    config, enough_deferred, export_later, flush, flush_last, flushes_itself, install, install_with, pending_spans,
    report_missing_scope, settings, unexported,
};
pub use subscriber::{layer, subscriber};

use crate::config::{Section, Sections, report};
use crate::export::Export;
use crate::log::LogFormat;
use crate::{Config, Env};

/// The telemetry of a program, set up in code.
///
/// It is given to [`install`], to `init_with` of `thundra-http`, or to `init_with`, `run_with` and
/// `#[handler(telemetry = path)]` of `thundra-aws`. The first of them that a program calls decides. What is not set here
/// comes from the environment: the configuration from its variables, and the exporters from `OTEL_TRACES_EXPORTER` and
/// the place where the program runs.
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
    /// `None` for that of the environment.
    config: Option<Config>,
    /// The settings of other crates that are made in code.
    settings: Sections,
    /// Reads the settings of the other crates that the program uses, unless they are made in code.
    sections: Vec<fn(&mut Config)>,
    /// Empty for those of the configuration.
    exporters: Vec<Box<dyn Export>>,
    layers: Layers,
    log_format: LogFormat,
}

impl Telemetry {
    /// Returns a builder that changes nothing yet: what it builds comes from the environment.
    pub fn builder() -> TelemetryBuilder {
        TelemetryBuilder::default()
    }

    /// Has the settings of another crate read when this telemetry is installed, and is the first.
    #[doc(hidden)]
    #[must_use]
    pub fn section<S: Section>(mut self) -> Self {
        self.sections.push(Config::load_section::<S>);
        self
    }

    /// Returns the configuration, with the settings of all crates.
    fn configuration(&mut self) -> Config {
        let mut config = self.config.take().unwrap_or_else(|| Config::from_env(&Env::process()));
        config.set_sections(std::mem::take(&mut self.settings));
        for load in &self.sections {
            load(&mut config);
        }
        report(&config.complete());
        config
    }
}

/// The telemetry of the environment, but for this configuration.
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

/// Sets up [`Telemetry`] in code.
#[derive(Debug, Default)]
#[must_use = "a builder does nothing until it is installed"]
pub struct TelemetryBuilder {
    telemetry: Telemetry,
}

impl TelemetryBuilder {
    /// Sets the configuration, in place of the one that the environment gives.
    ///
    /// [`Config::from_env`] makes one to change.
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

    /// Sets the settings of another crate, such as those of `thundra_http::Settings` and `thundra_aws::Settings`, in place
    /// of those that the environment gives.
    pub fn settings(mut self, settings: impl Section) -> Self {
        self.telemetry.settings.set(settings);
        self
    }

    /// Adds an exporter. Every exporter gets all spans.
    ///
    /// With at least one, none is made for the configuration: `OTEL_TRACES_EXPORTER` and an endpoint in the environment
    /// have no effect.
    pub fn exporter(mut self, exporter: impl Export + 'static) -> Self {
        self.telemetry.exporters.push(Box::new(exporter));
        self
    }

    /// Adds exporters, as [`exporter`](Self::exporter) adds one.
    pub fn exporters(mut self, exporters: impl IntoIterator<Item = Box<dyn Export>>) -> Self {
        self.telemetry.exporters.extend(exporters);
        self
    }

    /// Adds a layer to the subscriber.
    ///
    /// The subscriber is a [`Registry`] then, with the layers in the order in which they are added, below the recorder
    /// and the log lines. The filters of the recorder (`THUNDRA_SPANS`) and of the log lines (`RUST_LOG`) apply to them
    /// alone: a layer sees every span and every event, those outside of a scope too, unless
    /// [`with_filter`](Layer::with_filter) gave it a filter of its own. Without a layer, recording costs about half.
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
    pub fn layer(mut self, layer: impl Layer<Registry> + Send + Sync + 'static) -> Self {
        self.telemetry.layers.0.push(Box::new(layer));
        self
    }

    /// Sets the form of the log lines on standard error. Defaults to [`LogFormat::JSON`].
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.telemetry.log_format = format;
        self
    }

    /// Returns the telemetry, to be installed.
    pub fn build(self) -> Telemetry {
        self.telemetry
    }
}

/// The layers of a program.
#[derive(Default)]
struct Layers(Vec<Box<dyn Layer<Registry> + Send + Sync>>);

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Layers({})", self.0.len())
    }
}
