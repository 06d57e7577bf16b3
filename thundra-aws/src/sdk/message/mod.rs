//! Our context in the messages of a call: the mechanisms shared by the services.
//!
//! The context goes into the typed input, before any protocol. The rules:
//!
//! - A present value wins, unless the scope received the value and the program forwards it. The value of the scope
//!   replaces a forwarded value.
//! - Values go in by importance, as far as the limits of the service allow. If no value fits, the request of the caller
//!   stays, byte for byte.
//! - The span of the call records the reason for missing values, and the number of incomplete messages. The root span
//!   records the number for the whole scope.
//! - The [refusal] of a message with our context reveals the [limit](limits) of the target.

pub(crate) mod attributes;
pub(crate) mod client_context;
pub(crate) mod limits;
mod members;
pub(crate) mod payload;
pub(crate) mod refusal;
pub(crate) mod spans;
pub(crate) mod trace_header;

use thundra_core::{ScopeRef, SpanExt, SpanKind, diagnostics, semconv};
use tracing::Span;

use self::refusal::Sizes;
use self::trace_header::TraceHeader;

/// Reason for missing values in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// The message would have more attributes than the service delivers.
    Attributes,
    /// The message would be larger than the service takes.
    Size,
    /// The value has quotes, and a filter policy would drop the message.
    Quotes,
    /// `MessageStructure=json`. SNS drops the attributes.
    Structure,
    /// The recipient is a telephone or a device.
    Recipient,
    /// The data is not a JSON object.
    Data,
    /// The data has a context of the caller.
    Context,
    /// The execution has a name, which makes the start idempotent by its input.
    Named,
    /// `THUNDRA_INJECT_PAYLOAD` excludes the target.
    Excluded,
}

impl Skipped {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Skipped::Attributes => "more than 10 attributes",
            Skipped::Size => "over the size limit",
            Skipped::Quotes => "a value with quotes",
            Skipped::Structure => "message structure json",
            Skipped::Recipient => "not a topic",
            Skipped::Data => "no JSON object",
            Skipped::Context => "a context of its own",
            Skipped::Named => "a named execution",
            Skipped::Excluded => "not in THUNDRA_INJECT_PAYLOAD",
        }
    }

    /// Returns `false` for a choice of the user.
    const fn is_trouble(self) -> bool {
        !matches!(self, Skipped::Recipient | Skipped::Named | Skipped::Excluded)
    }
}

/// The result of injecting into a request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Injected {
    /// `true` if a message names the span of the call as the sender.
    pub(crate) own_context: bool,
    /// First reason for missing values.
    pub(crate) skipped: Option<Skipped>,
    /// Number of incomplete messages.
    pub(crate) incomplete: usize,
    /// Number of messages, in an operation on batches.
    pub(crate) batch: Option<usize>,
    /// X-Ray header of the HTTP request, for services where it wins over the header in the message.
    pub(crate) trace_header: TraceHeader,
    /// Sizes of the messages, with our context and without.
    pub(crate) sizes: Sizes,
}

impl Injected {
    /// Marks an operation on batches.
    pub(crate) fn in_batch(mut self, messages: usize) -> Self {
        self.batch = Some(messages);
        self.sizes.is_batch = true;
        self
    }

    /// Counts an incomplete message.
    pub(crate) fn skip(&mut self, why: Skipped) {
        self.skipped = self.skipped.or(Some(why));
        self.incomplete += 1;
    }

    /// Records the result on the span of the call.
    pub(crate) fn report(&self, span: &Span, service: &str) {
        if self.own_context {
            span.set_kind(SpanKind::Producer);
        }
        if let Some(count) = self.batch {
            span.set_attribute(semconv::MESSAGING_BATCH_MESSAGE_COUNT, count);
        }
        let Some(why) = self.skipped else { return };
        span.set_attribute(semconv::THUNDRA_INJECTION_SKIPPED, why.as_str());
        span.set_attribute(semconv::THUNDRA_INJECTION_INCOMPLETE_MESSAGES, self.incomplete);
        if why.is_trouble() {
            if let Some(scope) = ScopeRef::current() {
                scope.count_incomplete_messages(self.incomplete as u64);
            }
            diagnostics::once(
                &format!("inject.{service}.{}", why.as_str()),
                format_args!(
                    "a message to {service} carries no trace context, or only a part of it: {} (reported once)",
                    why.as_str()
                ),
            );
        }
    }
}
