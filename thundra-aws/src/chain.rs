//! Loops: work at the end of a chain of calls longer than `THUNDRA_MAX_CHAIN_LENGTH` is not begun.
//!
//! The length counts the programs of the chain, including this one. The length that an untrusted caller wrote has no
//! effect, so no stranger can stop a function.

use std::fmt;
use std::num::NonZeroU32;

use thundra_core::exception::Exception;
use thundra_core::{Config, ScopeRef, diagnostics};

use crate::settings::{MAX_CHAIN_LENGTH, Settings};
use crate::trigger::Message;

/// The `error.type` of work that was not begun, and the error type in the answer of an invocation.
pub(crate) const CHAIN_TOO_LONG: &str = "chain_too_long";

/// What is said of a message that comes again.
const RETRIES: &str = "its event source sends it again until the retries end. On a stream it holds up the records \
                       behind it, unless the event source mapping has a MaximumRetryAttempts and an on-failure \
                       destination, and in a FIFO queue its group, up to the maxReceiveCount of the redrive policy";

/// A chain of calls over the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChainTooLong {
    length: u32,
    limit: NonZeroU32,
}

impl ChainTooLong {
    /// Returns the failure to record, and to answer.
    pub(crate) fn exception(&self) -> Exception {
        Exception::new(CHAIN_TOO_LONG, self.to_string())
    }

    /// Reports an invocation whose handler is not called, once.
    pub(crate) fn report_invocation(&self, is_message: bool) {
        let (remedy, then) = (remedy(), if is_message { RETRIES } else { "the caller gets an error" });
        diagnostics::once("chain.invocation", format_args!("{self}. The handler is not called, and {then}. {remedy}"));
    }

    /// Reports a record of a batch whose work is not begun, once.
    #[cfg(feature = "batch")]
    pub(crate) fn report_record(&self) {
        let remedy = remedy();
        diagnostics::once("chain.record", format_args!("{self}. The record fails, and {RETRIES}. {remedy}"));
    }
}

impl fmt::Display for ChainTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ChainTooLong { length, limit } = self;
        let name = MAX_CHAIN_LENGTH.name;
        write!(f, "the chain of calls has {length} programs, more than {name}={limit} allows: perhaps a loop")
    }
}

fn remedy() -> &'static str {
    "Recursion that is meant calls thundra_aws::correlation::restart_chain (reported once)"
}

/// Returns the failure of work in this scope, if its chain of calls is over the limit.
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

/// Counts an invocation in the longest chain of calls among the messages of its event. The calls of a handler that works
/// on a batch by itself go on with that chain, and the limit stops it where it arrives alone.
pub(crate) fn continue_longest(scope: ScopeRef, messages: &[Message], config: &Config) {
    if Settings::of(config).max_chain_length.is_none() {
        return;
    }
    let received = messages.iter().map(|message| &message.inbound.correlation);
    if let Some(longest) = received.max_by_key(|ids| ids.chain_length()) {
        scope.continue_chain(longest);
    }
}
