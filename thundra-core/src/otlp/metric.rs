//! Parts of a `Metric`.

use super::read::{Field, field_ranges};
use super::write::delimited;

/// `Metric.{gauge, sum, histogram, exponential_histogram, summary}`. All of them have `data_points = 1`.
const DATA: [u64; 5] = [5, 7, 9, 10, 11];
const DATA_POINTS: u64 = 1;

/// Returns the messages with data points: one, unless the encoder is odd.
fn data<'a>(metric: &'a [u8]) -> impl Iterator<Item = Field<'a>> {
    field_ranges(metric).map(|(_, field)| field).filter(|field| DATA.contains(&field.number))
}

/// Iterates over the data points of a metric.
pub(crate) fn points(metric: &[u8]) -> impl Iterator<Item = &[u8]> {
    let fields = data(metric).filter_map(|field| field.bytes()).flat_map(field_ranges);
    fields.filter(|(_, field)| field.number == DATA_POINTS).map(|(_, point)| point.bytes().unwrap_or_default())
}

/// Returns the number of data points of a metric.
pub(super) fn data_points(metric: &[u8]) -> u32 {
    u32::try_from(points(metric).count()).unwrap_or(u32::MAX)
}

/// Returns two metrics with half of the data points each; `None` for a single data point.
pub(crate) fn split(metric: &[u8]) -> Option<[Vec<u8>; 2]> {
    let (mut kinds, half) = (data(metric), data_points(metric) / 2);
    let kind = kinds.next().filter(|_| half > 0)?;
    let (body, tag) = (kind.bytes()?, u8::try_from(kind.number << 3 | 2).ok()?);
    if kinds.next().is_some() {
        return None;
    }
    let part = |is_first: bool| {
        let (mut index, mut points) = (0, Vec::with_capacity(body.len()));
        for (range, field) in field_ranges(body) {
            let is_point = field.number == DATA_POINTS;
            // What is not a data point belongs to both.
            if !is_point || (index < half) == is_first {
                points.extend_from_slice(body.get(range).unwrap_or_default());
            }
            index += u32::from(is_point);
        }
        let mut part = Vec::with_capacity(points.len() + 64);
        for (range, _) in field_ranges(metric).filter(|(_, field)| !DATA.contains(&field.number)) {
            part.extend_from_slice(metric.get(range).unwrap_or_default());
        }
        delimited(&mut part, tag, points.len());
        part.extend_from_slice(&points);
        part
    };
    Some([part(true), part(false)])
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::KeyValue;
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use opentelemetry_proto::tonic::metrics::v1::{
        ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
        NumberDataPoint, Sum, Summary, SummaryDataPoint,
    };
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    /// Returns the data of each kind, whose points have these times.
    fn all(times: &[u64]) -> [Data; 5] {
        let times = || times.iter().copied();
        let numbers =
            || times().map(|time_unix_nano| NumberDataPoint { time_unix_nano, ..Default::default() }).collect();
        [
            Data::Gauge(Gauge { data_points: numbers() }),
            Data::Sum(Sum { data_points: numbers(), aggregation_temporality: 2, is_monotonic: true }),
            Data::Histogram(Histogram {
                data_points: times()
                    .map(|time_unix_nano| HistogramDataPoint { time_unix_nano, ..Default::default() })
                    .collect(),
                aggregation_temporality: 1,
            }),
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points: times()
                    .map(|time_unix_nano| ExponentialHistogramDataPoint { time_unix_nano, ..Default::default() })
                    .collect(),
                aggregation_temporality: 2,
            }),
            Data::Summary(Summary {
                data_points: times()
                    .map(|time_unix_nano| SummaryDataPoint { time_unix_nano, ..Default::default() })
                    .collect(),
            }),
        ]
    }

    fn metric(data: Data) -> Metric {
        let (name, description, unit) = ("orders".to_owned(), "Orders.".to_owned(), "{order}".to_owned());
        let metadata = vec![KeyValue { key: "team".to_owned(), ..KeyValue::default() }];
        Metric { name, description, unit, metadata, data: Some(data) }
    }

    #[test]
    fn each_part_has_half_of_the_data_points_and_everything_else() {
        for (whole, [first, second]) in
            all(&[1, 2, 3, 4, 5]).into_iter().zip(all(&[1, 2]).into_iter().zip(all(&[3, 4, 5])).map(|(a, b)| [a, b]))
        {
            let parts = split(&metric(whole).encode_to_vec()).unwrap();
            assert_eq!(parts.each_ref().map(|part| data_points(part)), [2, 3]);
            let parts = parts.map(|part| Metric::decode(part.as_slice()).unwrap());
            assert_eq!(parts, [metric(first), metric(second)]);
        }
    }

    #[test]
    fn a_single_data_point_stays_whole() {
        for data in all(&[1]).into_iter().chain(all(&[])) {
            assert_eq!(split(&metric(data).encode_to_vec()), None);
        }
        assert_eq!(split(&Metric::default().encode_to_vec()), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_split_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = split(&bytes);
        }
    }
}
