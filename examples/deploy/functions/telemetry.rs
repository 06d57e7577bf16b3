//! The telemetry of the functions: what the environment says, and the metrics that the alarms need.

use thundra_aws::{Env, Settings, Telemetry};

/// The built-in metrics that `monitoring.yaml` reads. CloudWatch bills each one that occurs, so these are all.
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
