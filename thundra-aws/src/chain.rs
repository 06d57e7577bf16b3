//! Loops: work at the end of a chain of calls longer than `THUNDRA_MAX_CHAIN_LENGTH` is not begun.
//!
//! The length counts the programs of the chain, including the running program. A length written by an untrusted caller
//! has no effect, so no untrusted caller can stop a function.

use std::fmt;
use std::num::NonZeroU32;

use thundra_core::exception::Exception;
use thundra_core::{Config, ScopeRef, diagnostics};

use crate::settings::{MAX_CHAIN_LENGTH, Settings};
use crate::trigger::Message;

/// The `error.type` of work that was not begun, and the error type in the response of an invocation.
pub(crate) const CHAIN_TOO_LONG: &str = "chain_too_long";

/// The text about the retries of a failed message.
const RETRIES: &str = " It comes again until its retries end: on a stream it holds up the records behind it, unless the \
                       event source mapping has a MaximumRetryAttempts and an on-failure destination, and in a FIFO \
                       queue its group, up to the maxReceiveCount of the redrive policy.";

/// The work at the end of a chain of calls over the limit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Work {
    /// An invocation by a caller, or by AWS on behalf of a caller.
    Call,
    /// An invocation by a single message.
    Message,
    /// An invocation of a durable execution.
    Execution,
    /// A record of a batch.
    #[cfg(feature = "batch")]
    Record,
    /// A message received by a client. The work cannot be stopped, because the error of the work is of the program's
    /// type.
    #[cfg(any(feature = "kinesis", feature = "sqs"))]
    Received,
    /// A batch without a scope for each record. The handler cannot be stopped for a single record.
    WholeBatch,
    /// An invocation of a handler in place. The handler cannot be stopped, because the error is of the program's type.
    InPlace,
}

/// A chain of calls over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChainTooLong {
    length: u32,
    limit: NonZeroU32,
}

impl ChainTooLong {
    /// Returns the failure for the span and for the response.
    pub(crate) fn exception(&self) -> Exception {
        Exception::new(CHAIN_TOO_LONG, self.to_string())
    }

    /// Reports the consequence for the work, once for each kind.
    pub(crate) fn report(&self, work: Work) {
        let (key, then, retries) = match work {
            Work::Call => ("chain.call", "The handler is not called, and the caller gets an error.", ""),
            Work::Execution => ("chain.execution", "The handler is not called, and the execution fails.", ""),
            Work::Message => ("chain.message", "The handler is not called, and the message fails.", RETRIES),
            #[cfg(feature = "batch")]
            Work::Record => ("chain.record", "The record fails alone.", RETRIES),
            #[cfg(any(feature = "kinesis", feature = "sqs"))]
            Work::Received => (
                "chain.received",
                "The message is worked on all the same, because the error of its work is of the program's own type.",
                "",
            ),
            Work::WholeBatch => (
                "chain.batch",
                "The handler was called all the same, because it works on a batch by itself: thundra_aws::batch::each \
                 stops such a record.",
                "",
            ),
            Work::InPlace => (
                "chain.in_place",
                "The handler is called all the same, because it runs under lambda_runtime::run: thundra_aws::run stops \
                 such an invocation.",
                "",
            ),
        };
        let meant = "Recursion that is meant calls thundra_aws::correlation::restart_chain (reported once)";
        diagnostics::once(key, format_args!("{self}. {then}{retries} {meant}"));
    }
}

impl fmt::Display for ChainTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ChainTooLong { length, limit } = self;
        let name = MAX_CHAIN_LENGTH.name;
        write!(f, "the chain of calls has {length} programs, more than {name}={limit} allows: perhaps a loop")
    }
}

/// Returns the failure of work in a scope with a chain of calls over the limit.
pub(crate) fn check(scope: ScopeRef, config: &Config) -> Option<ChainTooLong> {
    let limit = Settings::of(config).max_chain_length?;
    if !config.propagators.correlation {
        diagnostics::once(
            "chain.propagators",
            format_args!(
                "{} has no effect: OTEL_PROPAGATORS lacks `correlation`, the format with the chain length",
                MAX_CHAIN_LENGTH.name
            ),
        );
    }
    let length = scope.chain_length()?;
    (length > limit.get()).then_some(ChainTooLong { length, limit })
}

/// Counts an invocation in the longest chain of calls among the messages of the event. The calls of a handler without a
/// scope for each record continue the longest chain. The limit stops the chain at the next program invoked by a single
/// message.
pub(crate) fn continue_longest(scope: ScopeRef, messages: &[Message], config: &Config) {
    if Settings::of(config).max_chain_length.is_none() {
        return;
    }
    let received = messages.iter().map(|message| &message.inbound.correlation);
    if let Some(longest) = received.max_by_key(|ids| ids.chain_length()) {
        scope.continue_chain(longest);
    }
}
