//! A delivery of CloudWatch Logs: the content and the outcome.

use std::env;
use std::time::SystemTime;

use aws_lambda_events::event::cloudwatch_logs::{LogData, LogEntry};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use serde::Serialize;
use thundra_aws::Error;
use thundra_lines::{DecodeError, Document, Line, LogLine, Report, Telemetry, join_series};

use crate::collector::{Collector, Sent};
use crate::outbox::Outbox;
use crate::request::Request as _;
use crate::signals::Signals;
use crate::source::resource;

/// The telemetry of a delivery.
#[derive(Debug, Default)]
pub(crate) struct Delivery {
    outbox: Outbox,
    /// The metrics of documents.
    documents: ExportMetricsServiceRequest,
    /// The number of unreadable lines with telemetry.
    unreadable: usize,
}

/// The response of the function: the numbers of forwarded records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Forwarded {
    /// The spans taken by the collector.
    pub(crate) spans: usize,
    /// The log records taken by the collector.
    pub(crate) log_records: usize,
    /// The metrics taken by the collector.
    pub(crate) metrics: usize,
    /// The records read and rejected by the collector.
    pub(crate) rejected: usize,
    /// The unreadable lines with telemetry.
    pub(crate) unreadable: usize,
}

impl Delivery {
    /// Reads the lines of a delivery. `None` for a delivery with nothing to forward: the test message of a new
    /// subscription, or the log group of this function.
    ///
    /// The forwarder logs nothing about its own log group, because the log line would be delivered again.
    #[tracing::instrument(skip_all, fields(aws.log.group.names = data.log_group, lines = data.log_events.len()))]
    pub(crate) fn read(data: LogData, signals: Signals) -> Option<Self> {
        if data.message_type != "DATA_MESSAGE" || own_log_group().as_deref() == Some(&data.log_group) {
            return None;
        }
        let mut delivery = Delivery::default();
        let mut reports = Vec::new();
        for entry in &data.log_events {
            if let Err(error) = delivery.add(entry, &data, signals, &mut reports) {
                delivery.unreadable += 1;
                tracing::warn!(log.group = data.log_group, log.event = entry.id, %error, "a line cannot be read");
            }
        }
        for report in delivery.outbox.describe_roots(reports) {
            delivery.outbox.add_log_record(resource(&data, None), report.log_record());
        }
        join_series(&mut delivery.documents);
        delivery.outbox.add(Telemetry::Metrics(std::mem::take(&mut delivery.documents)));
        Some(delivery)
    }

    /// Adds a line, if the line's signal is forwarded.
    fn add(
        &mut self,
        entry: &LogEntry,
        data: &LogData,
        signals: Signals,
        reports: &mut Vec<Report>,
    ) -> Result<(), DecodeError> {
        match Line::read(&entry.message, written(entry))? {
            Line::Telemetry(telemetry) if signals.traces => self.outbox.add(telemetry),
            Line::Telemetry(_) => {}
            Line::Report(report) if signals.traces => reports.push(*report),
            Line::Report(report) if signals.logs => {
                self.outbox.add_log_record(resource(data, None), report.log_record());
            }
            Line::Report(_) => {}
            Line::Other => return self.add_other(entry, data, signals),
        }
        Ok(())
    }

    /// Adds a line without OTLP. Lines not forwarded as metrics, or only in part, are ordinary log lines.
    fn add_other(&mut self, entry: &LogEntry, data: &LogData, signals: Signals) -> Result<(), DecodeError> {
        let document = if signals.metrics { Document::read(&entry.message) } else { None };
        let is_metrics = document.map_or(Ok(false), |document| self.add_document(&document?, data));
        if is_metrics != Ok(true)
            && signals.logs
            && let Some(line) = LogLine::read(&entry.message, written(entry))
        {
            self.outbox.add_log_record(resource(data, line.service.as_deref()), line.record);
        }
        is_metrics.map(|_| ())
    }

    /// Adds the metrics of a document. Returns `false` for a document without metrics.
    ///
    /// # Errors
    ///
    /// If some of the metrics cannot be read. The others are added.
    fn add_document(&mut self, document: &Document, data: &LogData) -> Result<bool, DecodeError> {
        let (metrics, errors) = document.metrics(resource(data, document.service()));
        let is_metrics = metrics.count() > 0;
        self.documents.join(metrics);
        if errors.is_empty() { Ok(is_metrics) } else { Err(DecodeError::Malformed(errors.join("; "))) }
    }

    /// Sends everything to the collector before the deadline.
    ///
    /// # Errors
    ///
    /// If the collector did not take everything. The signals are sent independently, and the error names each failed
    /// signal.
    pub(crate) async fn forward(self, collector: &Collector, deadline: SystemTime) -> Result<Forwarded, Error> {
        let Outbox { traces, logs, metrics } = self.outbox;
        let (spans, log_records, metrics) = tokio::join!(
            collector.send(traces, deadline),
            collector.send(logs, deadline),
            collector.send(metrics, deadline),
        );
        let forwarded = Forwarded {
            spans: spans.taken,
            log_records: log_records.taken,
            metrics: metrics.taken,
            rejected: spans.rejected + log_records.rejected + metrics.rejected,
            unreadable: self.unreadable,
        };
        let failures: Vec<_> = [spans, log_records, metrics].into_iter().flat_map(|sent: Sent| sent.failures).collect();
        if failures.is_empty() {
            Ok(forwarded)
        } else {
            Err(format!("{}; forwarded before: {forwarded:?}", failures.join("; ")).into())
        }
    }
}

/// Returns the time at which a line was written, in nanoseconds since 1970.
fn written(entry: &LogEntry) -> u64 {
    u64::try_from(entry.timestamp).unwrap_or_default().saturating_mul(1_000_000)
}

/// Returns the log group of this function; `None` outside Lambda.
fn own_log_group() -> Option<String> {
    let default = || env::var("AWS_LAMBDA_FUNCTION_NAME").map(|name| format!("/aws/lambda/{name}"));
    env::var("AWS_LAMBDA_LOG_GROUP_NAME").or_else(|_| default()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str], signals: Signals) -> Delivery {
        let event = |line| serde_json::json!({ "id": "1", "timestamp": 0, "message": line });
        let data = serde_json::from_value(serde_json::json!({
            "messageType": "DATA_MESSAGE", "owner": "", "logGroup": "/aws/lambda/orders", "logStream": "",
            "subscriptionFilters": [], "logEvents": lines.iter().map(event).collect::<Vec<_>>(),
        }));
        Delivery::read(data.unwrap(), signals).unwrap()
    }

    #[test]
    fn documents_of_one_time_are_one_metric() {
        let document =
            r#"{"_aws":{"Timestamp":1,"CloudWatchMetrics":[{"Namespace":"a","Metrics":[{"Name":"m"}]}]},"m":1}"#;
        let delivery = read(&[document, "sold out", document], Signals { traces: false, logs: true, metrics: true });
        assert_eq!((delivery.outbox.metrics.count(), delivery.outbox.logs.count()), (1, 1));
    }

    #[test]
    fn a_document_that_is_not_forwarded_as_metrics_is_a_log_line() {
        let document = |metrics: &str| {
            format!(
                r#"{{"_aws":{{"Timestamp":1764115200000,"CloudWatchMetrics":[{{"Namespace":"Shop","Metrics":{metrics}}}]}},
                "here":3,"text":"3"}}"#
            )
        };
        for (line, expected, why) in [
            (document(r#"[{"Name":"here"}]"#), (1, 0, 0), "all of it is metrics"),
            (document(r#"[{"Name":"gone"},{"Name":"here","Unit":null}]"#), (1, 0, 0), "a metric without a value"),
            (document(r#"[{"Name":"text"},{"Name":"here"}]"#), (1, 1, 1), "a metric that is no number"),
            (document(r#"[{"Name":"gone"}]"#), (0, 1, 0), "no metrics"),
            (document("7"), (0, 1, 1), "no document"),
            ("sold out".to_owned(), (0, 1, 0), "another line"),
        ] {
            for logs in [true, false] {
                let delivery = read(&[line.as_str()], Signals { traces: false, logs, metrics: true });
                let found = (delivery.outbox.metrics.count(), delivery.outbox.logs.count(), delivery.unreadable);
                let (metrics, log_records, unreadable) = expected;
                assert_eq!(found, (metrics, if logs { log_records } else { 0 }, unreadable), "{why}");
            }
        }
    }
}
