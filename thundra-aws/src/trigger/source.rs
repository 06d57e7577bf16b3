//! A source of events, as a row of the table [`SOURCES`](super::table::SOURCES).

use std::fmt;

use thundra_core::Config;

use super::Trigger;
use super::event::{Batch, Event};
use super::parse::json::Object;

/// A source of events.
///
/// A row is a literal of plain data and functions, so a source with a missing member does not compile.
pub(crate) struct Source {
    /// The name, for debug output and tests.
    pub(crate) name: &'static str,
    /// The kind of the source, recorded as `faas.trigger`.
    pub(crate) faas_trigger: FaasTrigger,
    /// `true` if the module `batch` works on the batches of the source.
    pub(crate) batch_api: bool,
    /// The distinguishing part of an event of the source.
    pub(super) recognise: Recognise,
    /// Reads a recognised event into the trigger. Returns `None` if the event turns out to be of no known source.
    pub(super) read: fn(&mut Trigger, &Event<'_>, &Config) -> Option<()>,
}

/// The distinguishing part of an event.
pub(super) enum Recognise {
    /// The first of the `Records`, or of a list from a pipe. See [`is_record`](super::event::is_record).
    Records(fn(&Object<'_>) -> bool),
    /// The members of the event, or of the first event of a list. See [`Event::objects`].
    Objects(fn(&Object<'_>) -> bool),
    /// The members of an event with records by partition or queue, or of the first record of a list from a pipe.
    Groups(fn(&Object<'_>) -> bool),
    /// The members of the event.
    Members(fn(&Event<'_>) -> bool),
    /// The members of a request before the `body`.
    Request {
        /// Returns `true` for a request of the source.
        members: fn(&Event<'_>) -> bool,
        /// Returns `true` if every needed member stands before the `body`. A body has up to 6 MB, and stepping over 6
        /// MB costs more than reading the rest of the event.
        is_complete: fn(&Event<'_>) -> bool,
    },
}

impl Source {
    /// Returns `true` if a batch with the first record `first` is of the source.
    pub(super) fn delivers(&self, first: &Object<'_>, batch: Batch) -> bool {
        match self.recognise {
            Recognise::Records(is_record) => is_record(first),
            Recognise::Objects(is_event) | Recognise::Groups(is_event) => batch == Batch::List && is_event(first),
            Recognise::Members(_) | Recognise::Request { .. } => false,
        }
    }

    /// Returns `true` for an event of the source. Batches are recognised while the event is read.
    pub(super) fn recognises(&self, event: &Event<'_>) -> bool {
        match self.recognise {
            Recognise::Records(_) => false,
            Recognise::Objects(is_event) | Recognise::Groups(is_event) => is_event(&event.members),
            Recognise::Members(members) | Recognise::Request { members, .. } => members(event),
        }
    }

    /// Returns `true` for a list from a pipe. Pipes deliver the bare records of a source.
    pub(super) fn is_pipe(&self, event: &Event<'_>) -> bool {
        event.is_list && matches!(self.recognise, Recognise::Records(_) | Recognise::Groups(_))
    }

    /// Returns `true` for a source of requests.
    pub(super) fn is_request(&self) -> bool {
        matches!(self.recognise, Recognise::Request { .. })
    }

    /// Returns `true` if the `body` of an event of the source is not needed.
    pub(super) fn needs_no_body(&self, event: &Event<'_>) -> bool {
        match self.recognise {
            Recognise::Request { is_complete, .. } => is_complete(event),
            Recognise::Records(_) | Recognise::Objects(_) | Recognise::Groups(_) | Recognise::Members(_) => false,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The kinds of sources by the [conventions].
///
/// [conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/registry/attributes/faas.md
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaasTrigger {
    /// A store or a stream with changed data.
    Datasource,
    /// An HTTP request. The response has a status code.
    Http,
    /// A message.
    PubSub,
    /// A schedule.
    Timer,
    /// Any other source, for example a call from another program.
    Other,
}

impl FaasTrigger {
    /// Returns the value of `faas.trigger`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            FaasTrigger::Datasource => "datasource",
            FaasTrigger::Http => "http",
            FaasTrigger::PubSub => "pubsub",
            FaasTrigger::Timer => "timer",
            FaasTrigger::Other => "other",
        }
    }
}
