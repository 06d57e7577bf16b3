//! Our context inside the messages that a call sends.
//!
//! Messages are changed in the typed input, whatever the protocol they travel in. What is already there wins,
//! unless the scope received it and the program merely forwards it: then the scope's own takes its place;
//! of what is ours goes what fits the limits of the service, the most important first. Where nothing fits, the
//! request is the one that the caller made. The span says why, and of how many messages; so does the root span, of all
//! that were to have it. A target that [refused](refusal) a message with our context in it is given no more than
//! it takes from then on.

#[cfg(any(feature = "sns", feature = "sqs"))]
pub(crate) mod attributes;
#[cfg(feature = "lambda")]
pub(crate) mod client_context;
pub(crate) mod limits;
#[cfg(any(feature = "eventbridge", feature = "kinesis", feature = "lambda", feature = "sfn"))]
mod members;
#[cfg(any(feature = "eventbridge", feature = "kinesis", feature = "lambda", feature = "sfn"))]
mod patterns;
#[cfg(any(feature = "eventbridge", feature = "kinesis", feature = "lambda", feature = "sfn"))]
pub(crate) mod payload;
pub(crate) mod refusal;
pub(crate) mod spans;
#[cfg(any(feature = "eventbridge", feature = "sfn"))]
pub(crate) mod trace_header;

use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use thundra_core::propagation::Outbound;
use thundra_core::{ScopeRef, SpanExt, SpanKind, diagnostics, semconv};
use tracing::Span;

use self::limits::Limits;
use self::refusal::{Refusal, Sizes};
use super::response::Sent;
#[allow(unused_imports)]
use super::services::*;

/// Injects into the operations of a service, within the limits of the target. Returns `None` for another one's input.
type Inject = fn(&mut Input, &Outbound, Limits) -> Option<Injected>;
/// What reads the outputs of a service's operations; `None` for another one's output.
type Read = fn(&Output) -> Option<Sent>;
/// Reads the refused entries of a batch. Returns `None` for another operation's output.
type ReadRefused = for<'a> fn(&'a Output) -> Option<Vec<Refusal<'a>>>;

const INJECT: &[Inject] = &[
    #[cfg(feature = "eventbridge")]
    eventbridge::inject,
    #[cfg(feature = "kinesis")]
    kinesis::inject,
    #[cfg(feature = "lambda")]
    lambda::inject,
    #[cfg(feature = "sfn")]
    sfn::inject,
    #[cfg(feature = "sns")]
    sns::inject,
    #[cfg(feature = "sqs")]
    sqs::inject,
];

const READ: &[Read] = &[
    #[cfg(feature = "eventbridge")]
    eventbridge::sent,
    #[cfg(feature = "kinesis")]
    kinesis::sent,
    #[cfg(feature = "sfn")]
    sfn::sent,
    #[cfg(feature = "sns")]
    sns::sent,
    #[cfg(feature = "sqs")]
    sqs::sent,
];

const READ_REFUSED: &[ReadRefused] = &[
    #[cfg(feature = "sns")]
    sns::refused,
    #[cfg(feature = "sqs")]
    sqs::refused,
];

/// Injects the context into an input, if it is one that carries messages.
pub(crate) fn into(input: &mut Input, outbound: &Outbound, limits: Limits) -> Injected {
    INJECT.iter().find_map(|inject| inject(input, outbound, limits)).unwrap_or_default()
}

/// What an output says about the messages that were sent.
pub(crate) fn sent(output: &Output) -> Option<Sent> {
    READ.iter().find_map(|read| read(output))
}

/// Returns the refused entries of a batch.
pub(crate) fn refused(output: &Output) -> Vec<Refusal<'_>> {
    READ_REFUSED.iter().find_map(|read| read(output)).unwrap_or_default()
}

/// Why a message carries no context of ours, or not all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(all(feature = "lambda", feature = "sns")), allow(dead_code))]
pub(crate) enum Skipped {
    /// It would have more attributes than the service hands on.
    Attributes,
    /// It would be larger than the service takes.
    Size,
    /// A value with quotes: a filter policy would drop the whole message.
    Quotes,
    /// `MessageStructure=json`: such messages lose their attributes.
    Structure,
    /// It goes to a telephone or a device, where nobody reads it.
    Recipient,
    /// The data is no JSON object.
    Data,
    /// The data has a context of its own.
    Context,
    /// An execution with a name is idempotent by its input.
    Named,
    /// The configuration says so.
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

    /// Whether people should hear of it: not of what they chose.
    const fn is_trouble(self) -> bool {
        !matches!(self, Skipped::Recipient | Skipped::Named | Skipped::Excluded)
    }
}

/// Which X-Ray header the request of a call has.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(not(feature = "sfn"), allow(dead_code))]
pub(crate) enum TraceHeader {
    /// That of the invocation.
    #[default]
    Received,
    /// One that names the span of the call.
    Own(String),
    /// None: it would win over what the caller wrote.
    Callers,
}

/// What was injected into a request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Injected {
    /// Whether a message names the span of the call as the one that sent it.
    pub(crate) own_context: bool,
    /// Why something was left out: the first reason.
    pub(crate) skipped: Option<Skipped>,
    /// How many messages go out without our context, or without a part of it.
    pub(crate) incomplete: usize,
    /// How many messages there are, in an operation on batches.
    pub(crate) batch: Option<usize>,
    /// The X-Ray header of the request, where it wins over what the messages have.
    pub(crate) trace_header: TraceHeader,
    /// Sizes of the messages, with our context and without it.
    pub(crate) sizes: Sizes,
}

impl Injected {
    /// Marks an operation on batches, with so many messages.
    #[cfg_attr(
        not(any(feature = "eventbridge", feature = "kinesis", feature = "sns", feature = "sqs")),
        allow(dead_code)
    )]
    pub(crate) fn in_batch(mut self, messages: usize) -> Self {
        self.batch = Some(messages);
        self.sizes.is_batch = true;
        self
    }

    /// Notes why a message does not have it all.
    #[cfg_attr(not(all(feature = "lambda", feature = "sns")), allow(dead_code))]
    pub(crate) fn skip(&mut self, why: Skipped) {
        self.skipped = self.skipped.or(Some(why));
        self.incomplete += 1;
    }

    /// Says on the span of the call what was done.
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

#[cfg(test)]
mod tests;
