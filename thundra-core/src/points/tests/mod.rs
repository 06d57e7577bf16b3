//! Points as decoded by a collector, compared with the points of OpenTelemetry's SDK.

mod limits;
mod sdk;

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Decoded;
use opentelemetry_proto::tonic::metrics::v1::{Metric, ScopeMetrics};
use proptest::prelude::*;
use prost::Message;

use super::attributes::AttributeSet;
use super::instrument::{Identity, Instrument, Number};
use super::registry::Registry;
use super::set::{PointHash, Points};
use super::switch::Wanted;
use crate::Value;
use crate::config::TemporalityPreference;
use crate::config::TemporalityPreference::{Cumulative, Delta, LowMemory};

const OTLP: Wanted = Wanted { otlp: true, ..Wanted::NOTHING };

static ORDERS: Instrument = Instrument::counter("orders", "{order}", "Orders of customers.");
static QUEUED: Instrument = Instrument::up_down_counter("queued", "", "");
static LATENCY: Instrument = Instrument::histogram("latency", "s", "");
static WEIGHT: Instrument = Instrument::histogram("weight", "kg", "");
static HEAT: Instrument = Instrument::gauge("heat", "Cel", "");

fn record(points: &mut Points, instrument: &Instrument, value: impl Into<Number>, attributes: &[(&str, Value)]) {
    record_as(points, &instrument.identity(), value, attributes);
}

fn record_as(points: &mut Points, identity: &Identity<'_>, value: impl Into<Number>, attributes: &[(&str, Value)]) {
    let mut set = AttributeSet::default();
    set.clear();
    attributes.iter().for_each(|(key, value)| set.push(key, value));
    let hash = PointHash::of(identity.name.as_str(), identity.kind, set.bytes());
    points.record(identity, set.bytes(), hash, value.into(), 1);
}

fn registry(temporality: TemporalityPreference, wanted: Wanted, now: u64) -> Registry {
    let mut registry = Registry::NEW;
    registry.start(temporality, wanted, now);
    registry
}

fn decode(records: &crate::Records) -> Vec<Metric> {
    let metrics = ScopeMetrics::decode(records.bytes()).unwrap().metrics;
    assert_eq!(u32::try_from(metrics.iter().map(points_of).sum::<usize>()).unwrap(), records.count());
    metrics
}

fn points_of(metric: &Metric) -> usize {
    match metric.data.as_ref().unwrap() {
        Data::Sum(sum) => sum.data_points.len(),
        Data::Gauge(gauge) => gauge.data_points.len(),
        Data::Histogram(histogram) => histogram.data_points.len(),
        Data::ExponentialHistogram(histogram) => histogram.data_points.len(),
        Data::Summary(_) => panic!("a summary"),
    }
}

/// Returns the sums of a metric by the value of the attribute `a`, with the window of each.
fn sums(metrics: &[Metric], name: &str) -> BTreeMap<String, (i64, u64, u64)> {
    let Some(metric) = metrics.iter().find(|metric| metric.name == name) else { return BTreeMap::new() };
    let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
    let point = |point: &opentelemetry_proto::tonic::metrics::v1::NumberDataPoint| {
        let Some(Decoded::AsInt(value)) = point.value else { panic!("{point:?}") };
        let key = point.attributes.first().and_then(|a| match a.value.clone()?.value? {
            any_value::Value::StringValue(text) => Some(text),
            _ => None,
        });
        (key.unwrap_or_default(), (value, point.start_time_unix_nano, point.time_unix_nano))
    };
    sum.data_points.iter().map(point).collect()
}

#[test]
fn a_collector_decodes_all_kinds() {
    let mut points = Points::of(OTLP);
    let attributes = [("b", Value::from(true)), ("a", "x".into()), ("n", 7.into()), ("f", 1.5.into())];
    record(&mut points, &ORDERS, 2_u64, &attributes);
    record(&mut points, &QUEUED, -3_i64, &[]);
    record(&mut points, &LATENCY, 0.2, &attributes);
    record(&mut points, &WEIGHT, 12_u64, &[]);
    record(&mut points, &HEAT, -4.5, &[]);
    let metrics = decode(&registry(Delta, OTLP, 10).collect(points, 20));
    let head: Vec<_> = metrics.iter().map(|m| (m.name.as_str(), m.unit.as_str(), m.description.as_str())).collect();
    assert_eq!(
        head,
        [
            ("orders", "{order}", "Orders of customers."),
            ("latency", "s", ""),
            ("weight", "kg", ""),
            ("heat", "Cel", ""),
            ("queued", "", "")
        ],
        "the cumulative ones follow"
    );
    let Some(Data::Sum(orders)) = &metrics[0].data else { panic!() };
    assert_eq!((orders.aggregation_temporality, orders.is_monotonic), (1, true));
    let point = &orders.data_points[0];
    assert_eq!((point.start_time_unix_nano, point.time_unix_nano, &point.value), (10, 20, &Some(Decoded::AsInt(2))));
    assert_eq!(point.attributes.iter().map(|a| a.key.as_str()).collect::<Vec<_>>(), ["a", "b", "f", "n"]);
    let Some(Data::Histogram(latency)) = &metrics[1].data else { panic!() };
    let point_of_latency = &latency.data_points[0];
    assert_eq!(point_of_latency.attributes, point.attributes);
    assert_eq!(point_of_latency.explicit_bounds.first(), Some(&0.005), "the conventions' boundaries for seconds");
    assert_eq!(point_of_latency.bucket_counts, [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let Some(Data::Histogram(weight)) = &metrics[2].data else { panic!() };
    let point = &weight.data_points[0];
    assert_eq!((point.count, point.sum, point.min, point.max), (1, Some(12.0), Some(12.0), Some(12.0)));
    assert_eq!((point.explicit_bounds.len(), point.bucket_counts[3]), (15, 1), "10 < 12 ≤ 25");
    let Some(Data::Gauge(heat)) = &metrics[3].data else { panic!() };
    assert_eq!(heat.data_points[0].value, Some(Decoded::AsDouble(-4.5)));
    let Some(Data::Sum(queued)) = &metrics[4].data else { panic!() };
    assert_eq!((queued.aggregation_temporality, queued.is_monotonic), (2, false));
}

#[test]
fn delta_points_begin_at_the_last_collection_and_cumulative_ones_at_the_start() {
    for (temporality, first, second, third) in [
        (Delta, (2, 10, 20), (3, 20, 30), None),
        (LowMemory, (2, 10, 20), (3, 20, 30), None),
        (Cumulative, (2, 10, 20), (5, 10, 30), Some((5, 10, 31))),
    ] {
        let mut registry = registry(temporality, OTLP, 10);
        let mut collect = |orders: Option<u64>, now| {
            let mut points = Points::of(OTLP);
            if let Some(orders) = orders {
                record(&mut points, &ORDERS, orders, &[]);
                record(&mut points, &QUEUED, orders, &[]);
            }
            let metrics = decode(&registry.collect(points, now));
            (sums(&metrics, "orders").remove(""), sums(&metrics, "queued").remove(""))
        };
        assert_eq!(collect(Some(2), 20), (Some(first), Some((2, 10, 20))), "{temporality:?}");
        assert_eq!(collect(Some(3), 30), (Some(second), Some((5, 10, 30))), "{temporality:?}");
        // The clock went back, and the window is not empty all the same.
        assert_eq!(collect(None, 25), (third, Some((5, 10, 31))), "{temporality:?}");
    }
}

#[test]
fn a_restored_process_begins_anew() {
    let mut registry = registry(Cumulative, OTLP, 10);
    let mut points = Points::of(OTLP);
    record(&mut points, &ORDERS, 2_u64, &[]);
    registry.collect(points, 20);
    registry.restart(1000);
    let mut points = Points::of(OTLP);
    record(&mut points, &ORDERS, 1_u64, &[]);
    let metrics = decode(&registry.collect(points, 1010));
    assert_eq!(sums(&metrics, "orders")[""], (1, 1000, 1010));
}

#[test]
fn the_last_measurement_of_a_gauge_wins_in_whatever_order_sets_are_merged() {
    let (mut first, mut second) = (Points::of(OTLP), Points::of(OTLP));
    record(&mut first, &HEAT, 1_u64, &[]);
    std::thread::sleep(std::time::Duration::from_millis(1));
    record(&mut second, &HEAT, 2_u64, &[]);
    second.merge(&mut first);
    assert_eq!(second.iter().next().unwrap().data(), super::point::PointData::Number(Number::U64(2)));
}

proptest! {
    #[test]
    fn any_sequence_keeps_sums_exact(
        measured in prop::collection::vec((0..4_usize, 0..60_u8, any::<i64>()), 0..300),
        collections in prop::collection::vec(any::<bool>(), 300),
        is_delta in any::<bool>(),
    ) {
        let mut sets: Vec<Points> = (0..4).map(|_| Points::of(OTLP)).collect();
        let mut registry = registry(if is_delta { Delta } else { Cumulative }, OTLP, 1);
        let (mut expected, mut exported) = (BTreeMap::<String, i128>::new(), BTreeMap::<String, i128>::new());
        let mut collect = |sets: &mut Vec<Points>, now| {
            let mut all = Points::of(OTLP);
            sets.iter_mut().for_each(|set| all.merge(set));
            for (key, (sum, ..)) in sums(&decode(&registry.collect(all, now)), "orders") {
                let to = exported.entry(key).or_default();
                *to = i128::from(sum) + if is_delta { *to } else { 0 };
            }
        };
        for (now, ((set, attribute, value), is_collected)) in (2..).zip(measured.iter().zip(collections)) {
            // Far from OTLP's range, where a sum becomes a floating-point number.
            let value = value.unsigned_abs() >> 12;
            record(&mut sets[*set], &ORDERS, value, &[("a", attribute.to_string().into())]);
            *expected.entry(attribute.to_string()).or_default() += i128::from(value);
            if is_collected {
                collect(&mut sets, now);
            }
        }
        collect(&mut sets, 1000);
        prop_assert_eq!(exported, expected);
    }

    #[test]
    fn exponential_buckets_hold_every_value(
        measured in prop::collection::vec(prop_oneof![
            any::<f64>().prop_filter("finite", |value| value.is_finite()),
            -1e3..1e3_f64,
            1.0..1.001_f64,
            Just(0.0),
        ], 1..200),
        parts in 1..4_usize,
    ) {
        let wanted = Wanted { exponential: true, ..OTLP };
        let mut whole = Points::of(wanted);
        for part in measured.chunks(measured.len().div_ceil(parts)) {
            let mut points = Points::of(wanted);
            part.iter().for_each(|value| record(&mut points, &WEIGHT, *value, &[]));
            whole.merge(&mut points);
        }
        let metrics = decode(&registry(Delta, wanted, 1).collect(whole, 2));
        let Some(Data::ExponentialHistogram(histogram)) = &metrics[0].data else { panic!() };
        let point = &histogram.data_points[0];
        prop_assert_eq!(point.zero_count, measured.iter().filter(|value| **value == 0.0).count() as u64);
        for (sign, buckets) in [(1.0, &point.positive), (-1.0, &point.negative)] {
            let values: Vec<f64> = measured.iter().map(|value| value * sign).filter(|value| *value > 0.0).collect();
            let Some(buckets) = buckets else {
                prop_assert!(values.is_empty());
                continue;
            };
            prop_assert!(buckets.bucket_counts.len() <= 160);
            prop_assert_eq!(buckets.bucket_counts.iter().sum::<u64>(), values.len() as u64);
            let base = f64::from(-point.scale).exp2();
            for (bucket, count) in (buckets.offset..).zip(&buckets.bucket_counts) {
                // As logarithms, and with some room for rounding at the boundaries.
                let (low, high) = (f64::from(bucket) * base - 1e-9, f64::from(bucket + 1) * base + 1e-9);
                let inside = values.iter().filter(|value| (low..=high).contains(&value.log2())).count() as u64;
                prop_assert!(inside >= *count, "bucket {}: {} of {}", bucket, inside, count);
            }
        }
    }
}
