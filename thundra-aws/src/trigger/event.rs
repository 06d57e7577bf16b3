//! An event, read as far as recognising its source takes.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::parse::json::{self, Object};
use super::{SOURCES, edge};

/// The first member of an event that is a batch of records.
const RECORDS: &str = "Records";
/// The member of a request that may be long and is not needed.
const BODY: &str = "body";

/// An event whose top level was read.
pub(super) struct Event<'a> {
    /// The text of the event.
    pub(super) text: &'a [u8],
    /// The members of the event. Empty for an event of [`records`](Event::records).
    pub(super) members: Object<'a>,
    /// The elements of `Records`, if a source that delivers records wrote them.
    pub(super) records: Vec<Object<'a>>,
    /// The `eventSource` of the first record.
    record_source: Option<Cow<'a, str>>,
    /// `true` if the event has no member but `Records`.
    only_records: bool,
    request_context: OnceCell<Option<Object<'a>>>,
}

impl<'a> Event<'a> {
    /// Reads an event. `None` for a text that is no JSON object.
    ///
    /// Each record of a batch is read once. A request is read up to its `body` if the members before it suffice.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        if let Some(event) = Event::of_records(text) {
            return Some(event);
        }
        let (members, rest) = Object::parse_before(text, BODY)?;
        let mut event = Event::of_members(text, members);
        if let Some(rest) = rest
            && !SOURCES.iter().any(|source| source.needs_no_body(&event))
        {
            rest.read_into(&mut event.members)?;
            event.request_context = OnceCell::new();
        }
        Some(event)
    }

    fn of_members(text: &'a [u8], members: Object<'a>) -> Self {
        let (records, request_context) = (Vec::new(), OnceCell::new());
        Event { text, members, records, record_source: None, only_records: false, request_context }
    }

    /// Reads an event whose first member is `Records`, unless the first record is of no known source.
    fn of_records(text: &'a [u8]) -> Option<Self> {
        let is_known = |first: &Object<'a>| {
            let name = record_source(first);
            name.is_some_and(|name| SOURCES.iter().any(|source| source.delivers(&name)))
        };
        let (records, only_records) = json::first_member_objects(text, RECORDS, is_known)?;
        let record_source = Some(record_source(records.first()?)?);
        Some(Event { records, record_source, only_records, ..Event::of_members(text, Object::default()) })
    }

    /// Returns the `eventSource` of the records.
    pub(super) fn record_source(&self) -> Option<&str> {
        self.record_source.as_deref()
    }

    /// Returns the `requestContext` of a request.
    pub(super) fn request_context(&self) -> Option<&Object<'a>> {
        self.request_context.get_or_init(|| self.members.object("requestContext")).as_ref()
    }

    /// Returns `true` for an event that an untrusted caller writes. Members beside `Records` may show one too.
    pub(super) fn is_edge(&self) -> bool {
        if self.records.is_empty() {
            return edge::is_edge(&self.members);
        }
        let whole = || Object::parse(std::str::from_utf8(self.text).ok()?);
        !self.only_records && whole().is_some_and(|members| edge::is_edge(&members))
    }
}

/// Returns the `eventSource` of a record. SNS alone writes the name with a capital.
fn record_source<'a>(record: &Object<'a>) -> Option<Cow<'a, str>> {
    record.text("eventSource").or_else(|| record.text("EventSource"))
}
