//! A delivery of CloudWatch Logs: what it holds, and what became of it.

use std::env;
use std::time::SystemTime;

use aws_lambda_events::event::cloudwatch_logs::{LogData, LogEntry};
use serde::Serialize;
use thundra_aws::Error;

use crate::collector::{Collector, Sent};
use crate::emf::Document;
use crate::line::{Line, Telemetry};
use crate::log_line::LogLine;
use crate::outbox::Outbox;
use crate::report::{self, Report};
use crate::signals::Signals;

/// The telemetry of a delivery.
#[derive(Debug)]
pub(crate) struct Delivery {
    outbox: Outbox,
    /// The number of lines with telemetry that could not be read.
    unreadable: usize,
}

/// The response of the function: the numbers of forwarded records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Forwarded {
    /// Spans that the collector took.
    pub(crate) spans: usize,
    /// Log records that the collector took.
    pub(crate) log_records: usize,
    /// Metrics that the collector took.
    pub(crate) metrics: usize,
    /// Records that the collector read and rejected.
    pub(crate) rejected: usize,
    /// Lines with telemetry that could not be read.
    pub(crate) unreadable: usize,
}

impl Delivery {
    /// Reads the lines of a delivery; `None` for one that holds nothing to forward: the test message of a new
    /// subscription, or the log group of this function.
    ///
    /// Nothing is logged about the own log group. A line about it would be delivered again.
    #[tracing::instrument(skip_all, fields(aws.log.group.names = data.log_group, lines = data.log_events.len()))]
    pub(crate) fn read(data: LogData, signals: Signals) -> Option<Self> {
        if data.message_type != "DATA_MESSAGE" || own_log_group().as_deref() == Some(&data.log_group) {
            return None;
        }
        let mut delivery = Delivery { outbox: Outbox::default(), unreadable: 0 };
        let mut reports = Vec::new();
        for entry in &data.log_events {
            if let Err(error) = delivery.add(entry, &data, signals, &mut reports) {
                delivery.unreadable += 1;
                tracing::warn!(log.group = data.log_group, log.event = entry.id, %error, "a line cannot be read");
            }
        }
        for report in delivery.outbox.describe_roots(reports) {
            delivery.outbox.add_log_record(report::resource(&data, None), report.log_record());
        }
        Some(delivery)
    }

    /// Adds a line, if it is to be forwarded.
    fn add(
        &mut self,
        entry: &LogEntry,
        data: &LogData,
        signals: Signals,
        reports: &mut Vec<Report>,
    ) -> Result<(), String> {
        match Line::read(&entry.message, entry.timestamp)? {
            Line::Telemetry(telemetry) if signals.traces => self.outbox.add(telemetry),
            Line::Telemetry(_) => {}
            Line::Report(report) if signals.traces => reports.push(*report),
            Line::Report(report) if signals.logs => {
                self.outbox.add_log_record(report::resource(data, None), report.log_record());
            }
            Line::Report(_) => {}
            Line::Other => return self.add_other(entry, data, signals),
        }
        Ok(())
    }

    /// Adds a line without OTLP.
    fn add_other(&mut self, entry: &LogEntry, data: &LogData, signals: Signals) -> Result<(), String> {
        if signals.metrics
            && let Some(document) = Document::read(&entry.message)
        {
            let document = document?;
            let source = report::resource(data, document.service());
            self.outbox.add(Telemetry::Metrics(document.metrics(source)?));
        } else if signals.logs
            && let Some(line) = LogLine::read(&entry.message, entry.timestamp)
        {
            self.outbox.add_log_record(report::resource(data, line.service.as_deref()), line.record);
        }
        Ok(())
    }

    /// Sends everything to the collector before the deadline.
    ///
    /// # Errors
    ///
    /// If the collector did not take everything. The signals are sent independently, and the error names each one that
    /// failed.
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

/// Returns the log group of this function; `None` outside Lambda.
fn own_log_group() -> Option<String> {
    let default = || env::var("AWS_LAMBDA_FUNCTION_NAME").map(|name| format!("/aws/lambda/{name}"));
    env::var("AWS_LAMBDA_LOG_GROUP_NAME").or_else(|_| default()).ok()
}
