//! Data points as plain data, read from OTLP bytes.

use super::read::{Field, attribute, fields};
use crate::{MetricData, MetricValue};

/// The data of a metric, by the number of the field in `Metric`.
const GAUGE: u64 = 5;
const SUM: u64 = 7;
const HISTOGRAM: u64 = 9;
const EXPONENTIAL_HISTOGRAM: u64 = 10;

/// Reads the data points of a run of `ScopeMetrics.metrics` fields. Malformed points and summaries are left out.
pub(crate) fn data_points(run: &[u8]) -> Vec<MetricData> {
    let metrics = fields(run).filter(|field| field.number == 2);
    metrics.filter_map(|field| Some(of_metric(field.bytes()?))).flatten().collect()
}

fn of_metric(metric: &[u8]) -> Vec<MetricData> {
    let text = |number| fields(metric).find(|field| field.number == number).and_then(|field| field.text());
    let (name, unit) = (text(1).unwrap_or_default(), text(3).unwrap_or_default());
    let data = fields(metric).filter(|field| matches!(field.number, GAUGE | SUM | HISTOGRAM | EXPONENTIAL_HISTOGRAM));
    let points = data.flat_map(|data| {
        let points = fields(data.bytes().unwrap_or_default()).filter(|field| field.number == 1);
        points.filter_map(|point| point_of(data.number, point.bytes()?)).collect::<Vec<_>>()
    });
    points.map(|(attributes, value)| MetricData { name: name.clone(), unit: unit.clone(), attributes, value }).collect()
}

type Attributes = Vec<(String, crate::Value)>;

fn point_of(data: u64, point: &[u8]) -> Option<(Attributes, MetricValue)> {
    let key_values = match data {
        HISTOGRAM => 9,
        EXPONENTIAL_HISTOGRAM => 1,
        _ => 7,
    };
    let attributes = fields(point).filter(|field| field.number == key_values);
    let attributes = attributes.filter_map(|field| attribute(field.bytes()?)).collect();
    let number =
        |number| fields(point).find(|field| field.number == number).and_then(|field: Field<'_>| field.integer());
    let double = |at| number(at).map(f64::from_bits);
    let scalar = || double(4).or_else(|| number(6).map(|value| value as i64 as f64)).unwrap_or_default();
    let value = match data {
        GAUGE => MetricValue::Gauge(scalar()),
        SUM => MetricValue::Sum(scalar()),
        _ => {
            let (min, max) = if data == HISTOGRAM { (11, 12) } else { (12, 13) };
            let (count, sum) = (number(4).unwrap_or_default(), double(5).unwrap_or_default());
            MetricValue::Histogram { count, sum, min: double(min), max: double(max) }
        }
    };
    Some((attributes, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = (data_points(&bytes), of_metric(&bytes));
            for data in [GAUGE, SUM, HISTOGRAM, EXPONENTIAL_HISTOGRAM] {
                let _ = point_of(data, &bytes);
            }
        }
    }
}
