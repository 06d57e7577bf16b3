//! The choice of formats: the variable `OTEL_PROPAGATORS`.

/// The formats to read and to write. Defaults to all but `xray_lambda`. *Environment variable: `OTEL_PROPAGATORS`.*
///
/// # Examples
///
/// ```
/// use thundra_core::propagation::{Inbound, Propagators, Trust};
///
/// let mut formats = Propagators::NONE;
/// formats.baggage = true;
/// let inbound = Inbound::extract([("baggage", "tenant=7"), ("x-correlation-id", "c-1")], formats, Trust::Full);
/// assert_eq!((inbound.baggage.as_deref(), inbound.correlation.get("id")), (Some("tenant=7"), None));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Propagators {
    /// W3C `traceparent` and `tracestate`.
    pub tracecontext: bool,
    /// W3C `baggage`.
    pub baggage: bool,
    /// The X-Ray trace header.
    pub xray: bool,
    /// Correlation ids.
    pub correlation: bool,
    /// The X-Ray header of the Lambda environment as the parent, even if unsampled.
    pub xray_lambda: bool,
}

impl Default for Propagators {
    fn default() -> Self {
        Propagators { tracecontext: true, baggage: true, xray: true, correlation: true, xray_lambda: false }
    }
}

impl Propagators {
    /// No format at all. Nothing is read and nothing is written.
    pub const NONE: Propagators =
        Propagators { tracecontext: false, baggage: false, xray: false, correlation: false, xray_lambda: false };
}
