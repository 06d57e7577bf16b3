//! Code that must not be traced.

/// Whether the code that runs must not be traced: OpenTelemetry's exporters mark theirs [so], since they would tell of
/// themselves for ever. Always false without the feature `otel`.
///
/// [so]: https://docs.rs/opentelemetry/latest/opentelemetry/struct.Context.html#method.enter_telemetry_suppressed_scope
#[inline]
pub fn is_telemetry_suppressed() -> bool {
    #[cfg(feature = "otel")]
    return opentelemetry::Context::map_current(opentelemetry::Context::is_telemetry_suppressed);
    #[cfg(not(feature = "otel"))]
    false
}
