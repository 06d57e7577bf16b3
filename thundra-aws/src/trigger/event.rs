//! An event, read as far as recognising the source takes.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::parse::json::{self, Object};
use super::source::Source;
use super::{SOURCES, edge};

/// The first member of a batch of records.
const RECORDS: &str = "Records";
/// The member of a request that is often long and never needed.
const BODY: &str = "body";

/// An event with the members of the top level.
pub(super) struct Event<'a> {
    /// The text of the event.
    pub(super) text: &'a [u8],
    /// The members of the event. Empty for an event of [`records`](Event::records).
    pub(super) members: Object<'a>,
    /// The elements of `Records`, if they are of a known source.
    pub(super) records: Vec<Object<'a>>,
    /// The source, if reading the event involved recognition.
    known_source: Option<&'static Source>,
    /// `true` if the event has no member but `Records`.
    only_records: bool,
    request_context: OnceCell<Option<Object<'a>>>,
}

impl<'a> Event<'a> {
    /// Reads an event. `None` for anything but a JSON object.
    ///
    /// Each record of a batch is read once. A request is read up to the `body` if the members before suffice.
    pub(super) fn parse(text: &'a [u8]) -> Option<Self> {
        if let Some(event) = Event::of_records(text) {
            return Some(event);
        }
        let (members, rest) = Object::parse_before(text, BODY)?;
        let mut event = Event::of_members(text, members);
        if let Some(rest) = rest {
            event.known_source = find(|source| source.needs_no_body(&event));
            if event.known_source.is_none() {
                rest.read_into(&mut event.members)?;
                event.request_context = OnceCell::new();
            }
        }
        Some(event)
    }

    fn of_members(text: &'a [u8], members: Object<'a>) -> Self {
        let (records, request_context) = (Vec::new(), OnceCell::new());
        Event { text, members, records, only_records: false, known_source: None, request_context }
    }

    /// Reads an event with `Records` as the first member, if the first record is of a known source.
    fn of_records(text: &'a [u8]) -> Option<Self> {
        let of_record = |record: &Object<'a>| {
            let name = event_source(record)?;
            find(|source| source.delivers(&name))
        };
        let is_known = |first: &Object<'a>| of_record(first).is_some();
        let (records, only_records) = json::first_member_objects(text, RECORDS, is_known)?;
        let known_source = Some(of_record(records.first()?)?);
        Some(Event { records, only_records, known_source, ..Event::of_members(text, Object::default()) })
    }

    /// Recognises the source of the event.
    pub(super) fn source(&self) -> Option<&'static Source> {
        self.known_source.or_else(|| find(|source| source.recognises(self)))
    }

    /// Returns the `requestContext` of a request.
    pub(super) fn request_context(&self) -> Option<&Object<'a>> {
        self.request_context.get_or_init(|| self.members.object("requestContext")).as_ref()
    }

    /// Returns `true` for an event from an untrusted caller. Members beside `Records` may show an untrusted caller too.
    pub(super) fn is_edge(&self) -> bool {
        if self.records.is_empty() {
            return edge::is_edge(&self.members);
        }
        let whole = || Object::parse(std::str::from_utf8(self.text).ok()?);
        !self.only_records && whole().is_some_and(|members| edge::is_edge(&members))
    }
}

/// Returns the first source that passes the test.
fn find(test: impl Fn(&Source) -> bool) -> Option<&'static Source> {
    SOURCES.iter().copied().find(|source| test(source))
}

/// Returns the `eventSource` of a record. SNS alone writes the name with a capital.
fn event_source<'a>(record: &Object<'a>) -> Option<Cow<'a, str>> {
    record.text("eventSource").or_else(|| record.text("EventSource"))
}
