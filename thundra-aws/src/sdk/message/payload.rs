//! The `__context__` member of JSON payloads, for services without message attributes.
//!
//! The member goes into a JSON object (see [`InsertionPoint`]), as far as `THUNDRA_INJECT_PAYLOAD` allows. A message
//! grows within two limits: the limit of a message, and a share of the limit of the request.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_smithy_types::Blob;
use serde_json::Value;
use thundra_core::ScopeRef;
use thundra_core::propagation::Outbound;

use super::members::Members;
use super::refusal::Size;
use super::{Injected, Skipped};
use crate::payload::splice::{InsertionPoint, SpliceError, are_equal};
use crate::payload_patterns::PayloadService;
use crate::settings::settings;

/// Returns the reason why `THUNDRA_INJECT_PAYLOAD` excludes the payloads of a target.
pub(crate) fn excluded(service: PayloadService, target: &str) -> Option<Skipped> {
    (!settings().inject_payload.allows(service, target)).then_some(Skipped::Excluded)
}

/// The payload of a message, in the type of an SDK crate.
pub(crate) trait SdkPayload {
    fn bytes(&self) -> &[u8];

    fn replace(&mut self, json: String);
}

impl SdkPayload for Blob {
    fn bytes(&self) -> &[u8] {
        self.as_ref()
    }

    fn replace(&mut self, json: String) {
        *self = Blob::new(json);
    }
}

impl SdkPayload for String {
    fn bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn replace(&mut self, json: String) {
        *self = json;
    }
}

/// A message of a request.
#[derive(Debug)]
pub(crate) struct Message<'a, P> {
    /// `None` if the caller set none.
    pub(crate) payload: Option<&'a mut P>,
    /// Size without our context, as counted by the service.
    pub(crate) size: usize,
    /// Room within the limit of a message.
    pub(crate) room: usize,
    /// Reason why nothing may be written.
    pub(crate) skip: Option<Skipped>,
}

/// Writes the context into each message, up to the limits.
///
/// `room` is the room of all messages together. Messages with an insertion point share the room. The rest of a share is
/// left to later messages.
pub(crate) fn inject<P: SdkPayload>(messages: Vec<Message<'_, P>>, mut room: usize, outbound: &Outbound) -> Injected {
    let mut injected = Injected::default();
    let context = Context::of(outbound);
    if context.members.is_empty() {
        return injected;
    }
    let takers = context.share_the_room(&messages, room);
    let mut left = takers.iter().filter(|takes| **takes).count();
    for (message, takes) in messages.into_iter().zip(takers) {
        let own = message.size;
        let written = context.write(message, room / left.max(1));
        let grown = written.as_ref().map_or(0, |written| written.grown);
        injected.sizes.add(Size { own, sent: own + grown });
        left -= usize::from(takes);
        match written {
            Ok(written) => {
                room -= written.grown;
                injected.own_context |= written.own_context;
                if !written.complete {
                    injected.skip(Skipped::Size);
                }
            }
            Err(why) => injected.skip(why),
        }
    }
    injected
}

/// The context for the payloads of a call.
#[derive(Debug)]
struct Context<'o> {
    members: Members,
    outbound: &'o Outbound,
    /// Received context. In a forwarded payload our context replaces the received context.
    received: Option<Arc<str>>,
}

/// The result of writing into a payload.
#[derive(Debug, PartialEq)]
struct Written {
    grown: usize,
    own_context: bool,
    complete: bool,
}

impl<'o> Context<'o> {
    fn of(outbound: &'o Outbound) -> Self {
        let received = ScopeRef::current().and_then(|scope| scope.received_context());
        Context { members: Members::new(outbound.payload_pairs()), outbound, received }
    }

    /// Returns `true` for a received context, compared as a whole or value by value. A program may build a context from
    /// received attributes or headers.
    fn was_received(&self, context: &str) -> bool {
        self.received.as_deref().is_some_and(|received| are_equal(received, context))
            || serde_json::from_str::<BTreeMap<String, Value>>(context).is_ok_and(|members| {
                !members.is_empty() && members.iter().all(|(key, value)| self.is_forwarded(key, value))
            })
    }

    fn is_forwarded(&self, key: &str, value: &Value) -> bool {
        let text = match value {
            Value::String(text) => text,
            Value::Number(_) | Value::Bool(_) => &value.to_string(),
            _ => return false,
        };
        self.members.has(key) && self.outbound.is_forwarded(key, text)
    }

    /// Returns `true` for each message with a share of the room. With room for all, every message has a share.
    fn share_the_room<P: SdkPayload>(&self, messages: &[Message<'_, P>], room: usize) -> Vec<bool> {
        let enough = room / messages.len().max(1) >= self.members.longest() + InsertionPoint::LONGEST;
        let takes = |message: &Message<'_, P>| {
            let payload = message.payload.as_ref().filter(|_| message.skip.is_none());
            payload.is_some_and(|payload| {
                InsertionPoint::in_payload(payload.bytes(), |context| self.was_received(context)).is_ok()
            })
        };
        messages.iter().map(|message| enough || takes(message)).collect()
    }

    /// Writes the context up to the limits. `share` is the share of the room of the request.
    fn write<P: SdkPayload>(&self, message: Message<'_, P>, share: usize) -> Result<Written, Skipped> {
        if let Some(why) = message.skip {
            return Err(why);
        }
        let payload = message.payload.ok_or(Skipped::Data)?;
        let before = payload.bytes().len();
        let point = InsertionPoint::in_payload(payload.bytes(), |context| self.was_received(context)).map_err(
            |why| match why {
                SpliceError::NotAnObject => Skipped::Data,
                SpliceError::Occupied => Skipped::Context,
            },
        )?;
        let room = (before + share.min(message.room)).saturating_sub(point.len());
        let text = self.members.within(room).ok_or(Skipped::Size)?;
        let filled = point.fill(&text.json);
        let grown = filled.len().saturating_sub(before);
        payload.replace(filled);
        Ok(Written { grown, own_context: text.own_context, complete: self.members.are_all_in(&text) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outbound() -> Outbound {
        thundra_core::Scope::builder("test").begin().enter(|| thundra_core::outbound(&tracing::Span::none())).unwrap()
    }

    /// `"id":"1","traceparent":"t"` is 26 bytes, `"id":"1"` 8, with 17 around, 16 in an empty object.
    fn two<'o>(outbound: &'o Outbound, received: Option<&str>) -> Context<'o> {
        let pairs = [("id", r#""1""#.to_owned()), ("traceparent", r#""t""#.to_owned())];
        Context { members: Members::new(pairs), outbound, received: received.map(Arc::from) }
    }

    fn write(payload: &str, own_room: usize, share: usize) -> (Result<Written, Skipped>, String) {
        let mut payload = payload.to_owned();
        let message = Message { size: payload.len(), payload: Some(&mut payload), room: own_room, skip: None };
        (two(&outbound(), Some(r#"{"old":1}"#)).write(message, share), payload)
    }

    #[test]
    fn a_message_grows_within_both_limits() {
        const ALL: usize = 43;
        for (payload, own_room, share, grown, why) in [
            (r#"{"a":1}"#, 1000, 1000, Some(ALL), "room for all"),
            (r#"{"a":1}"#, ALL, ALL, Some(ALL), "to the byte"),
            (r#"{"a":1}"#, ALL - 1, 1000, Some(25), "one byte less: the first member alone"),
            (r#"{"a":1}"#, 1000, ALL - 1, Some(25), "its share is less"),
            (r#"{"a":1}"#, 25, 1000, Some(25), "room for the first member to the byte"),
            (r#"{"a":1}"#, 24, 1000, None, "room for none"),
            (r#"{"a":1}"#, 0, 0, None, "no room"),
            ("{}", ALL - 1, 1000, Some(ALL - 1), "an empty object needs no comma"),
            (r#"{"__context__":{"old":1}}"#, 19, 19, Some(19), "the received one makes room"),
            (r#"{"__context__":{"old":1}}"#, 18, 18, Some(1), "but not for both"),
            (r#"{"__context__":{"old":1}}"#, 0, 0, None, "nor for a longer one"),
        ] {
            let (written, after) = write(payload, own_room, share);
            match written {
                Ok(written) => {
                    let complete = grown.is_some_and(|grown| grown > 25 || grown == 19);
                    assert_eq!((Some(written.grown), written.complete), (grown, complete), "{why}");
                    assert_eq!((written.own_context, after.len() - payload.len()), (complete, written.grown), "{why}");
                }
                Err(skipped) => assert_eq!((grown, skipped, &*after), (None, Skipped::Size, payload), "{why}"),
            }
        }
    }

    #[test]
    fn a_payload_that_does_not_change_has_a_reason() {
        for (payload, expected) in
            [("[1]", Skipped::Data), ("text", Skipped::Data), (r#"{"__context__":{"new":1}}"#, Skipped::Context)]
        {
            for room in [0, 1000] {
                assert_eq!(write(payload, room, room), (Err(expected), payload.to_owned()), "whatever its size");
            }
        }
        let missing: Message<'_, String> = Message { payload: None, size: 0, room: 1000, skip: None };
        assert_eq!(two(&outbound(), None).write(missing, 1000), Err(Skipped::Data));
        let mut payload = "{}".to_owned();
        let skipped = Message { payload: Some(&mut payload), size: 2, room: 1000, skip: Some(Skipped::Excluded) };
        assert_eq!((two(&outbound(), None).write(skipped, 1000), &*payload), (Err(Skipped::Excluded), "{}"));
    }
}
