//! The scripted responses of the collector.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;

/// The collector's treatment of one request.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The number of spans not stored, from the first on.
    pub(crate) refuses: usize,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) delay: Duration,
    pub(crate) how: How,
}

/// More spans than any request has.
pub(crate) const ALL: usize = usize::MAX;

/// The form of the response on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum How {
    Whole,
    AfterContinue,
    BrokenOff,
    Endless,
    Never,
    CloseInstead,
    ResetInstead,
    ReadSlowly,
    ThenClose,
    NoHttp,
    HeadOnly,
    Dripping,
}

impl Reply {
    /// Takes all spans, and responds with 200.
    pub(crate) fn ok() -> Self {
        Reply { refuses: 0, status: 200, headers: Vec::new(), body: Vec::new(), delay: Duration::ZERO, how: How::Whole }
    }

    /// Takes all spans and responds with a status.
    pub(crate) fn taken(status: u16) -> Self {
        Reply { status, ..Reply::ok() }
    }

    /// Takes nothing and responds with a status.
    pub(crate) fn status(status: u16) -> Self {
        Reply { refuses: ALL, status, ..Reply::ok() }
    }

    /// As [`status`](Self::status), with `Retry-After`.
    pub(crate) fn retry_after(status: u16, value: &str) -> Self {
        Reply::status(status).header("retry-after", value)
    }

    /// Takes nothing and never responds.
    pub(crate) fn hang() -> Self {
        Reply { refuses: ALL, how: How::Never, ..Reply::ok() }
    }

    /// Takes all spans but the first `refused`, and responds with a partial success of `claim` rejected spans.
    pub(crate) fn partial(refused: usize, claim: i64, message: &str) -> Self {
        let partial = ExportTracePartialSuccess { rejected_spans: claim, error_message: message.to_owned() };
        let response = ExportTraceServiceResponse { partial_success: Some(partial) };
        Reply { refuses: refused, body: response.encode_to_vec(), ..Reply::ok() }
    }

    /// Takes all spans and closes the connection without a response.
    pub(crate) fn close() -> Self {
        Reply { how: How::CloseInstead, ..Reply::ok() }
    }

    /// Takes nothing, and resets the connection in the middle of the request.
    pub(crate) fn reset() -> Self {
        Reply { refuses: ALL, how: How::ResetInstead, ..Reply::ok() }
    }

    /// Takes all spans; the response breaks off.
    pub(crate) fn broken_off() -> Self {
        Reply { how: How::BrokenOff, ..Reply::ok() }
    }

    /// Takes all spans; the body of the response never ends.
    pub(crate) fn endless() -> Self {
        Reply { how: How::Endless, ..Reply::ok() }
    }

    /// Takes all spans, after an informational response.
    pub(crate) fn after_continue() -> Self {
        Reply { how: How::AfterContinue, ..Reply::ok() }
    }

    /// Takes all spans, at 1 KiB in 2 ms.
    pub(crate) fn slow_reader() -> Self {
        Reply { how: How::ReadSlowly, ..Reply::ok() }
    }

    /// Takes all spans, responds, and closes the connection without an announcement.
    pub(crate) fn then_close() -> Self {
        Reply { how: How::ThenClose, ..Reply::ok() }
    }

    /// Takes all spans; the body of the response never comes.
    pub(crate) fn head_only() -> Self {
        Reply { how: How::HeadOnly, ..Reply::ok() }
    }

    /// Takes all spans; the body of the response comes byte by byte, and does not end.
    pub(crate) fn dripping() -> Self {
        Reply { how: How::Dripping, ..Reply::ok() }
    }

    /// Takes nothing and speaks another protocol.
    pub(crate) fn no_http() -> Self {
        Reply { refuses: ALL, how: How::NoHttp, ..Reply::ok() }
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: &[u8]) -> Self {
        self.body = body.to_vec();
        self
    }

    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    pub(crate) fn is_readable(&self) -> bool {
        matches!(self.how, How::Whole | How::AfterContinue | How::ReadSlowly | How::ThenClose)
    }
}
