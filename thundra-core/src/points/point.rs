//! A point, for metric writers.

use std::borrow::Cow;

use super::attributes::decode;
use super::data::Data;
use super::instrument::{Identity, InstrumentKind, Number, Text};
use crate::Value;

/// The instrument of points.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) name: Cow<'static, str>,
    pub(crate) unit: Cow<'static, str>,
    pub(crate) description: Cow<'static, str>,
    pub(crate) kind: InstrumentKind,
    pub(crate) is_built_in: bool,
    /// The number of sets of attributes.
    pub(super) sets: u32,
}

impl Kept {
    pub(super) fn new(identity: &Identity<'_>) -> Self {
        Kept {
            name: identity.name.keep(),
            unit: identity.unit.keep(),
            description: identity.description.keep(),
            kind: identity.kind,
            is_built_in: identity.is_built_in,
            sets: 0,
        }
    }

    #[inline]
    pub(super) fn is(&self, identity: &Identity<'_>) -> bool {
        self.kind == identity.kind && self.name == identity.name.as_str()
    }

    pub(super) fn identity(&self) -> Identity<'_> {
        Identity {
            name: Text::from(&self.name),
            unit: Text::from(&self.unit),
            description: Text::from(&self.description),
            kind: self.kind,
            is_built_in: self.is_built_in,
        }
    }
}

/// A point of a set.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    pub(super) kept: &'a Kept,
    pub(super) attributes: &'a [u8],
    pub(super) aggregated: &'a Data,
}

/// The value of a [`Point`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum PointData<'a> {
    /// The sum of a counter, or the last value of a gauge.
    Number(Number),
    /// The values of a histogram.
    Histogram(HistogramData<'a>),
}

/// The values of a histogram.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct HistogramData<'a> {
    /// The number of measurements.
    pub count: u64,
    /// The sum of the values.
    pub sum: f64,
    /// The lowest value.
    pub min: f64,
    /// The highest value.
    pub max: f64,
    /// The values, each with the number of measurements. Over 1,000 entries, near values are merged. Empty without a
    /// [writer](crate::metrics::write_points_with).
    pub values: &'a [(f64, u64)],
}

impl<'a> Point<'a> {
    /// Returns the name of the instrument.
    pub fn name(&self) -> &'a str {
        &self.kept.name
    }

    /// Returns the unit of the instrument; empty for none.
    pub fn unit(&self) -> &'a str {
        &self.kept.unit
    }

    /// Returns the kind of the instrument.
    pub fn kind(&self) -> InstrumentKind {
        self.kept.kind
    }

    /// Returns `true` for an instrument of the `thundra` crates.
    pub fn is_built_in(&self) -> bool {
        self.kept.is_built_in
    }

    /// Returns the attributes, sorted by key.
    pub fn attributes(&self) -> Vec<(&'a str, Value)> {
        decode(self.attributes)
    }

    /// Returns the encoded attributes: points with equal bytes have equal attributes.
    pub fn encoded_attributes(&self) -> &'a [u8] {
        self.attributes
    }

    /// Returns the value.
    pub fn data(&self) -> PointData<'a> {
        match self.aggregated {
            Data::Sum(sum) => PointData::Number(sum.total()),
            Data::Gauge { value, .. } => PointData::Number(*value),
            Data::Histogram(histogram) => PointData::Histogram(HistogramData {
                count: histogram.count,
                sum: histogram.sum,
                min: histogram.min,
                max: histogram.max,
                values: histogram.values.as_ref().map_or(&[], |values| values.counted()),
            }),
        }
    }

    pub(super) fn aggregated(&self) -> &'a Data {
        self.aggregated
    }
}
