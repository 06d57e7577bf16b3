//! Our context inside the messages that a call sends.
//!
//! Messages are changed in the typed input, whatever the protocol they travel in. What is already there wins;
//! of what is ours goes what fits the limits of the service, the most important first. Where nothing fits, the
//! request is the one that the caller made, and the span says why.

#[cfg(any(feature = "sns", feature = "sqs"))]
mod attributes;
#[cfg(feature = "kinesis")]
mod kinesis;
#[cfg(feature = "kinesis")]
mod patterns;
#[cfg(feature = "sns")]
mod sns;
#[cfg(feature = "sqs")]
mod sqs;

use aws_smithy_runtime_api::client::interceptors::context::{Input, Output};
use thundra_core::propagation::Outbound;
use thundra_core::{SpanExt, SpanKind, diagnostics, semconv};
use tracing::Span;

use super::outcome::Sent;

/// Why a message carries no context of ours, or not all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(all(feature = "sns", feature = "sqs", feature = "kinesis")), allow(dead_code))]
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
    /// The data is no JSON object, or has a context of its own.
    Data,
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
            Skipped::Data => "no JSON object, or a context of its own",
            Skipped::Excluded => "not in THUNDRA_INJECT_PAYLOAD",
        }
    }

    /// Whether people should hear of it: not of what they chose.
    const fn is_trouble(self) -> bool {
        !matches!(self, Skipped::Recipient | Skipped::Excluded)
    }
}

/// What was injected into a request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Injected {
    /// Whether a message names the span of the call as the one that sent it.
    pub(crate) own_context: bool,
    /// Why something was left out: the first reason.
    pub(crate) skipped: Option<Skipped>,
    /// How many messages there are, in an operation on batches.
    pub(crate) batch: Option<usize>,
}

impl Injected {
    #[cfg(any(feature = "sns", feature = "sqs", feature = "kinesis"))]
    fn skip(&mut self, why: Skipped) {
        self.skipped = self.skipped.or(Some(why));
    }

    /// Says on the span of the call what was done.
    pub(crate) fn report(&self, span: &Span, service: &str) {
        if self.own_context {
            span.record("otel.kind", SpanKind::Producer.as_str());
        }
        if let Some(count) = self.batch {
            span.set_attribute(semconv::MESSAGING_BATCH_MESSAGE_COUNT, count);
        }
        let Some(why) = self.skipped else { return };
        span.set_attribute(semconv::THUNDRA_INJECTION_SKIPPED, why.as_str());
        if why.is_trouble() {
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

/// Injects the context into an input, if it is one that carries messages.
#[allow(unused_variables)]
pub(crate) fn into(input: &mut Input, outbound: &Outbound) -> Injected {
    #[cfg(feature = "sns")]
    if let Some(injected) = sns::inject(input, outbound) {
        return injected;
    }
    #[cfg(feature = "sqs")]
    if let Some(injected) = sqs::inject(input, outbound) {
        return injected;
    }
    #[cfg(feature = "kinesis")]
    if let Some(injected) = kinesis::inject(input, outbound) {
        return injected;
    }
    Injected::default()
}

/// What an output says about the messages that were sent.
#[allow(unused_variables)]
pub(crate) fn sent(output: &Output) -> Option<Sent> {
    #[cfg(feature = "sns")]
    if let Some(sent) = sns::sent(output) {
        return Some(sent);
    }
    #[cfg(feature = "sqs")]
    if let Some(sent) = sqs::sent(output) {
        return Some(sent);
    }
    #[cfg(feature = "kinesis")]
    if let Some(sent) = kinesis::sent(output) {
        return Some(sent);
    }
    None
}
