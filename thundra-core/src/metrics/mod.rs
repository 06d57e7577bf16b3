//! Metrics, for the crates around this one: instruments, measurements, and the ends of their way.
//!
//! Programs measure with fields of `tracing` events, such as `monotonic_counter.orders = 1`, or with the `metrics`
//! crate.

use crate::Value;
pub use crate::points::collection::{
    Observations, Observer, PointsOf, ScopeFacts, Writer, collect_every, observe_with, write_points_with,
};
pub use crate::points::instrument::{Instrument, InstrumentKind, Number};
pub use crate::points::set::{HistogramData, Point, PointData, Points};
use crate::points::switch;
use crate::recorder::current;
use crate::recorder::measure::{measure, with_attributes};
use crate::recorder::slot::ScopeId;

/// Records a measurement in the current scope, or for the process. Does nothing where nobody wants metrics.
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

/// Returns `true` if measurements go anywhere, so that a caller need not make attributes for nobody.
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
        measure(scope, &instrument.identity(), set.bytes(), value, 1);
    });
}
