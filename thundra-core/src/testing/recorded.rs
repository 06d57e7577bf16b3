//! The spans, log records and metrics of a scope.

use std::sync::{Arc, PoisonError};

use tracing::Dispatch;

use super::snapshot::snapshot;
use super::{LogData, MetricData, dispatch, tree};
use crate::otlp::data_point::data_points;
use crate::otlp::log_record::log_records;
use crate::points::collection;
use crate::recorder::receiver::Inbox;
use crate::telemetry::recording;
use crate::{Config, Records, ScopeRef, Signal, SpanData};

/// Spans, log records and metrics.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Recorded {
    /// The spans, in the order of the ends.
    pub spans: Vec<SpanData>,
    /// The log records, in the order of the times.
    pub logs: Vec<LogData>,
    /// The data points of metrics.
    pub metrics: Vec<MetricData>,
}

impl Recorded {
    /// Returns the spans as an indented tree, without times and ids.
    pub fn tree(&self) -> String {
        tree(&self.spans)
    }

    /// Returns the spans as a text for snapshots, see [`Snapshot`](super::Snapshot).
    pub fn snapshot(&self) -> String {
        snapshot(&self.spans)
    }

    /// Returns the first span with a name.
    pub fn span(&self, name: &str) -> Option<&SpanData> {
        self.spans.iter().find(|span| span.name == name)
    }

    /// Returns the first data point of a metric.
    pub fn metric(&self, name: &str) -> Option<&MetricData> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// Returns `true` if the message of a log record contains the text.
    pub fn has_logged(&self, text: &str) -> bool {
        self.logs.iter().any(|log| log.body.contains(text))
    }

    /// Adds encoded records.
    #[doc(hidden)]
    pub fn add(&mut self, records: &Records) {
        match records.signal() {
            Signal::Traces => self.spans.extend(records.spans()),
            Signal::Logs => self.logs.extend(log_records(records.bytes())),
            Signal::Metrics => self.metrics.extend(data_points(records.bytes())),
        }
    }
}

/// The recording of a scope, with a separate subscriber. Nothing of the scope reaches an exporter.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct Recording {
    dispatch: Dispatch,
    inbox: Arc<Inbox>,
}

impl Recording {
    /// Begins a recording with a configuration. From now on, the process aggregates measurements.
    pub fn new(config: &Config) -> Self {
        Recording { dispatch: dispatch(recording(config)), inbox: Arc::default() }
    }

    /// Begins a recording of spans with a subscriber of the test.
    pub fn through(dispatch: Dispatch) -> Self {
        Recording { dispatch, inbox: Arc::default() }
    }

    /// Begins a recording whose nested scopes have the configuration too.
    pub fn of_scopes(config: &'static Config) -> Self {
        let inbox = Inbox { config: Some(config), ..Inbox::default() };
        Recording { dispatch: dispatch(recording(config)), inbox: Arc::new(inbox) }
    }

    /// Returns the subscriber.
    pub fn dispatch(&self) -> &Dispatch {
        &self.dispatch
    }

    /// Receives the data of a scope, and of the scopes nested in the scope later.
    pub fn watch(&self, scope: ScopeRef) {
        scope.set_receiver(self.inbox.receiver());
    }

    /// Returns the recorded data, with the spans of the ended scope.
    pub fn end(&self, spans: &Records) -> Recorded {
        let take =
            |run: &std::sync::Mutex<Records>| std::mem::take(&mut *run.lock().unwrap_or_else(PoisonError::into_inner));
        let mut recorded = Recorded::default();
        recorded.add(spans);
        recorded.add(&take(&self.inbox.late_spans));
        recorded.add(&take(&self.inbox.log_records));
        // Sorted, because nested scopes hand over log records before the outer scope does.
        recorded.logs.sort_by_key(|log| log.time);
        let points = self.inbox.points.lock().unwrap_or_else(PoisonError::into_inner).take();
        points.iter().for_each(|points| recorded.add(&collection::encode(points)));
        recorded
    }
}
