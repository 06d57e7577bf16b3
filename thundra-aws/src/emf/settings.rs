//! The settings of metrics in the embedded metric format.

use std::borrow::Cow;

/// The default limit of dimension sets in a process.
const DEFAULT_MAX_DIMENSION_SETS: usize = 100;

/// The settings of metrics in CloudWatch's embedded metric format, with `OTEL_METRICS_EXPORTER=emf`.
///
/// CloudWatch bills each metric in each set of dimensions, so the name of the service is the only dimension by default.
/// Code names further dimensions here. All other attributes are metadata of the documents, free of charge and
/// searchable in CloudWatch Logs Insights.
///
/// # Examples
///
/// ```
/// use thundra_aws::Settings;
/// use thundra_core::{Env, Telemetry};
///
/// let mut settings = Settings::from_env(&Env::process());
/// settings.emf.dimensions = vec!["payment.method".into()];
/// settings.emf.high_resolution = vec!["checkout.duration".into()];
/// settings.emf.built_in = vec!["faas.invoke_duration".into()];
/// let telemetry = Telemetry::builder().settings(settings).build();
/// # let _ = telemetry;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmfSettings {
    /// The namespace of the metrics, from the variable `THUNDRA_METRICS_NAMESPACE`. Defaults to the name of the
    /// service.
    pub namespace: Option<String>,
    /// The attributes used as dimensions, beside the name of the service: up to 29 names in ASCII, of up to 255
    /// characters. A point with a missing or blank attribute has the other dimensions only. An attribute `service`
    /// replaces the name of the service.
    pub dimensions: Vec<Cow<'static, str>>,
    /// The names of metrics with a resolution of one second.
    pub high_resolution: Vec<Cow<'static, str>>,
    /// The names of built-in metrics to write. Defaults to none.
    pub built_in: Vec<Cow<'static, str>>,
    /// The most sets of values of [`dimensions`](Self::dimensions) in a process. Defaults to 100. The points of further
    /// sets have the name of the service as their only dimension.
    pub max_dimension_sets: usize,
}

impl Default for EmfSettings {
    fn default() -> Self {
        EmfSettings {
            namespace: None,
            dimensions: Vec::new(),
            high_resolution: Vec::new(),
            built_in: Vec::new(),
            max_dimension_sets: DEFAULT_MAX_DIMENSION_SETS,
        }
    }
}
