//! Our context in the messages that a call sends: what is common to the services.
//!
//! A message is changed in the typed input, whatever the protocol of the request. The rules:
//!
//! - A value that is present wins, unless the scope received it and the program forwards it. Then the value of the scope
//!   replaces it.
//! - Values go in by importance, as far as the limits of the service allow. If none fits, the request stays byte for byte
//!   as the caller made it.
//! - The span of the call records why a message lacks values, and the number of such messages. The root span records the
//!   number for the whole scope.
//! - A target that [refused](refusal) a message with our context is remembered with its [limit](limits).

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

/// Reason why a message lacks our context or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// The message would have more attributes than the service delivers.
    Attributes,
    /// The message would be larger than the service takes.
    Size,
    /// The value has quotes, and a filter policy would drop the message.
    Quotes,
    /// `MessageStructure=json`, with which SNS drops attributes.
    Structure,
    /// The recipient is a telephone or a device.
    Recipient,
    /// The data is not a JSON object.
    Data,
    /// The data has a context that this scope did not receive.
    Context,
    /// The execution has a name, and is idempotent by its input.
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

    /// Returns `true` unless the user chose this.
    const fn is_trouble(self) -> bool {
        !matches!(self, Skipped::Recipient | Skipped::Named | Skipped::Excluded)
    }
}

/// The result of injecting into a request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Injected {
    /// `true` if a message names the span of the call as its sender.
    pub(crate) own_context: bool,
    /// First reason why something was left out.
    pub(crate) skipped: Option<Skipped>,
    /// Number of messages without our context or a part of it.
    pub(crate) incomplete: usize,
    /// Number of messages, in an operation on batches.
    pub(crate) batch: Option<usize>,
    /// X-Ray header of the request, if it wins over the header in the message.
    pub(crate) trace_header: TraceHeader,
    /// Sizes of the messages, with our context and without.
    pub(crate) sizes: Sizes,
}

impl Injected {
    /// Marks an operation on batches with this number of messages.
    pub(crate) fn in_batch(mut self, messages: usize) -> Self {
        self.batch = Some(messages);
        self.sizes.is_batch = true;
        self
    }

    /// Counts a message that lacks something.
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
                    "a message to {service} went out without our context or a part of it: {} (said once)",
                    why.as_str()
                ),
            );
        }
    }
}
