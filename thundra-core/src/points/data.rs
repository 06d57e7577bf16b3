//! The aggregated measurements of a point.

use super::histogram::Histogram;
use super::instrument::{InstrumentKind, Number};
use super::sum::Sum;
use super::switch::Wanted;
use crate::clock::now;

/// The aggregated measurements of a point.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Data {
    Sum(Sum),
    Gauge {
        value: Number,
        /// The time of the measurement. A merge keeps the later value.
        time: u64,
    },
    Histogram(Box<Histogram>),
}

impl Data {
    pub(super) fn new(kind: InstrumentKind, unit: &str, wanted: Wanted) -> Self {
        match kind {
            InstrumentKind::Counter | InstrumentKind::UpDownCounter => Data::Sum(Sum::default()),
            InstrumentKind::Gauge => Data::Gauge { value: Number::I64(0), time: 0 },
            InstrumentKind::Histogram => Data::Histogram(Box::new(Histogram::new(unit, wanted))),
        }
    }

    #[inline]
    pub(super) fn record(&mut self, measured: Number, times: u64) {
        match self {
            Data::Sum(sum) => sum.add(measured),
            Data::Gauge { value, time } => (*value, *time) = (measured, now()),
            Data::Histogram(histogram) => histogram.record(measured.as_f64(), times),
        }
    }

    pub(super) fn merge(&mut self, other: Data) {
        match (self, other) {
            (Data::Sum(one), Data::Sum(other)) => one.merge(&other),
            (Data::Gauge { value, time }, Data::Gauge { value: other, time: of_other }) if of_other >= *time => {
                (*value, *time) = (other, of_other);
            }
            (Data::Histogram(one), Data::Histogram(other)) => one.merge(*other),
            // An older value of a gauge is dropped. Data of two kinds never meet, because an instrument has a single
            // kind.
            _ => {}
        }
    }
}
