//! An ended invocation of a test.

use serde::de::DeserializeOwned;
use thundra_core::SpanData;
use thundra_core::testing::{LogData, MetricData, Recorded};

use super::call::Posted;
use super::error::{InvocationError, InvocationErrorKind};

/// An ended invocation: the response, and the recorded telemetry. See [`invoke`](super::invoke).
#[derive(Clone, Debug)]
pub struct Invocation {
    pub(super) result: Result<Posted, InvocationError>,
    pub(super) recorded: Recorded,
}

impl Invocation {
    /// Returns the response as a `T`. [`serde_json::Value`] accepts any response.
    ///
    /// # Errors
    ///
    /// The failure of the invocation, or an error if the response cannot be read as a `T`.
    pub fn response<T: DeserializeOwned>(&self) -> Result<T, InvocationError> {
        let body = self.body()?;
        serde_json::from_slice(body).map_err(|error| {
            let (kind, text) = (InvocationErrorKind::OtherResponse, String::from_utf8_lossy(body));
            let message = format!("the response is not a {}: {error}: {text}", std::any::type_name::<T>());
            InvocationError::new(kind, "", message)
        })
    }

    /// Returns the bytes of the response: JSON, or the chunks of a stream.
    ///
    /// # Errors
    ///
    /// The failure of the invocation.
    pub fn body(&self) -> Result<&[u8], InvocationError> {
        self.result.as_ref().map(|posted| &posted.body[..]).map_err(Clone::clone)
    }

    /// Returns the failure of the invocation.
    pub fn error(&self) -> Option<&InvocationError> {
        self.result.as_ref().err()
    }

    /// Returns the spans, in the order of the ends. The last span is the span of the invocation.
    pub fn spans(&self) -> &[SpanData] {
        &self.recorded.spans
    }

    /// Returns the span of the invocation. `None` for an invocation that is not recorded.
    pub fn root(&self) -> Option<&SpanData> {
        self.recorded.spans.last()
    }

    /// Returns the first span with a name.
    pub fn span(&self, name: &str) -> Option<&SpanData> {
        self.recorded.span(name)
    }

    /// Returns the log records, in order. Lambda writes the same events as log lines.
    pub fn logs(&self) -> &[LogData] {
        &self.recorded.logs
    }

    /// Returns `true` if the message of a log record contains the text.
    pub fn has_logged(&self, text: &str) -> bool {
        self.recorded.has_logged(text)
    }

    /// Returns the data points of the metrics.
    pub fn metrics(&self) -> &[MetricData] {
        &self.recorded.metrics
    }

    /// Returns the first data point of a metric.
    pub fn metric(&self, name: &str) -> Option<&MetricData> {
        self.recorded.metric(name)
    }

    /// Returns the spans as an indented tree with all attributes, without times and ids.
    pub fn tree(&self) -> String {
        self.recorded.tree()
    }

    /// Returns the spans as a text that is equal in each run: see [`Snapshot`](super::Snapshot).
    pub fn snapshot(&self) -> String {
        self.recorded.snapshot()
    }

    /// Returns all recorded telemetry.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }
}
