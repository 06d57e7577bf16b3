//! An event, read as far as recognising the source takes.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::parse::device;
use super::parse::json::{MAX_MEMBERS, Object};
use super::parse::members::{self, Members};

/// The member with a batch of records, anywhere in the event.
pub(super) const RECORDS: &str = "Records";
/// The members read inside: the context of a request, and the batches of records, messages, changes or tasks.
const OPENED: [&str; 6] = ["requestContext", "records", "messages", "rmqMessagesByQueue", "events", "tasks"];
/// The body of a request, often long and never needed.
const BODY: &str = "body";

/// An event with the members of the top level.
pub(super) struct Event<'a> {
    /// The text of the event.
    pub(super) text: &'a [u8],
    /// The members of the event, apart from [`records`](Event::records).
    pub(super) members: Object<'a>,
    /// The elements of `Records` or of a list, if the source is known.
    pub(super) records: Vec<Object<'a>>,
    /// The members beyond the limit of [`members`](Event::members) that may identify a device, each once. A device
    /// chooses how many members come before.
    pub(super) beyond: Object<'a>,
    /// The text from the `body` of a request on, if not read.
    pub(super) unread: &'a [u8],
    /// `true` for a list, the form of the batches of EventBridge: of a pipe, or of a bus.
    pub(super) is_list: bool,
    request_context: OnceCell<Option<Object<'a>>>,
    /// Known once the whole event is read.
    is_from_device: OnceCell<bool>,
}

impl<'a> Event<'a> {
    /// Reads an event. `None` for anything but a JSON object, or a list of known objects.
    ///
    /// The records of a batch are read once, if `delivers` returns `true` for the first record. A request is read up to
    /// the `body`, if `needs_no_body` returns `true` for the members before.
    pub(super) fn parse(
        text: &'a [u8],
        delivers: impl Fn(&Object<'a>, Batch) -> bool,
        needs_no_body: impl Fn(&Event<'a>) -> bool,
    ) -> Option<Self> {
        if text.trim_ascii_start().starts_with(b"[") {
            let records = members::objects(text, |first| delivers(first, Batch::List))?;
            return Some(Event { records, is_list: true, ..Event::new(text) });
        }
        let mut members = Members::of(text);
        let (mut event, mut has_body, mut kept) = (Event::new(text), false, 0);
        while let Some(key) = members.next_key()? {
            if key == RECORDS && event.records.is_empty() {
                if let Some(records) = members.objects(|first| delivers(first, Batch::Records)) {
                    event.records = records;
                    continue;
                }
            } else if key == BODY && event.records.is_empty() && !std::mem::replace(&mut has_body, true) {
                members.finish([&mut event.members])?;
                if needs_no_body(&event) {
                    return Some(Event { unread: members.rest(), ..event });
                }
                event.request_context = OnceCell::new();
            }
            if kept < MAX_MEMBERS {
                kept += 1;
                members.add_to(&mut event.members, OPENED.contains(&&*key))?;
            } else if device::tells(&key) && !event.beyond.names(&key) {
                members.add_to(&mut event.beyond, false)?;
            } else {
                members.skip()?;
            }
        }
        members.finish([&mut event.members, &mut event.beyond])?;
        Some(event)
    }

    fn new(text: &'a [u8]) -> Self {
        Event {
            text,
            members: Object::default(),
            records: Vec::new(),
            beyond: Object::default(),
            unread: &[],
            is_list: false,
            request_context: OnceCell::new(),
            is_from_device: OnceCell::new(),
        }
    }

    /// Returns the elements of a list, or else the event.
    pub(super) fn objects(&self) -> &[Object<'a>] {
        if self.is_list { &self.records } else { std::slice::from_ref(&self.members) }
    }

    /// Returns `true` for an event of AWS IoT. Asked for each event, because a device may imitate any other event.
    pub(super) fn is_from_device(&self) -> bool {
        *self.is_from_device.get_or_init(|| device::is_event([&self.members, &self.beyond]))
    }

    /// Returns `true` for the end of a [tumbling window] over a stream of the service. The end may have no records.
    ///
    /// [tumbling window]: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-windows.html
    pub(super) fn is_end_of_window(&self, service: &str) -> bool {
        let stream = self.members.text("eventSourceARN").filter(|_| self.members.has("isFinalInvokeForWindow"));
        stream.is_some_and(|arn| arn.split(':').nth(2) == Some(service))
    }

    /// Returns the `requestContext` of a request.
    pub(super) fn request_context(&self) -> Option<&Object<'a>> {
        self.request_context.get_or_init(|| self.members.object("requestContext")).as_ref()
    }
}

/// The place of several records in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Batch {
    /// The member `Records`.
    Records,
    /// The whole event, a list.
    List,
}

/// Returns `true` for a record of the source `name`. A record without an `eventSource`, as in some test events, is
/// recognised by `is_alike`, from the members of the record.
pub(super) fn is_record(record: &Object<'_>, name: &str, is_alike: impl FnOnce(&Object<'_>) -> bool) -> bool {
    match event_source(record) {
        Some(source) => source == name,
        None => is_alike(record),
    }
}

/// Returns the `eventSource` of a record, or of an event. SNS alone writes the name with a capital.
pub(super) fn event_source<'a>(record: &Object<'a>) -> Option<Cow<'a, str>> {
    record.text("eventSource").or_else(|| record.text("EventSource")).filter(|source| !source.is_empty())
}
