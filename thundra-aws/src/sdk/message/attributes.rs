//! Message attributes of SNS and SQS. A message has ten attributes at most. Attributes count in the size.

use std::collections::HashMap;

use thundra_core::propagation::{CORRELATION_TRACEPARENT, Outbound};

use super::limits::Limits;
use super::refusal::Size;
use super::{Injected, Skipped};

/// Most attributes of a message. SQS refuses more. SNS drops a message with more in a raw delivery to a queue.
const MAX_ATTRIBUTES: usize = 10;
/// Number of attributes without ids of the user.
const USUAL_ATTRIBUTES: usize = 5;
/// Default limit of a topic or a queue. No request shows another limit.
const DEFAULT_BYTES: usize = 256 * 1024;
/// Largest configurable limit of a topic or a queue.
const MAX_BYTES: usize = 4 * DEFAULT_BYTES;
/// Data type of our values. The type counts in the size of a message.
pub(crate) const STRING: &str = "String";

/// The value of an attribute, in the type of an SDK crate.
pub(crate) trait Attribute: Sized {
    /// Returns a value of the type `String`, or `None` for a value refused by the service.
    fn string(value: String) -> Option<Self>;

    /// Returns the bytes of type and value.
    fn size(&self) -> usize;

    /// Returns a text value.
    fn text(&self) -> Option<&str>;
}

/// A message of a request.
#[derive(Debug)]
pub(crate) struct Message<'a, V> {
    /// Id of the entry, in a batch.
    id: Option<&'a str>,
    attributes: &'a mut Option<HashMap<String, V>>,
    /// `true` if the caller set an attribute.
    has_callers: bool,
    body: usize,
    /// Bytes that only some implementations of the service count.
    beside: usize,
    outbound: &'a Outbound,
    skip: Option<Skipped>,
    /// Bytes left within the limit of the message.
    room: usize,
    size: Size,
    /// First reason why something was left out.
    skipped: Option<Skipped>,
    /// `true` if the caller set no trace context, and the receiver reads ours.
    untraced: bool,
    traced_by_us: bool,
}

impl<'a, V: Attribute> Message<'a, V> {
    /// Returns a message with a body of `body` bytes. `skip` is a reason to add nothing. The attributes of `outbound`
    /// replace received and forwarded attributes.
    pub(crate) fn new(
        attributes: &'a mut Option<HashMap<String, V>>,
        body: usize,
        outbound: &'a Outbound,
        skip: Option<Skipped>,
    ) -> Self {
        let mut message = Message {
            id: None,
            has_callers: attributes.as_ref().is_some_and(|attributes| !attributes.is_empty()),
            attributes,
            body,
            beside: 0,
            outbound,
            skip,
            room: 0,
            size: Size::default(),
            skipped: skip,
            untraced: true,
            traced_by_us: false,
        };
        message.untraced = !matches!(message.present("traceparent"), Present::Callers);
        message
    }

    /// Adds bytes that only some implementations of the service count. A limit is kept with these bytes, and learned
    /// without.
    pub(crate) fn beside(self, beside: usize) -> Self {
        Message { beside, ..self }
    }

    /// Sets the id of the entry in a batch.
    pub(crate) fn entry(self, id: &'a str) -> Self {
        Message { id: Some(id), ..self }
    }

    /// Returns `true` if the caller set no trace context.
    pub(crate) fn is_untraced(&self) -> bool {
        self.untraced
    }

    /// Finds an attribute by name, in any case.
    fn present(&self, name: &str) -> Present {
        if !self.has_callers {
            return Present::No;
        }
        let mut found = self.attributes.iter().flatten().filter(|(present, _)| present.eq_ignore_ascii_case(name));
        match (found.next(), found.next()) {
            (None, _) => Present::No,
            (Some((present, value)), None)
                if value.text().is_some_and(|text| self.outbound.is_forwarded(name, text)) =>
            {
                Present::Forwarded(present.clone())
            }
            _ => Present::Callers,
        }
    }

    /// Removes an attribute. Returns name and value.
    fn take(&mut self, present: &str) -> Option<(String, V)> {
        let (name, value) = self.attributes.as_mut()?.remove_entry(present)?;
        self.room += name.len() + value.size();
        self.size.sent = self.size.sent.saturating_sub(name.len() + value.size());
        Some((name, value))
    }

    fn put_back(&mut self, attribute: Option<(String, V)>) {
        if let Some((name, value)) = attribute {
            self.room = self.room.saturating_sub(name.len() + value.size());
            self.size.sent += name.len() + value.size();
            self.attributes.get_or_insert_default().insert(name, value);
        }
    }

    /// Removes the trace state of a replaced trace parent, if ours has none.
    fn forget_state(&mut self) {
        if self.traced_by_us
            && let Present::Forwarded(present) = self.present("tracestate")
        {
            self.take(&present);
        }
    }

    fn count(&self) -> usize {
        self.attributes.as_ref().map_or(0, HashMap::len)
    }

    /// Measures the message and the remaining bytes.
    fn measure(&mut self, limits: Limits) {
        let own = self.bytes();
        self.size = Size { own, sent: own };
        self.room = limits.message.saturating_sub(own + self.beside);
    }

    fn bytes(&self) -> usize {
        let attributes = self.attributes.iter().flatten();
        self.body + attributes.map(|(name, value)| name.len() + value.size()).sum::<usize>()
    }

    /// Adds an attribute. Returns the number of added bytes.
    fn add(&mut self, name: &str, value: String, room: usize) -> Result<usize, Skipped> {
        let bytes = name.len() + STRING.len() + value.len();
        if self.count() >= MAX_ATTRIBUTES {
            return Err(Skipped::Attributes);
        }
        if bytes > room.min(self.room) {
            return Err(Skipped::Size);
        }
        let value = V::string(value).ok_or(Skipped::Quotes)?;
        self.attributes.get_or_insert_with(|| HashMap::with_capacity(USUAL_ATTRIBUTES)).insert(name.to_owned(), value);
        self.room -= bytes;
        self.size.sent += bytes;
        Ok(bytes)
    }
}

/// The attribute of a message under a name of ours.
#[derive(Debug, PartialEq)]
enum Present {
    No,
    /// A received value, with the spelling of the name.
    Forwarded(String),
    Callers,
}

/// Returns the largest allowed size for a request of `before` bytes. A request below the default limit stays below. A
/// larger request may grow to the largest configurable limit.
///
/// The limit of a topic applies to all messages of a request together, and the limit of a queue may. A request within
/// the limit therefore stays within.
fn limit(before: usize, known: Limits) -> usize {
    let usual = if before > DEFAULT_BYTES { MAX_BYTES } else { DEFAULT_BYTES };
    let known = if before > known.message { known.request } else { known.request.min(known.message) };
    usual.min(known)
}

/// Adds `pairs` to each message of a request, within the limits.
///
/// The first pair goes into all messages before the second goes into any.
pub(crate) fn inject<V: Attribute>(
    messages: &mut [Message<'_, V>],
    pairs: Vec<(&str, String)>,
    known: Limits,
) -> Injected {
    if pairs.is_empty() {
        return Injected::default();
    }
    let has_state = pairs.iter().any(|(name, _)| *name == "tracestate");
    messages.iter_mut().for_each(|message| message.measure(known));
    let before = messages.iter().map(|message| message.size.own + message.beside).sum();
    let mut room = limit(before, known).saturating_sub(before);
    let mut injected = Injected::default();
    for (name, mut value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
        let mut receivers = messages.iter_mut().filter(|message| message.skip.is_none()).peekable();
        while let Some(message) = receivers.next() {
            // A trace state belongs to one trace parent.
            if name == "tracestate" && !message.traced_by_us {
                continue;
            }
            let forwarded = match message.present(name) {
                Present::No => None,
                Present::Forwarded(present) => message.take(&present),
                Present::Callers => continue,
            };
            let freed = forwarded.as_ref().map_or(0, |(name, value)| name.len() + value.size());
            let own_name = forwarded.as_ref().map_or(name, |(name, _)| name);
            // The last message takes the value without a copy.
            let value = if receivers.peek().is_some() { value.clone() } else { std::mem::take(&mut value) };
            match message.add(own_name, value, room + freed) {
                Ok(bytes) => {
                    room = (room + freed).saturating_sub(bytes);
                    message.traced_by_us |= name == "traceparent";
                    injected.own_context |=
                        message.untraced && (name == "traceparent" || name == CORRELATION_TRACEPARENT);
                }
                Err(why) => {
                    message.skipped = message.skipped.or(Some(why));
                    message.put_back(forwarded);
                }
            }
        }
    }
    if !has_state {
        messages.iter_mut().for_each(Message::forget_state);
    }
    for message in messages {
        injected.sizes.add(message.size);
        injected.sizes.entries.extend(message.id.map(|id| (id.to_owned(), message.size)));
        if let Some(why) = message.skipped {
            injected.skip(why);
        }
    }
    injected
}

#[cfg(test)]
mod tests;
