//! What a span tells of received messages. Several spans may tell of one: its wait, the invocation with its batch, and
//! the work on it.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use thundra_core::semconv;

use super::attributes::{find, integer_of};

/// The most messages that an event source hands over at once. A greater count is none.
const MAX_MESSAGES: i64 = 10_000;

/// The receipt that a span tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// One message, which no other span tells of.
    Message,
    /// One message. The span of a batch may count it too.
    Record,
    /// So many messages. Each may have a span of its own.
    Batch(i64),
}

impl Receipt {
    /// Reads the receipt of a root.
    pub(super) fn of(is_consumer: bool, attributes: &[KeyValue]) -> Self {
        match integer_of(attributes, semconv::MESSAGING_BATCH_MESSAGE_COUNT) {
            Some(messages) if messages > 1 => Receipt::Batch(messages.min(MAX_MESSAGES)),
            None if is_consumer => Receipt::Record,
            _ => Receipt::Message,
        }
    }
}

/// Returns `true` for a consumer that is the time of a message in a queue. The work on the message is below.
pub(super) fn is_wait(name: &str, attributes: &[KeyValue]) -> bool {
    let is_named = name.strip_prefix("queue").is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let works = [semconv::THUNDRA_PARENT_SOURCE, semconv::MESSAGING_OPERATION_NAME];
    is_named && works.iter().all(|key| find(attributes, key).is_none())
}
