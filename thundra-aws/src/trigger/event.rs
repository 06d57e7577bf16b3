//! An event, read as far as recognising the source takes.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::parse::json::{self, Object};

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
    /// `true` if the event has no member but `Records`.
    pub(super) has_only_records: bool,
    request_context: OnceCell<Option<Object<'a>>>,
}

impl<'a> Event<'a> {
    /// Reads an event. `None` for anything but a JSON object.
    ///
    /// The records of a batch are read once, if `delivers` returns `true` for the `eventSource` of the first record. A
    /// request is read up to the `body`, if `needs_no_body` returns `true` for the members before.
    pub(super) fn parse(
        text: &'a [u8],
        delivers: impl Fn(&str) -> bool,
        needs_no_body: impl Fn(&Event<'a>) -> bool,
    ) -> Option<Self> {
        let is_known = |first: &Object<'a>| event_source(first).is_some_and(|name| delivers(&name));
        if let Some((records, has_only_records)) = json::first_member_objects(text, RECORDS, is_known)
            && !records.is_empty()
        {
            return Some(Event { records, has_only_records, ..Event::of_members(text, Object::default()) });
        }
        let (members, rest) = Object::parse_before(text, BODY)?;
        let mut event = Event::of_members(text, members);
        if let Some(rest) = rest
            && !needs_no_body(&event)
        {
            rest.read_into(&mut event.members)?;
            event.request_context = OnceCell::new();
        }
        Some(event)
    }

    fn of_members(text: &'a [u8], members: Object<'a>) -> Self {
        Event { text, members, records: Vec::new(), has_only_records: false, request_context: OnceCell::new() }
    }

    /// Returns the `requestContext` of a request.
    pub(super) fn request_context(&self) -> Option<&Object<'a>> {
        self.request_context.get_or_init(|| self.members.object("requestContext")).as_ref()
    }
}

/// Returns the `eventSource` of a record. SNS alone writes the name with a capital.
fn event_source<'a>(record: &Object<'a>) -> Option<Cow<'a, str>> {
    record.text("eventSource").or_else(|| record.text("EventSource"))
}
