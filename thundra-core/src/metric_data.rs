//! Data points as plain data, for tests.

use crate::Value;

/// A data point: the measurements of one metric with the same attributes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MetricData {
    /// The name of the metric.
    pub name: String,
    /// The unit; empty for none.
    pub unit: String,
    /// The attributes.
    pub attributes: Vec<(String, Value)>,
    /// The aggregated measurements.
    pub value: MetricValue,
}

impl MetricData {
    /// Returns the value of an attribute.
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }
}

/// The aggregated measurements of a data point.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum MetricValue {
    /// The sum of a counter.
    Sum(f64),
    /// The last value of a gauge.
    Gauge(f64),
    /// The values of a histogram.
    Histogram {
        /// The number of values.
        count: u64,
        /// The sum of the values.
        sum: f64,
        /// The lowest value. `None` from a sender without the measurement.
        min: Option<f64>,
        /// The highest value. `None` from a sender without the measurement.
        max: Option<f64>,
    },
}
