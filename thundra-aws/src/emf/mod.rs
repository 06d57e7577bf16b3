//! Metrics as documents of CloudWatch's embedded metric format, with `OTEL_METRICS_EXPORTER=emf`.
//!
//! A document is a log line: CloudWatch Logs extracts the metrics, and no request leaves the function.
//!
//! ```text
//! points ─► group.rs: same dimensions, same metadata ─► document.rs: what fits into a line ─► output.rs
//!             └─ dimensions.rs, unit.rs, text.rs            └─ metadata.rs
//! ```

mod dimensions;
mod document;
mod group;
mod metadata;
mod output;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod unit;

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use thundra_core::metrics::{PointsOf, write_points_with};
use thundra_core::observe_built_in;
use thundra_core::{Config, diagnostics};

use self::dimensions::Sets;
use self::document::Head;
use self::group::{Group, Rules};
use self::metadata::Metadata;
#[cfg(feature = "local-run")]
pub(crate) use self::output::leave_stdout_to_the_response;
pub use self::settings::EmfSettings;
pub(crate) use self::text::is_namespace;

/// The dimension of every metric.
const SERVICE: &str = "service";

/// The member of a document with the definitions of its metrics.
const AWS: &str = "_aws";

/// The number of points without their dimensions, because of the limit of sets.
const DROPPED_SETS: &str = "thundra.dropped_dimension_sets";

/// The number of measurements refused by CloudWatch.
const DROPPED_VALUES: &str = "thundra.dropped_values";

static EMF: OnceLock<Emf> = OnceLock::new();

/// Writes the points of this process as documents from now on, if the configuration asks for documents.
pub(crate) fn install(config: &Config, settings: &EmfSettings) {
    if config.emf() && EMF.set(Emf::new(config.resource.program_name(), settings)).is_ok() {
        write_points_with(|points| {
            if let Some(emf) = EMF.get() {
                emf.documents(points, output::write);
            }
        });
        if !settings.built_in.is_empty() {
            observe_built_in();
        }
    }
}

/// A converter from points to documents.
#[derive(Debug)]
struct Emf {
    namespace: String,
    service: String,
    /// The names of the attributes used as dimensions.
    dimensions: Vec<Cow<'static, str>>,
    sets: Sets,
    /// The number of measurements refused by CloudWatch and not yet named in a document.
    dropped_values: AtomicU64,
    settings: EmfSettings,
}

impl Emf {
    fn new(service: &str, settings: &EmfSettings) -> Self {
        let (dimensions, refused) = dimensions::sort_out(&settings.dimensions);
        if !refused.is_empty() {
            diagnostics::once(
                "emf.dimensions",
                format_args!(
                    "these attributes cannot be dimensions of metrics: {refused:?}: CloudWatch takes 29 names in ASCII"
                ),
            );
        }
        let namespace = settings.namespace.as_deref().filter(|name| {
            let is_taken = is_namespace(name);
            if !is_taken {
                diagnostics::once(
                    "emf.namespace",
                    format_args!("{name:?} cannot be the namespace of metrics: the name of the service is"),
                );
            }
            is_taken
        });
        Emf {
            namespace: namespace.map_or_else(|| text::namespace_of(service), str::to_owned),
            service: text::dimension_value(service).unwrap_or_else(|| "unnamed".to_owned()),
            dimensions,
            sets: Sets::new(),
            dropped_values: AtomicU64::new(0),
            settings: settings.clone(),
        }
    }

    /// Hands each document, a line with its line break, to `line`.
    fn documents(&self, points: &PointsOf<'_>, mut line: impl FnMut(&[u8])) {
        let EmfSettings { high_resolution, built_in, max_dimension_sets, .. } = &self.settings;
        let rules =
            Rules { dimensions: &self.dimensions, sets: &self.sets, max_sets: *max_dimension_sets, high_resolution };
        let wanted = points
            .points
            .iter()
            .filter(|point| !point.is_built_in() || built_in.iter().any(|name| name == point.name()));
        let timestamp_ms = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis() as u64);
        for group in rules.group(wanted) {
            self.report(&group);
            self.dropped_values.fetch_add(group.dropped_values, Ordering::Relaxed);
            if group.metrics.iter().all(|metric| metric.values.is_empty()) {
                continue;
            }
            let dimensions = self.with_service(&group);
            let keys = dimensions.iter().map(|(key, _)| *key);
            let mut metadata = Metadata::beside(keys.chain(group.metrics.iter().map(|metric| &*metric.name)));
            if let Some(scope) = points.scope {
                metadata.add_scope(scope);
            }
            group.attributes.iter().for_each(|(key, value)| metadata.add(key, value));
            metadata.count(DROPPED_SETS, group.dropped_sets);
            metadata.count(DROPPED_VALUES, self.dropped_values.swap(0, Ordering::Relaxed));
            let metadata = metadata.finish();
            let head = Head {
                namespace: &self.namespace,
                timestamp_ms,
                dimensions: &dimensions,
                metadata: metadata.as_bytes(),
            };
            document::write(&head, &group.metrics, &mut line);
        }
    }

    /// Returns the dimensions of a group with the service. An attribute named `service` replaces the service.
    fn with_service<'a>(&self, group: &Group<'a>) -> Vec<(&'a str, String)> {
        let mut dimensions = group.dimensions.clone();
        if dimensions.iter().all(|(key, _)| *key != SERVICE) {
            dimensions.insert(0, (SERVICE, self.service.clone()));
        }
        dimensions
    }

    /// Reports once the values refused by CloudWatch, and the points over the limit of sets.
    fn report(&self, group: &Group<'_>) {
        if group.dropped_sets > 0 {
            let max = self.settings.max_dimension_sets;
            diagnostics::once(
                "emf.dimension_sets",
                format_args!(
                    "metrics have more than {max} sets of dimensions: further ones have the service alone, because \
                     CloudWatch bills each set; make attributes with fewer values the dimensions, or set max_dimension_sets"
                ),
            );
        }
        if group.dropped_values > 0 {
            diagnostics::once(
                "emf.values",
                format_args!(
                    "values beyond 2^360 are lost, which CloudWatch does not take; {DROPPED_VALUES} counts them"
                ),
            );
        }
    }
}
