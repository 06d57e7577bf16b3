//! The same measurements, aggregated by OpenTelemetry's SDK.

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};

use super::*;

/// A point without times.
#[derive(Clone, Debug, PartialEq)]
enum Shown {
    Number(f64),
    Histogram { count: u64, sum: f64, min: f64, max: f64, buckets: Vec<u64>, bounds: Vec<f64> },
}

type ByName = BTreeMap<(String, String), Shown>;

fn ours(sets: &[Vec<Measured>]) -> ByName {
    let mut all = Points::of(OTLP);
    for set in sets {
        let mut points = Points::of(OTLP);
        for measured in set {
            let attributes: Vec<(&str, Value)> = measured.attribute.iter().map(|a| ("a", (*a).into())).collect();
            match measured.instrument {
                0 => record(&mut points, &ORDERS, u64::from(measured.value.unsigned_abs()), &attributes),
                1 => record(&mut points, &QUEUED, i64::from(measured.value), &attributes),
                2 => record(&mut points, &WEIGHT, measured.quarter(), &attributes),
                _ => record(&mut points, &HEAT, measured.quarter(), &attributes),
            }
        }
        all.merge(&mut points);
    }
    let metrics = decode(&registry(Cumulative, OTLP, 1).collect(all, 2));
    let mut shown = ByName::new();
    for metric in metrics {
        let mut add = |attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue], point| {
            let attribute = attributes.iter().map(|a| format!("{:?}", a.value.clone().unwrap().value.unwrap()));
            let attribute = attribute.collect::<String>().replace("IntValue", "I64");
            shown.insert((metric.name.clone(), attribute), point);
        };
        let number = |value: &Option<Decoded>| match value {
            Some(Decoded::AsInt(value)) => Shown::Number(*value as f64),
            Some(Decoded::AsDouble(value)) => Shown::Number(*value),
            None => panic!("no value"),
        };
        match metric.data.as_ref().unwrap() {
            Data::Sum(sum) => sum.data_points.iter().for_each(|p| add(&p.attributes, number(&p.value))),
            Data::Gauge(gauge) => gauge.data_points.iter().for_each(|p| add(&p.attributes, number(&p.value))),
            Data::Histogram(histogram) => histogram.data_points.iter().for_each(|p| {
                add(
                    &p.attributes,
                    Shown::Histogram {
                        count: p.count,
                        sum: p.sum.unwrap(),
                        min: p.min.unwrap(),
                        max: p.max.unwrap(),
                        buckets: p.bucket_counts.clone(),
                        bounds: p.explicit_bounds.clone(),
                    },
                );
            }),
            other => panic!("{other:?}"),
        }
    }
    shown
}

fn theirs(measured: impl Iterator<Item = Measured>) -> ByName {
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter.clone()).build()).build();
    let meter = provider.meter("test");
    let orders = meter.u64_counter("orders").build();
    let queued = meter.i64_up_down_counter("queued").build();
    let weight = meter.f64_histogram("weight").build();
    let heat = meter.f64_gauge("heat").build();
    for measured in measured {
        let attributes: Vec<_> = measured.attribute.iter().map(|a| KeyValue::new("a", *a)).collect();
        match measured.instrument {
            0 => orders.add(u64::from(measured.value.unsigned_abs()), &attributes),
            1 => queued.add(i64::from(measured.value), &attributes),
            2 => weight.record(measured.quarter(), &attributes),
            _ => heat.record(measured.quarter(), &attributes),
        }
    }
    provider.force_flush().unwrap();
    let mut shown = ByName::new();
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
            let mut add = |attributes: Vec<String>, point| {
                shown.insert((metric.name().to_owned(), attributes.concat()), point);
            };
            let text = |a: &KeyValue| format!("{:?}", a.value);
            match metric.data() {
                AggregatedMetrics::U64(MetricData::Sum(sum)) => sum.data_points().for_each(|p| {
                    add(p.attributes().map(text).collect(), Shown::Number(p.value() as f64));
                }),
                AggregatedMetrics::I64(MetricData::Sum(sum)) => sum.data_points().for_each(|p| {
                    add(p.attributes().map(text).collect(), Shown::Number(p.value() as f64));
                }),
                AggregatedMetrics::F64(MetricData::Gauge(gauge)) => gauge.data_points().for_each(|p| {
                    add(p.attributes().map(text).collect(), Shown::Number(p.value()));
                }),
                AggregatedMetrics::F64(MetricData::Histogram(histogram)) => histogram.data_points().for_each(|p| {
                    add(
                        p.attributes().map(text).collect(),
                        Shown::Histogram {
                            count: p.count(),
                            sum: p.sum(),
                            min: p.min().unwrap(),
                            max: p.max().unwrap(),
                            buckets: p.bucket_counts().collect(),
                            bounds: p.bounds().collect(),
                        },
                    );
                }),
                other => panic!("{other:?}"),
            }
        }
    }
    shown
}

#[derive(Clone, Debug)]
struct Measured {
    instrument: u8,
    attribute: Option<i64>,
    value: i32,
}

impl Measured {
    /// Returns the value as a fraction with exact sums.
    fn quarter(&self) -> f64 {
        f64::from(self.value) / 4.0
    }
}

fn measured() -> impl Strategy<Value = Measured> {
    let value = prop_oneof![any::<i32>(), -100..45_000_i32, Just(0), Just(20), Just(40_000)];
    (0..4_u8, prop::option::of(0..3_i64), value).prop_map(|(instrument, attribute, value)| Measured {
        instrument,
        attribute,
        value,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn points_are_those_of_the_sdk(sets in prop::collection::vec(prop::collection::vec(measured(), 0..40), 1..4)) {
        prop_assert_eq!(ours(&sets), theirs(sets.iter().flatten().cloned()));
    }
}
