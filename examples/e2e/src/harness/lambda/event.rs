//! An event, and the outcome of an event.

use std::process::ExitStatus;
use std::time::Duration;

use axum::body::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::harness::Error;

/// An event of a function.
#[derive(Clone, Debug)]
pub struct Event {
    pub(super) body: Bytes,
    pub(super) timeout: Duration,
    pub(super) deadline_behind: Duration,
    pub(super) without: Vec<&'static str>,
    pub(super) tenant: Option<&'static str>,
}

impl Event {
    /// Makes an event from a JSON value, with a timeout of ten seconds.
    ///
    /// # Errors
    ///
    /// If the value cannot be written as JSON.
    pub fn new(value: &impl Serialize) -> Result<Self, Error> {
        Ok(Self::raw(serde_json::to_vec(value)?))
    }

    /// Makes an event from bytes, as [`new`](Self::new) does.
    pub fn raw(body: impl Into<Bytes>) -> Self {
        let (timeout, deadline_behind) = (Duration::from_secs(10), Duration::ZERO);
        Self { body: body.into(), timeout, deadline_behind, without: Vec::new(), tenant: None }
    }

    /// Sets the time until the deadline.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Makes the deadline in the event's headers earlier than the enforced deadline by `time`, like a clock with an
    /// offset.
    #[must_use]
    pub fn deadline_behind(mut self, time: Duration) -> Self {
        self.deadline_behind = time;
        self
    }

    /// Sets the tenant of a function with [tenant isolation].
    ///
    /// [tenant isolation]: https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
    #[must_use]
    pub fn tenant(mut self, tenant: &'static str) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Leaves out a header of the Runtime API.
    #[must_use]
    pub fn without(mut self, header: &'static str) -> Self {
        self.without.push(header);
        self
    }
}

/// The outcome of an event for the caller.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The response, the error or the failure.
    pub outcome: Outcome,
    /// The time that the caller waited.
    pub waited: Duration,
}

/// The outcome of an invocation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The response of the function.
    Response(Response),
    /// The error from the function.
    Error(Value),
    /// The response was over 6 MiB.
    TooLarge,
    /// The deadline passed.
    TimedOut,
    /// The process ended without a request to end.
    Ended(ExitStatus),
}

/// A response.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The media type.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
    /// The type of the error in the middle of a stream.
    pub stream_error: Option<String>,
    /// `true` if the body ended without the last chunk.
    pub broken_off: bool,
}
