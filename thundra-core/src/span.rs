//! The kind and the status of a span.

use std::borrow::Cow;

use crate::redact;

/// The role of a span in a trace: [SpanKind].
///
/// [SpanKind]: https://opentelemetry.io/docs/specs/otel/trace/api/#spankind
///
/// # Examples
///
/// A field sets the kind of a local span, and the builder sets the kind of a root span:
///
/// ```
/// use thundra_core::{Scope, SpanKind};
///
/// let records = Scope::builder("process orders").kind(SpanKind::Consumer).begin().finish();
/// assert_eq!(records.spans().next().map(|span| span.kind), Some(SpanKind::Consumer));
/// assert_eq!(SpanKind::Client.as_str(), "client");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SpanKind {
    /// Work inside a program.
    #[default]
    Internal,
    /// The processing of a request.
    Server,
    /// A request to another program.
    Client,
    /// The sending of a message.
    Producer,
    /// The processing of a message.
    Consumer,
}

impl SpanKind {
    /// OTLP's number for the kind.
    pub(crate) const fn code(self) -> u8 {
        match self {
            SpanKind::Internal => 1,
            SpanKind::Server => 2,
            SpanKind::Client => 3,
            SpanKind::Producer => 4,
            SpanKind::Consumer => 5,
        }
    }

    pub(crate) const fn from_code(code: u64) -> Self {
        match code {
            2 => SpanKind::Server,
            3 => SpanKind::Client,
            4 => SpanKind::Producer,
            5 => SpanKind::Consumer,
            _ => SpanKind::Internal,
        }
    }

    /// Returns the value of the field `otel.kind`, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            SpanKind::Internal => "internal",
            SpanKind::Server => "server",
            SpanKind::Client => "client",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
        }
    }

    /// Parses the field `otel.kind`, in any case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        use SpanKind::*;
        let kinds = [Internal, Server, Client, Producer, Consumer];
        // Nearly every text is in lower case, and comparing a text as it is takes a quarter of the instructions.
        let exact = kinds.into_iter().find(|kind| kind.as_str() == text);
        exact.or_else(|| kinds.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text)))
    }
}

/// The outcome of a span: [Status].
///
/// [Status]: https://opentelemetry.io/docs/specs/otel/trace/api/#set-status
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Status {
    /// No outcome was set, as is usual.
    #[default]
    Unset,
    /// Success, set by the program. Final.
    Ok,
    /// A failure.
    Error {
        /// The reason, for people.
        description: Cow<'static, str>,
    },
}

impl Status {
    /// Returns a failure with a description.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Scope, Status};
    ///
    /// let scope = Scope::builder("charge").begin();
    /// scope.set_status(Status::error("declined"));
    /// assert_eq!(scope.finish().spans().next().unwrap().status, Status::error("declined"));
    /// ```
    pub fn error(description: impl Into<Cow<'static, str>>) -> Self {
        Status::Error { description: description.into() }
    }

    /// Removes credentials and query values from the description.
    pub(crate) fn redacted(self) -> Self {
        match self {
            Status::Error { description } => Status::error(redact::text(description)),
            status => status,
        }
    }

    /// Returns `true` for a failure.
    pub fn is_error(&self) -> bool {
        matches!(self, Status::Error { .. })
    }
}
