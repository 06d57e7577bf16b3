//! The telemetry of the functions: the settings of the environment, and the metrics for the alarms.

use thundra_aws::{Env, Settings, Telemetry};

/// The built-in metrics read by `monitoring.yaml`. No other built-in metric is exported, because CloudWatch bills
/// each exported metric.
const METRICS: [&str; 5] = [
    "faas.coldstarts",
    "faas.timeouts",
    "thundra.deadline.used_ratio",
    "otel.sdk.exporter.span.exported",
    "otel.sdk.processor.span.processed",
];

pub(crate) fn telemetry() -> Telemetry {
    let mut settings = Settings::from_env(&Env::process());
    settings.emf.built_in = METRICS.map(Into::into).to_vec();
    settings.emf.dimensions = vec!["error.type".into()]; // of lost spans: the reason
    Telemetry::builder().settings(settings).build()
}
