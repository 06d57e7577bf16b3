//! Groups of points: the points of a document have the same dimensions and the same metadata.

use std::borrow::Cow;
use std::collections::HashMap;

use thundra_core::Value;
use thundra_core::metrics::{Point, PointData};
use thundra_core::redact::{self, mask};

use super::dimensions::{self, Set, Sets};
use super::document::{Metric, Values};
use super::{text, unit};

/// The largest value in CloudWatch, 2^360. The smallest value is its negative.
const MAX_VALUE: f64 = f64::from_bits((1023 + 360) << 52);

/// The most measurements of a histogram to write one by one. More measurements are written with their counts.
const MAX_SEVERAL: u64 = 10_000;

/// Points with the same dimensions and the same metadata.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The dimensions beside the service.
    pub(super) dimensions: Set<'a>,
    /// The attributes besides the dimensions.
    pub(super) attributes: Vec<(&'a str, Value)>,
    pub(super) metrics: Vec<Metric<'a>>,
    /// The number of points without their dimensions, because of the limit of sets.
    pub(super) dropped_sets: u64,
    /// The number of values refused by CloudWatch.
    pub(super) dropped_values: u64,
}

/// The rules of the grouping.
#[derive(Debug)]
pub(super) struct Rules<'a> {
    /// The names of the attributes used as dimensions.
    pub(super) dimensions: &'a [Cow<'static, str>],
    pub(super) sets: &'a Sets,
    pub(super) max_sets: usize,
    pub(super) high_resolution: &'a [Cow<'static, str>],
}

impl Rules<'_> {
    /// Groups points, in the order of the first point of each group.
    pub(super) fn group<'a>(&'a self, points: impl Iterator<Item = Point<'a>>) -> Vec<Group<'a>> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for point in points {
            let mut attributes = point.attributes();
            attributes.iter_mut().for_each(|(key, value)| mask(key, value));
            let mut dimensions = dimensions::of(self.dimensions, &attributes);
            let is_over = !self.sets.admit(&dimensions, self.max_sets);
            if is_over {
                dimensions.clear();
            }
            attributes.retain(|(key, _)| dimensions.iter().all(|(dimension, _)| dimension != key));
            let place = *places.entry(identity(&dimensions, &attributes)).or_insert(groups.len());
            if place == groups.len() {
                groups.push(Group { dimensions, attributes, metrics: Vec::new(), dropped_sets: 0, dropped_values: 0 });
            }
            if let Some(group) = groups.get_mut(place) {
                group.dropped_sets += u64::from(is_over);
                group.add(&point, self.high_resolution);
            }
        }
        groups
    }
}

impl<'a> Group<'a> {
    fn add(&mut self, point: &Point<'a>, high_resolution: &[Cow<'static, str>]) {
        let (values, dropped) = values(point.data());
        self.dropped_values += dropped;
        let mut name = text::metric_name(point.name());
        // A member of the document cannot be two things.
        if name == super::AWS || name == super::SERVICE || self.dimensions.iter().any(|(key, _)| *key == name) {
            name = format!("metric.{name}").into();
        }
        self.metrics.push(Metric {
            unit: unit::of(point.unit(), point.kind()),
            is_high_resolution: high_resolution.iter().any(|name| name == point.name()),
            name,
            values,
        });
    }
}

/// Returns the values that CloudWatch takes, and the number of refused measurements.
fn values(data: PointData<'_>) -> (Values, u64) {
    let is_taken = |value: f64| value.abs() <= MAX_VALUE;
    let counted: Vec<(f64, u64)> = match data {
        PointData::Number(number) if is_taken(number.as_f64()) => return (Values::One(number.as_f64()), 0),
        PointData::Histogram(histogram) => histogram.values.to_vec(),
        _ => return (Values::Several(Vec::new()), 1),
    };
    let (taken, refused): (Vec<_>, Vec<_>) = counted.into_iter().partition(|(value, _)| is_taken(*value));
    let count = |values: &[(f64, u64)]| values.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
    let values = match count(&taken) {
        ..=MAX_SEVERAL => {
            let repeated = |(value, count): (f64, u64)| std::iter::repeat_n(value, count as usize);
            Values::Several(taken.into_iter().flat_map(repeated).collect())
        }
        _ => Values::Counted(taken),
    };
    (values, count(&refused))
}

/// Masks an attribute, as in log lines.
fn mask(key: &str, value: &mut Value) {
    match value {
        Value::Bool(_) => {}
        _ if mask::masks(key) => *value = redact::REDACTED.into(),
        Value::Str(text) => {
            if let Cow::Owned(masked) = mask::value(text) {
                *value = masked.into();
            }
        }
        _ => {}
    }
}

/// Returns equal texts for equal dimensions and attributes. The types of values count.
fn identity(dimensions: &Set<'_>, attributes: &[(&str, Value)]) -> String {
    format!("{dimensions:?}{attributes:?}")
}
