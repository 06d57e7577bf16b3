//! What a carrier held under our keys, as far as it takes to know it again.
//!
//! A program that copies what it received onto a call of its own sends its caller's context instead of its own. No text is
//! kept: a context is known by the id of its span, a list by its members. Values are compared where a carrier holds one of
//! our keys already, and nowhere else.

use std::sync::Arc;

use super::baggage::{BAGGAGE, Baggage};
use super::correlation::{CALL_CHAIN_LENGTH, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, chain_length, debug};
use super::traceparent::{TRACEPARENT, parse_traceparent};
use super::tracestate::{TRACESTATE, TraceState};
use super::xray::XRayHeader;
use crate::{SpanId, TraceContext, TraceId};

/// What a scope received under our keys, but for the correlation ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// The first and the last `traceparent`, and the context that a program handed on which does not trace.
    parents: [Option<Identity>; 3],
    /// The first X-Ray header: its trace, its parent and its decision.
    xray: Option<(TraceId, Option<SpanId>, Option<bool>)>,
    pub(super) trace_state: Option<Arc<str>>,
    pub(super) baggage: Option<Arc<str>>,
    /// The switches as they were sent, though they may not be obeyed.
    chain_length: Sent<u32>,
    debug: Sent<bool>,
    /// Whether something was malformed: all that is malformed is alike.
    pub(super) malformed: bool,
}

/// What a `traceparent` says.
type Identity = (TraceId, SpanId, u8);

fn identity(context: &TraceContext) -> Identity {
    (context.trace_id, context.span_id, context.flags())
}

/// The values of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Sent<T> {
    #[default]
    Nothing,
    One(T),
    /// Any value counts as one of them: an untrusted caller must not get one through by sending many.
    Several,
}

impl Received {
    pub(super) fn take_parent(&mut self, read: Option<&TraceContext>) {
        let [first, last, _] = &mut self.parents;
        *last = read.map(identity).or(*last);
        *first = first.or(*last);
        self.malformed |= read.is_none();
    }

    pub(super) fn take_handed_on(&mut self, read: Option<&TraceContext>) {
        let [.., handed_on] = &mut self.parents;
        *handed_on = handed_on.or(read.map(identity));
        self.malformed |= read.is_none();
    }

    pub(super) fn take_xray(&mut self, read: Option<&XRayHeader>) {
        self.xray = self.xray.or(read.map(|header| (header.trace_id, header.parent, header.sampled)));
        self.malformed |= read.is_none();
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
        let all = |known: &dyn Fn(&str) -> Option<bool>| values.iter().all(|v| known(v).unwrap_or(self.malformed));
        match key {
            TRACEPARENT | CORRELATION_TRACEPARENT => {
                all(&|value| Some(self.parents.contains(&Some(identity(&parse_traceparent(value)?)))))
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
        values.iter().all(|value| {
            let Some(header) = XRayHeader::parse(value) else { return received.is_some_and(|all| all.malformed) };
            let XRayHeader { trace_id, parent, sampled, .. } = header;
            // Of an untrusted caller's header the decision is not kept there.
            let decides = |known: &XRayHeader| known.sampled.is_none() || known.sampled == sampled;
            let is = |known: &XRayHeader| (known.trace_id, known.parent) == (trace_id, parent) && decides(known);
            received.is_some_and(|all| all.xray == Some((trace_id, parent, sampled))) || beside.is_some_and(is)
        })
    }

    /// Fills in what another carrier of the same message held.
    #[must_use]
    pub(super) fn or(self, other: Received) -> Self {
        let [first, last, handed_on] = self.parents;
        let [other_first, other_last, other_handed_on] = other.parents;
        Received {
            parents: [first.or(other_first), other_last.or(last), handed_on.or(other_handed_on)],
            xray: self.xray.or(other.xray),
            trace_state: self.trace_state.or(other.trace_state),
            baggage: self.baggage.or(other.baggage),
            chain_length: self.chain_length.and(other.chain_length),
            debug: self.debug.and(other.debug),
            malformed: self.malformed || other.malformed,
        }
    }
}

/// Whether both lists have members, and the same ones.
fn is_same(list: Option<Arc<str>>, received: &Option<Arc<str>>) -> bool {
    list.is_some() && list == *received
}

impl<T: Copy + PartialEq> Sent<T> {
    /// Takes a value; `false` where it is malformed.
    fn take(&mut self, value: Option<T>) -> bool {
        if let Some(value) = value {
            *self = self.and(Sent::One(value));
        }
        value.is_some()
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (one, Sent::Nothing) | (Sent::Nothing, one) => one,
            (one, other) if one == other => one,
            _ => Sent::Several,
        }
    }

    fn holds(self, value: T) -> bool {
        self == Sent::Several || self == Sent::One(value)
    }
}
