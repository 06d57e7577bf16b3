//! Words for what a span is: its kind and its outcome.

use std::borrow::Cow;

use crate::redact;

/// The role of a span in a trace: [SpanKind].
///
/// [SpanKind]: https://opentelemetry.io/docs/specs/otel/trace/api/#spankind
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SpanKind {
    /// Work inside a program.
    #[default]
    Internal,
    /// A request that is being answered.
    Server,
    /// A request that was made.
    Client,
    /// A message that was sent.
    Producer,
    /// A message that is being processed.
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

    /// The kind as the field `otel.kind` spells it, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            SpanKind::Internal => "internal",
            SpanKind::Server => "server",
            SpanKind::Client => "client",
            SpanKind::Producer => "producer",
            SpanKind::Consumer => "consumer",
        }
    }

    /// Reads the field `otel.kind`, whatever its case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        use SpanKind::*;
        [Internal, Server, Client, Producer, Consumer].into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text))
    }
}

/// The outcome of a span: [Status].
///
/// [Status]: https://opentelemetry.io/docs/specs/otel/trace/api/#set-status
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Status {
    /// Nothing was said: the usual outcome.
    #[default]
    Unset,
    /// The developer says that it succeeded. Final.
    Ok,
    /// It failed.
    Error {
        /// Why, for people.
        description: Cow<'static, str>,
    },
}

impl Status {
    /// A failure, described.
    pub fn error(description: impl Into<Cow<'static, str>>) -> Self {
        Status::Error { description: description.into() }
    }

    /// Returns the status without credentials and query values in its description.
    pub(crate) fn redacted(self) -> Self {
        match self {
            Status::Error { description } => Status::error(redact::text(description)),
            status => status,
        }
    }

    /// Whether this is a failure.
    pub fn is_error(&self) -> bool {
        matches!(self, Status::Error { .. })
    }
}
