//! Log records and data points for unit tests, encoded by the official crate.

use opentelemetry_proto::tonic::common::v1::{AnyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Gauge, Metric, NumberDataPoint, ScopeMetrics};
use prost::Message;

use crate::{Records, Signal};

/// Returns a log record for each of the texts.
pub(crate) fn logs(texts: &[&str]) -> Records {
    let record = |text: &&str| LogRecord {
        body: Some(AnyValue { value: Some(any_value::Value::StringValue((*text).to_owned())) }),
        ..LogRecord::default()
    };
    let scope = ScopeLogs { log_records: texts.iter().map(record).collect(), ..ScopeLogs::default() };
    Records::from_encoded(Signal::Logs, scope.encode_to_vec())
}

/// Returns a metric for each of the numbers, with as many data points.
pub(crate) fn metrics(points: &[usize]) -> Records {
    let metric = |points: &usize| Metric {
        name: "metric".to_owned(),
        data: Some(Data::Gauge(Gauge { data_points: vec![NumberDataPoint::default(); *points] })),
        ..Metric::default()
    };
    let scope = ScopeMetrics { metrics: points.iter().map(metric).collect(), ..ScopeMetrics::default() };
    Records::from_encoded(Signal::Metrics, scope.encode_to_vec())
}
