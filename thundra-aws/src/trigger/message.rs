//! The messages of an event: requests, records, notifications.

use std::borrow::Cow;
use std::ops::Range;
use std::time::{Duration, SystemTime};

use thundra_core::propagation::Inbound;
use thundra_core::{Value, semconv};

use super::parse::opened::Opened;
use super::parse::packed::Unpacked;
use crate::attributes::Attributes;
use crate::hops::Changes;

/// The age at which a message counts as redriven, because the trace of the sender has ended.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// The longest retention of a queue or stream of AWS, the retention of Kinesis.
const MAX_QUEUE_TIME: Duration = Duration::from_secs(365 * 24 * 3600);

/// A request, a record or a notification.
#[derive(Debug, Default)]
pub(crate) struct Message {
    /// The context from the sender.
    pub(crate) inbound: Inbound,
    /// The ids of the message, for the link to the sender.
    pub(crate) attributes: Attributes,
    /// The time of sending, by the clock of the delivering service.
    pub(crate) sent_at: Option<SystemTime>,
    /// `true` for a replayed event of the past, and for an old message in a later invocation of a durable execution.
    pub(crate) is_replay: bool,
    /// The changes of objects and items described by the message.
    pub(crate) changes: Changes,
    /// The text of the `__context__` object inside the message.
    pub(crate) received_context: Option<String>,
    /// The range to cut from the payload to remove its `__context__`. `None` for a context inside an envelope.
    #[cfg_attr(not(feature = "batch"), allow(dead_code))]
    pub(crate) context_range: Option<Range<usize>>,
    /// The messages of several senders inside the message. A single message stands for all messages without a context.
    pub(crate) packed: Vec<Message>,
}

impl Message {
    /// Describes a record of a stream, given the contexts in its data.
    pub(super) fn of_record(unpacked: Unpacked, attributes: Attributes, sent_at: Option<SystemTime>) -> Self {
        let Unpacked { opened, count, user_records } = unpacked;
        let has_others = !user_records.is_empty() && user_records.len() < count;
        let user_record = |(number, opened): (usize, Opened)| {
            let number = (semconv::AWS_KINESIS_SUBSEQUENCE_NUMBER, Value::I64(number as i64));
            let attributes = attributes.iter().cloned().chain([number]).collect();
            Message { attributes, sent_at, ..opened.into() }
        };
        let others = has_others.then(|| Message { sent_at, ..Message::default() });
        let packed = user_records.into_iter().map(user_record).chain(others).collect();
        Message { attributes, sent_at, packed, ..opened.into() }
    }

    /// Returns the packed messages, or else the message alone.
    pub(super) fn unpack(mut self) -> impl Iterator<Item = Message> {
        let packed = std::mem::take(&mut self.packed);
        let alone = packed.is_empty().then_some(self);
        alone.into_iter().chain(packed)
    }

    /// Returns the wait of the message for work that begins `now`. A time of sending in the future comes from a clock
    /// ahead of ours, and counts as no wait. `None` for a wait longer than any retention, because the clock of the
    /// sender is wrong, and `None` for a replayed event.
    pub(crate) fn queue_time(&self, now: SystemTime) -> Option<Duration> {
        let waited = now.duration_since(self.sent_at?).unwrap_or_default();
        (waited <= MAX_QUEUE_TIME && !self.is_replay).then_some(waited)
    }

    /// Adds attributes before the attributes found in the message.
    pub(super) fn with(mut self, mut attributes: Attributes) -> Self {
        attributes.append(&mut self.attributes);
        Message { attributes, ..self }
    }

    /// Returns `true` if the trace of the sender has ended.
    pub(crate) fn is_old(&self) -> bool {
        self.is_old_at(SystemTime::now())
    }

    /// Returns `true` if the trace of the sender had ended at `time`.
    pub(super) fn is_old_at(&self, time: SystemTime) -> bool {
        self.is_replay || self.sent_at.and_then(|sent| time.duration_since(sent).ok()).is_some_and(|age| age > MAX_AGE)
    }
}

impl From<Opened> for Message {
    fn from(mut opened: Opened) -> Self {
        let (received_context, context_range) = (opened.context.take(), opened.range.take());
        let attributes = std::mem::take(&mut opened.attributes);
        Message { inbound: opened.into_inbound(), attributes, received_context, context_range, ..Message::default() }
    }
}

/// Returns the attributes of a span for the processing of messages of `system`, sent to `destination`.
pub(super) fn process(system: &'static str, destination: Option<&str>) -> Attributes {
    let mut attributes = Vec::with_capacity(8);
    attributes.push((semconv::MESSAGING_SYSTEM, system.into()));
    attributes.push((semconv::MESSAGING_OPERATION_NAME, "process".into()));
    attributes.push((semconv::MESSAGING_OPERATION_TYPE, "process".into()));
    attributes.extend(destination.map(|name| (semconv::MESSAGING_DESTINATION_NAME, name.to_owned().into())));
    attributes
}

/// Returns the attribute with the id of a message.
pub(super) fn message_id(id: Option<Cow<'_, str>>) -> Option<(&'static str, Value)> {
    Some((semconv::MESSAGING_MESSAGE_ID, id?.into_owned().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_sending_is_clamped() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let day = Duration::from_secs(24 * 3600);
        for (sent_at, waited, why) in [
            (None, None, "a message without a time"),
            (Some(now), Some(Duration::ZERO), "no wait"),
            (Some(now - Duration::from_millis(7)), Some(Duration::from_millis(7)), "a wait"),
            (Some(now + Duration::from_secs(5)), Some(Duration::ZERO), "a clock ahead"),
            (Some(now + 9999 * day), Some(Duration::ZERO), "a clock far ahead"),
            (Some(now - 365 * day), Some(365 * day), "the longest retention"),
            (Some(now - 366 * day), None, "no broker keeps a message so long"),
            (Some(SystemTime::UNIX_EPOCH), None, "a clock that was never set"),
        ] {
            assert_eq!(Message { sent_at, ..Message::default() }.queue_time(now), waited, "{why}");
            assert_eq!(Message { sent_at, is_replay: true, ..Message::default() }.queue_time(now), None, "{why}");
        }
    }
}
