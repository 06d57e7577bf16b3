//! Code that must not be traced: OpenTelemetry's exporters, which would tell of themselves for ever.

/// Whether the current OpenTelemetry context [suppresses telemetry](opentelemetry::Context::enter_telemetry_suppressed_scope).
#[cfg(feature = "otel")]
pub(crate) fn is_suppressed() -> bool {
    opentelemetry::Context::map_current(opentelemetry::Context::is_telemetry_suppressed)
}
#[cfg(not(feature = "otel"))]
pub(crate) fn is_suppressed() -> bool {
    false
}
