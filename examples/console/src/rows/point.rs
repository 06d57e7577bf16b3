//! Data points of metrics as rows.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{Exemplar, Metric, NumberDataPoint};
use prost::Message as _;

use super::{bounds, cut};

/// A data point.
#[derive(Debug)]
pub(crate) struct PointRow {
    pub(crate) name: String,
    pub(crate) unit: String,
    /// `gauge`, `sum`, `histogram` or `summary`.
    pub(crate) kind: &'static str,
    /// The attributes as OTLP bytes of a resource, which has the same list.
    pub(crate) attributes: Vec<u8>,
    /// Nanoseconds since 1970.
    pub(crate) time: i64,
    /// The value, or the sum of the measurements.
    pub(crate) value: f64,
    pub(crate) count: Option<i64>,
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    /// The trace of an exemplar.
    pub(crate) trace_id: Option<[u8; 16]>,
    pub(crate) resource: usize,
}

/// Makes the rows of a metric.
pub(super) fn rows(metric: Metric, resource: usize) -> Vec<PointRow> {
    let (name, unit) = (cut(&metric.name), cut(&metric.unit));
    let row = |kind,
               attributes: Vec<KeyValue>,
               time: u64,
               value: f64,
               count: Option<u64>,
               range: [Option<f64>; 2],
               exemplars: &[Exemplar]| {
        let [min, max] = range.map(|bound| bound.filter(|bound| bound.is_finite()));
        PointRow {
            name: name.to_owned(),
            unit: unit.to_owned(),
            kind,
            attributes: list(attributes),
            time: bounds::time(time),
            value: if value.is_finite() { value } else { 0.0 },
            count: count.map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
            min,
            max,
            trace_id: exemplars.iter().find_map(trace_of),
            resource,
        }
    };
    let number = |kind, point: NumberDataPoint| {
        let value = match point.value {
            Some(Number::AsInt(number)) => number as f64,
            Some(Number::AsDouble(number)) => number,
            None => 0.0,
        };
        row(kind, point.attributes, point.time_unix_nano, value, None, [None; 2], &point.exemplars)
    };
    let histogram_row = |attributes, time, count, sum: Option<f64>, range, exemplars: &[Exemplar]| {
        row("histogram", attributes, time, sum.unwrap_or(0.0), Some(count), range, exemplars)
    };
    match metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.into_iter().map(|point| number("gauge", point)).collect(),
        Some(Data::Sum(sum)) => sum.data_points.into_iter().map(|point| number("sum", point)).collect(),
        Some(Data::Histogram(histogram)) => {
            let points = histogram.data_points.into_iter();
            points
                .map(|point| {
                    let (range, sum) = ([point.min, point.max], point.sum);
                    histogram_row(point.attributes, point.time_unix_nano, point.count, sum, range, &point.exemplars)
                })
                .collect()
        }
        Some(Data::ExponentialHistogram(histogram)) => {
            let points = histogram.data_points.into_iter();
            points
                .map(|point| {
                    let (range, sum) = ([point.min, point.max], point.sum);
                    histogram_row(point.attributes, point.time_unix_nano, point.count, sum, range, &point.exemplars)
                })
                .collect()
        }
        Some(Data::Summary(summary)) => {
            let points = summary.data_points.into_iter();
            points
                .map(|point| {
                    row("summary", point.attributes, point.time_unix_nano, point.sum, Some(point.count), [None; 2], &[])
                })
                .collect()
        }
        None => Vec::new(),
    }
}

/// Returns the trace of an exemplar; `None` for one without.
fn trace_of(exemplar: &Exemplar) -> Option<[u8; 16]> {
    exemplar.trace_id.as_slice().try_into().ok().filter(|id| *id != [0; 16])
}

fn list(attributes: Vec<KeyValue>) -> Vec<u8> {
    opentelemetry_proto::tonic::resource::v1::Resource { attributes, ..Default::default() }.encode_to_vec()
}
