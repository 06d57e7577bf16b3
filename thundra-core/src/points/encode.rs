//! Points as OTLP: `ScopeMetrics.metrics` fields.

use super::data::Data;
use super::exponential::{Buckets, Exponential};
use super::histogram::{Distribution, Explicit, Histogram};
use super::instrument::{InstrumentKind, Number};
use super::point::Point;
use super::set::Points;
use crate::otlp::read::each_attribute;
use crate::otlp::write::{self, tag};

/// The period of the aggregation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) is_delta: bool,
    /// The start, in nanoseconds since 1970.
    pub(super) start: u64,
    pub(super) end: u64,
}

/// Appends a metric for each instrument of the kinds accepted by `takes`.
pub(super) fn metrics(points: &Points, takes: impl Fn(InstrumentKind) -> bool, window: Window, out: &mut Vec<u8>) {
    for (kept, points) in points.by_instrument().into_iter().filter(|(kept, _)| takes(kept.kind)) {
        write::nested(out, tag::SPAN, |out| {
            write::bytes(out, tag::METRIC_NAME, kept.name.as_bytes());
            for (tag, text) in [(tag::METRIC_DESCRIPTION, &kept.description), (tag::METRIC_UNIT, &kept.unit)] {
                if !text.is_empty() {
                    write::bytes(out, tag, text.as_bytes());
                }
            }
            let data = match kept.kind {
                InstrumentKind::Counter | InstrumentKind::UpDownCounter => tag::METRIC_SUM,
                InstrumentKind::Gauge => tag::METRIC_GAUGE,
                InstrumentKind::Histogram if is_exponential(&points) => tag::METRIC_EXPONENTIAL_HISTOGRAM,
                InstrumentKind::Histogram => tag::METRIC_HISTOGRAM,
            };
            write::nested(out, data, |out| {
                points
                    .iter()
                    .for_each(|point| write::nested(out, tag::DATA_POINT, |out| data_point(point, window, out)));
                if kept.kind != InstrumentKind::Gauge {
                    out.extend_from_slice(&[tag::AGGREGATION_TEMPORALITY, if window.is_delta { 1 } else { 2 }]);
                }
                if kept.kind == InstrumentKind::Counter {
                    out.extend_from_slice(&[tag::SUM_IS_MONOTONIC, 1]);
                }
            });
        });
    }
}

fn is_exponential(points: &[Point<'_>]) -> bool {
    let is_exponential = |point: &Point<'_>| match point.aggregated() {
        Data::Histogram(histogram) => matches!(histogram.distribution, Some(Distribution::Exponential(_))),
        _ => false,
    };
    points.first().is_some_and(is_exponential)
}

/// Writes a data point. All kinds have the same fields for times.
fn data_point(point: &Point<'_>, window: Window, out: &mut Vec<u8>) {
    // A gauge has no period of aggregation.
    if !matches!(point.aggregated(), Data::Gauge { .. }) {
        write::fixed64(out, tag::DATA_POINT_START, window.start);
    }
    write::fixed64(out, tag::DATA_POINT_TIME, window.end);
    match point.aggregated() {
        Data::Sum(sum) => number(point, sum.total(), out),
        Data::Gauge { value, .. } => number(point, *value, out),
        Data::Histogram(histogram) => self::histogram(point, histogram, out),
    }
}

fn number(point: &Point<'_>, value: Number, out: &mut Vec<u8>) {
    out.extend_from_slice(point.encoded_attributes());
    match value {
        Number::I64(value) => write::fixed64(out, tag::NUMBER_POINT_INT, value as u64),
        Number::U64(value) => match i64::try_from(value) {
            Ok(value) => write::fixed64(out, tag::NUMBER_POINT_INT, value as u64),
            Err(_) => write::fixed64(out, tag::NUMBER_POINT_DOUBLE, (value as f64).to_bits()),
        },
        Number::F64(value) => write::fixed64(out, tag::NUMBER_POINT_DOUBLE, value.to_bits()),
    }
}

fn histogram(point: &Point<'_>, histogram: &Histogram, out: &mut Vec<u8>) {
    write::fixed64(out, tag::HISTOGRAM_POINT_COUNT, histogram.count);
    write::fixed64(out, tag::HISTOGRAM_POINT_SUM, histogram.sum.to_bits());
    let (attribute, min, max) = match &histogram.distribution {
        Some(Distribution::Exponential(buckets)) => {
            exponential(buckets, out);
            (tag::EXPONENTIAL_POINT_ATTRIBUTE, tag::EXPONENTIAL_POINT_MIN, tag::EXPONENTIAL_POINT_MAX)
        }
        Some(Distribution::Explicit(buckets)) => {
            explicit(buckets, out);
            (tag::HISTOGRAM_POINT_ATTRIBUTE, tag::HISTOGRAM_POINT_MIN, tag::HISTOGRAM_POINT_MAX)
        }
        None => (tag::HISTOGRAM_POINT_ATTRIBUTE, tag::HISTOGRAM_POINT_MIN, tag::HISTOGRAM_POINT_MAX),
    };
    write::fixed64(out, min, histogram.min.to_bits());
    write::fixed64(out, max, histogram.max.to_bits());
    each_attribute(point.encoded_attributes(), |_, field| {
        out.push(attribute);
        out.extend_from_slice(field.get(1..).unwrap_or_default());
    });
}

fn explicit(buckets: &Explicit, out: &mut Vec<u8>) {
    let counts = buckets.counts();
    write::delimited(out, tag::HISTOGRAM_POINT_BUCKET_COUNTS, counts.len() * 8);
    counts.iter().for_each(|count| out.extend_from_slice(&count.to_le_bytes()));
    write::delimited(out, tag::HISTOGRAM_POINT_BOUNDS, buckets.bounds.len() * 8);
    buckets.bounds.iter().for_each(|bound| out.extend_from_slice(&bound.to_le_bytes()));
}

fn exponential(buckets: &Exponential, out: &mut Vec<u8>) {
    out.push(tag::EXPONENTIAL_POINT_SCALE);
    write::varint(out, zigzag(buckets.scale));
    write::fixed64(out, tag::EXPONENTIAL_POINT_ZERO_COUNT, buckets.zero_count);
    for (tag, buckets) in
        [(tag::EXPONENTIAL_POINT_POSITIVE, &buckets.positive), (tag::EXPONENTIAL_POINT_NEGATIVE, &buckets.negative)]
    {
        if !buckets.counts.is_empty() {
            write::nested(out, tag, |out| of_one_sign(buckets, out));
        }
    }
}

fn of_one_sign(buckets: &Buckets, out: &mut Vec<u8>) {
    out.push(tag::BUCKETS_OFFSET);
    write::varint(out, zigzag(buckets.offset));
    write::nested(out, tag::BUCKETS_COUNTS, |out| buckets.counts.iter().for_each(|count| write::varint(out, *count)));
}

/// Returns the encoding of an `sint32`.
const fn zigzag(value: i32) -> u64 {
    ((value << 1) ^ (value >> 31)) as u32 as u64
}
