//! The received values under our keys, for recognising forwarded ones.
//!
//! By copying received headers onto a call, a program sends the caller's context instead of its own. Values already in
//! a carrier are therefore compared with the received values. Contexts are compared by span id, and lists by members.

use std::sync::Arc;

use super::baggage::{BAGGAGE, Baggage};
use super::correlation::{CALL_CHAIN_LENGTH, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, chain_length, debug};
use super::ows;
use super::traceparent::{TRACEPARENT, parse_traceparent};
use super::tracestate::{TRACESTATE, TraceState};
use super::xray::XRayHeader;
use crate::{SpanId, TraceContext, TraceId};

/// The values received under our keys, except the correlation ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// The contexts of `traceparent`, and the contexts forwarded by programs without tracing.
    parents: Sent<Identity>,
    /// The trace, the parent and the decision of each X-Ray header.
    xray: Sent<(TraceId, Option<SpanId>, Option<bool>)>,
    pub(super) trace_state: Option<Arc<str>>,
    pub(super) baggage: Option<Arc<str>>,
    /// The received chain length, with or without effect.
    chain_length: Sent<u32>,
    /// The received debug switch, with or without effect.
    debug: Sent<bool>,
    /// `true` if a value was malformed. All malformed values count as the same.
    pub(super) malformed: bool,
}

/// The values of a `traceparent`.
type Identity = (TraceId, SpanId, u8);

fn identity(context: &TraceContext) -> Identity {
    (context.trace_id, context.span_id, context.flags())
}

/// The distinct values of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sent<T> {
    values: [Option<T>; 3],
    /// `true` if more were received. Every value then counts as received, so that an untrusted caller gains nothing by
    /// sending many.
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

    /// Returns `true` if the values were received under the key: a lower-case key other than X-Ray's and the
    /// correlation ids'.
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

    /// Returns `false` if the scope [holds](Self::holds) no trace state at all.
    pub(super) fn may_hold_state(&self) -> bool {
        self.trace_state.is_some() || self.malformed
    }

    /// Returns `true` if the X-Ray headers were received in the carrier or `beside` the carrier, as from Lambda.
    pub(super) fn holds_xray(received: Option<&Self>, values: &[&str], beside: Option<&XRayHeader>) -> bool {
        let is_known = |value: &str| {
            let Some(header) = XRayHeader::parse(value) else { return received.is_some_and(|all| all.malformed) };
            let XRayHeader { trace_id, parent, sampled, .. } = header;
            // `beside` has no decision if an untrusted caller sent it.
            let decides = |known: &XRayHeader| known.sampled.is_none() || known.sampled == sampled;
            let is = |known: &XRayHeader| (known.trace_id, known.parent) == (trace_id, parent) && decides(known);
            received.is_some_and(|all| all.xray.holds((trace_id, parent, sampled))) || beside.is_some_and(is)
        };
        values.iter().all(|value| ows::all_known(value, is_known))
    }

    /// Adds the values of another carrier of the same message.
    pub(super) fn add(&mut self, other: &Received) {
        self.parents.add(&other.parents);
        self.xray.add(&other.xray);
        self.trace_state = self.trace_state.take().or_else(|| other.trace_state.clone());
        self.baggage = self.baggage.take().or_else(|| other.baggage.clone());
        self.chain_length.add(&other.chain_length);
        self.debug.add(&other.debug);
        self.malformed |= other.malformed;
    }
}

/// Returns `true` if both lists have the same members, and are not empty.
fn is_same(list: Option<Arc<str>>, received: &Option<Arc<str>>) -> bool {
    list.is_some() && list == *received
}

impl<T> Default for Sent<T> {
    fn default() -> Self {
        Sent { values: [None, None, None], more: false }
    }
}

impl<T: Copy + PartialEq> Sent<T> {
    /// Adds a value and returns `true`; `false` for a malformed value.
    fn take(&mut self, value: Option<T>) -> bool {
        if value.is_some() && !self.values.contains(&value) {
            match self.values.iter_mut().find(|place| place.is_none()) {
                Some(place) => *place = value,
                None => self.more = true,
            }
        }
        value.is_some()
    }

    fn add(&mut self, other: &Self) {
        for value in other.values.iter().take_while(|value| value.is_some()) {
            self.take(*value);
        }
        self.more |= other.more;
    }

    fn holds(&self, value: T) -> bool {
        self.more || self.values.contains(&Some(value))
    }
}
