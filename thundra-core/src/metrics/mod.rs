//! Metrics for dependent crates: instruments, measurements, observers and writers.
//!
//! Programs measure with fields of `tracing` events, such as `monotonic_counter.orders = 1`, or with the `metrics`
//! crate.

#[cfg(feature = "metrics")]
mod facade;
#[cfg(feature = "metrics")]
mod handle;

pub use crate::points::collection::{
    Observations, Observer, PointsOf, ScopeFacts, Writer, collect_every, observe_with,
};
pub use crate::points::instrument::{Instrument, InstrumentKind, Number};
pub use crate::points::point::{HistogramData, Point, PointData};
pub use crate::points::set::Points;
use crate::points::{collection, switch};
use crate::recorder::current;
use crate::recorder::measure::{measure, with_attributes};
use crate::recorder::slot::ScopeId;
use crate::{Config, Value};

/// Sets the writer of points. The writer receives the points of each outermost scope at the end of the scope. At each
/// collection, the writer receives the points measured outside of scopes. The first call counts.
pub fn write_points_with(writer: Writer) {
    collection::write_with(writer);
    install_facade();
}

/// Starts the collection for OTLP.
pub(crate) fn start(config: &Config) {
    collection::start(config.metrics_temporality.unwrap_or_default(), config.histogram_aggregation);
    install_facade();
}

/// Installs the recorder of the `metrics` crate, if the feature `metrics` is enabled.
fn install_facade() {
    #[cfg(feature = "metrics")]
    facade::install();
}

/// Records a measurement in the current scope, or for the process. Does nothing without a destination for metrics.
///
/// # Examples
///
/// ```
/// use thundra_core::metrics::{Instrument, record};
///
/// static REQUESTS: Instrument = Instrument::counter("shop.requests", "{request}", "Requests of customers.");
/// record(&REQUESTS, 1_u64, &[("shop.country", "de".into())]);
/// ```
#[inline]
pub fn record(instrument: &'static Instrument, value: impl Into<Number>, attributes: &[(&'static str, Value)]) {
    if switch::are_wanted() {
        record_in(current::slot().map(|slot| slot.scope), instrument, value.into(), attributes);
    }
}

/// Returns `true` if metrics have a destination. Without a destination, a caller need not make attributes.
#[inline]
pub fn are_wanted() -> bool {
    switch::are_wanted()
}

pub(crate) fn record_in(
    scope: Option<ScopeId>,
    instrument: &'static Instrument,
    value: Number,
    attributes: &[(&'static str, Value)],
) {
    with_attributes(|set| {
        attributes.iter().for_each(|(key, value)| set.push(key, value));
        measure(scope, &instrument.identity(), set.bytes(), value);
    });
}
