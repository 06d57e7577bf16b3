//! What a carrier held under our keys, as far as it takes to know it again.
//!
//! A program that copies what it received onto a call of its own sends its caller's context instead of its own. No text is
//! kept: a context is known by the id of its span, a list by its members. Values are compared where a carrier holds one of
//! our keys already, and nowhere else.

use std::sync::Arc;

use super::baggage::{BAGGAGE, Baggage};
use super::correlation::{CALL_CHAIN_LENGTH, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, chain_length, debug};
use super::ows;
use super::traceparent::{TRACEPARENT, parse_traceparent};
use super::tracestate::{TRACESTATE, TraceState};
use super::xray::XRayHeader;
use crate::{SpanId, TraceContext, TraceId};

/// The values that a scope received under our keys, but for the correlation ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// The contexts: each `traceparent`, and what programs handed on that do not trace.
    parents: Sent<Identity>,
    /// The X-Ray headers: the trace, the parent and the decision of each.
    xray: Sent<(TraceId, Option<SpanId>, Option<bool>)>,
    pub(super) trace_state: Option<Arc<str>>,
    pub(super) baggage: Option<Arc<str>>,
    /// The switches as they were sent, though they may not be obeyed.
    chain_length: Sent<u32>,
    debug: Sent<bool>,
    /// `true` if something was malformed. All malformed values are alike.
    pub(super) malformed: bool,
}

/// The content of a `traceparent`.
type Identity = (TraceId, SpanId, u8);

fn identity(context: &TraceContext) -> Identity {
    (context.trace_id, context.span_id, context.flags())
}

/// The values of one key, each once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent<T> {
    values: [Option<T>; 3],
    /// Whether there were more. Any value counts as one of them: an untrusted caller must not get one through by sending
    /// many.
    more: bool,
}

impl Received {
    pub(super) fn take_parent(&mut self, read: Option<&TraceContext>) {
        self.malformed |= !self.parents.take(read.map(identity));
    }

    pub(super) fn take_xray(&mut self, read: Option<&XRayHeader>) {
        self.malformed |= !self.xray.take(read.map(|header| (header.trace_id, header.parent, header.sampled)));
    }

    pub(super) fn take_chain_length(&mut self, read: Option<u32>) {
        self.malformed |= !self.chain_length.take(read);
    }

    pub(super) fn take_debug(&mut self, read: Option<bool>) {
        self.malformed |= !self.debug.take(read);
    }

    /// Returns whether these values were received under a key in lower case: one of ours that is neither X-Ray's nor a
    /// correlation id's.
    pub(super) fn holds(&self, key: &str, values: &[&str]) -> bool {
        let all = |known: &dyn Fn(&str) -> Option<bool>| {
            values.iter().all(|value| ows::all_known(value, |value| known(value).unwrap_or(self.malformed)))
        };
        match key {
            TRACEPARENT | CORRELATION_TRACEPARENT => {
                all(&|value| Some(self.parents.holds(identity(&parse_traceparent(value)?))))
            }
            TRACESTATE => {
                let mut list = TraceState::default();
                values.iter().for_each(|value| list.push(value));
                if list.is_malformed() { self.malformed } else { is_same(list.finish(), &self.trace_state) }
            }
            BAGGAGE => {
                let mut list = Baggage::default();
                values.iter().for_each(|value| list.push(value));
                is_same(list.finish(), &self.baggage)
            }
            CALL_CHAIN_LENGTH => all(&|value| chain_length(value).map(|length| self.chain_length.holds(length))),
            DEBUG_LOG_ENABLED => all(&|value| debug(value).map(|debug| self.debug.holds(debug))),
            _ => false,
        }
    }

    /// Returns whether these X-Ray headers were received, in the carrier or `beside` it: Lambda has one of its own.
    pub(super) fn holds_xray(received: Option<&Self>, values: &[&str], beside: Option<&XRayHeader>) -> bool {
        let is_known = |value: &str| {
            let Some(header) = XRayHeader::parse(value) else { return received.is_some_and(|all| all.malformed) };
            let XRayHeader { trace_id, parent, sampled, .. } = header;
            // Of an untrusted caller's header the decision is not kept there.
            let decides = |known: &XRayHeader| known.sampled.is_none() || known.sampled == sampled;
            let is = |known: &XRayHeader| (known.trace_id, known.parent) == (trace_id, parent) && decides(known);
            received.is_some_and(|all| all.xray.holds((trace_id, parent, sampled))) || beside.is_some_and(is)
        };
        values.iter().all(|value| ows::all_known(value, is_known))
    }

    /// Fills in what another carrier of the same message held.
    #[must_use]
    pub(super) fn or(self, other: Received) -> Self {
        Received {
            parents: self.parents.and(other.parents),
            xray: self.xray.and(other.xray),
            trace_state: self.trace_state.or(other.trace_state),
            baggage: self.baggage.or(other.baggage),
            chain_length: self.chain_length.and(other.chain_length),
            debug: self.debug.and(other.debug),
            malformed: self.malformed || other.malformed,
        }
    }
}

/// Returns whether both lists have members, and the same ones.
fn is_same(list: Option<Arc<str>>, received: &Option<Arc<str>>) -> bool {
    list.is_some() && list == *received
}

impl<T> Default for Sent<T> {
    fn default() -> Self {
        Sent { values: [None, None, None], more: false }
    }
}

impl<T: Copy + PartialEq> Sent<T> {
    /// Takes a value; `false` where it is malformed.
    fn take(&mut self, value: Option<T>) -> bool {
        if value.is_some() && !self.values.contains(&value) {
            match self.values.iter_mut().find(|place| place.is_none()) {
                Some(place) => *place = value,
                None => self.more = true,
            }
        }
        value.is_some()
    }

    fn and(mut self, other: Self) -> Self {
        for value in other.values {
            self.take(value);
        }
        Sent { more: self.more || other.more, ..self }
    }

    fn holds(&self, value: T) -> bool {
        self.more || self.values.contains(&Some(value))
    }
}
