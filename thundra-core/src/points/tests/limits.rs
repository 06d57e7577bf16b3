//! Measurements over the limits.

use super::*;
use crate::points::instrument::{InstrumentKind, Text};
use crate::points::set::{MAX_INSTRUMENTS, MAX_SETS};

fn named(name: &str) -> Identity<'_> {
    Identity { name: Text::Borrowed(name), is_built_in: false, ..ORDERS.identity() }
}

#[test]
fn over_2000_sets_of_attributes_are_one_point() {
    let mut points = Points::of(OTLP);
    for n in 0..u64::from(MAX_SETS) + 500 {
        record(&mut points, &ORDERS, 1_u64, &[("a", n.to_string().into())]);
    }
    // An attribute set with a point keeps the point.
    record(&mut points, &ORDERS, 10_u64, &[("a", "7".into())]);
    record(&mut points, &QUEUED, 1_u64, &[("a", "other instrument".into())]);
    let metrics = decode(&registry(Delta, OTLP, 1).collect(points, 2));
    let Some(Data::Sum(sum)) = &metrics[0].data else { panic!() };
    assert_eq!(sum.data_points.len(), MAX_SETS as usize + 1);
    let over: Vec<_> =
        sum.data_points.iter().filter(|point| point.attributes[0].key == "otel.metric.overflow").collect();
    let [over] = over.as_slice() else { panic!("{over:?}") };
    assert_eq!(over.value, Some(Decoded::AsInt(500)));
    assert_eq!(over.attributes[0].value.clone().unwrap().value, Some(any_value::Value::BoolValue(true)));
    assert_eq!(sums(&metrics, "orders")["7"].0, 11);
    assert_eq!(sums(&metrics, "queued").len(), 1);
}

#[test]
fn merging_sets_keeps_the_limit_and_the_sum() {
    let mut whole = Points::of(OTLP);
    for set in 0..3_u64 {
        let mut points = Points::of(OTLP);
        (0..1500_u64).for_each(|n| record(&mut points, &ORDERS, 1_u64, &[("a", format!("{set}.{n}").into())]));
        whole.merge(&mut points);
    }
    let metrics = decode(&registry(Delta, OTLP, 1).collect(whole, 2));
    let Some(Data::Sum(sum)) = &metrics[0].data else { panic!() };
    assert_eq!(sum.data_points.len(), MAX_SETS as usize + 1);
    let total: i64 = sum.data_points.iter().map(|p| if let Some(Decoded::AsInt(v)) = p.value { v } else { 0 }).sum();
    assert_eq!(total, 4500);
}

#[test]
fn names_made_at_run_time_fill_no_memory() {
    let mut points = Points::of(OTLP);
    (0..3000).for_each(|n| record_as(&mut points, &named(&format!("n{n}")), 1_u64, &[]));
    assert_eq!(points.len(), MAX_INSTRUMENTS);
    record_as(&mut points, &named("n3"), 1_u64, &[("a", 1.into())]);
    assert_eq!(points.len(), MAX_INSTRUMENTS + 1, "a known name has room");
    (0..2000).for_each(|n| {
        let huge = "x".repeat(9000);
        record_as(&mut points, &named("n1"), 1_u64, &[("a", format!("{huge}{n}").into())]);
    });
    assert_eq!(points.len(), MAX_INSTRUMENTS + 2, "long attributes are over the limit");
}

#[test]
fn an_invalid_name_has_no_point() {
    let mut points = Points::of(OTLP);
    for name in ["", "1st", "orders total", "ä"] {
        record_as(&mut points, &named(name), 1_u64, &[]);
    }
    assert!(points.is_empty());
}

#[test]
fn a_name_with_two_kinds_has_a_point_of_each() {
    let mut points = Points::of(OTLP);
    record_as(&mut points, &named("x"), 1_u64, &[]);
    record_as(&mut points, &Identity { kind: InstrumentKind::Histogram, ..named("x") }, 1_u64, &[]);
    let metrics = decode(&registry(Delta, OTLP, 1).collect(points, 2));
    assert_eq!(metrics.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>(), ["x", "x"]);
}
