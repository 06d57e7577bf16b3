//! The batches of an event source.

use std::borrow::Cow;
use std::fmt;

use super::BatchEvent;
use super::record::Delivery;
use crate::trigger::Extractor;

/// The functions for the batches of an event source.
///
/// The fields are private, so no other crate can implement [`BatchEvent`].
pub struct BatchSource<E: BatchEvent> {
    /// Takes a batch apart: the members needed for the response, and the records.
    pub(super) open: fn(E) -> Opened<E>,
    /// Returns the order of the records.
    pub(super) order: fn(&[E::Record]) -> Order,
    /// Returns the group of a record. The records of a group run one after another, in the order of the batch. `None`
    /// for a record independent of all others.
    pub(super) group: fn(&E::Record, Grouping) -> Option<String>,
    /// Returns the `messageId` or the `eventID` of a record in the `Records` of an event. `None` for a record of
    /// another list.
    pub(super) name: fn(&E::Record) -> Option<&str>,
    /// Returns the part of a record needed for the response.
    pub(super) id: fn(&E::Record) -> E::Id,
    /// Reads the context and the ids of a record.
    pub(super) read: fn(&E::Header, &E::Record, Extractor<'_>) -> Delivery,
    /// Returns the payload of a record. `None` for a record without a payload by design: a tombstone, a removal.
    pub(super) payload: fn(&E::Record) -> RecordPayload<'_>,
    /// Returns the response.
    pub(super) respond: fn(E::Header, Vec<Handled<E>>) -> E::Response,
}

/// The header and the records of a batch.
pub(super) type Opened<E> = (<E as BatchEvent>::Header, Vec<<E as BatchEvent>::Record>);

/// The payload of a record. The error is the reason for a missing payload.
pub(super) type RecordPayload<'r> = Result<Option<Cow<'r, [u8]>>, &'static str>;

impl<E: BatchEvent> fmt::Debug for BatchSource<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatchSource").finish_non_exhaustive()
    }
}

/// The order of the records of a batch. The order decides about failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// None: messages of a standard queue. SQS deletes the messages not reported.
    Unordered,
    /// Within groups: messages of a FIFO queue. SQS deletes the messages not reported.
    Groups,
    /// A single stream: a shard. AWS delivers everything from the lowest reported record on again.
    Stream,
    /// Several streams: the partitions of a topic. AWS delivers each from the lowest reported record on again.
    Streams,
    /// The order of a queue of a broker. The broker delivers all or nothing again.
    Queue,
    /// None, and the response has a result for each record.
    Results,
}

impl Order {
    /// Returns `true` if a record has to wait for earlier records.
    pub(super) fn is_ordered(self) -> bool {
        !matches!(self, Order::Unordered | Order::Results)
    }
}

/// The definition of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    /// The records held back by a failure by default.
    Default,
    /// The smallest group in the order of a key, for a batch that goes on after a failure.
    Narrow,
}

/// A record after the work on the batch.
pub(super) struct Handled<E: BatchEvent> {
    pub(super) id: E::Id,
    pub(super) outcome: Outcome<E::Output>,
    /// `true` if AWS is to deliver the record again.
    pub(super) is_reported: bool,
}

/// The outcome of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome<T> {
    Done(T),
    /// The text of the error.
    Failed(String),
    /// Not begun, because an earlier record failed.
    HeldBack,
    /// Not begun in time.
    NotBegun,
}

/// Returns the ids to report.
pub(super) fn reported<E: BatchEvent>(handled: Vec<Handled<E>>) -> impl Iterator<Item = E::Id> {
    handled.into_iter().filter(|record| record.is_reported).map(|record| record.id)
}
