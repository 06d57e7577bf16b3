//! Extraction: from a carrier to a context.

use std::sync::Arc;

use super::baggage::{BAGGAGE, Baggage};
use super::correlation::{CORRELATION_ID, CORRELATION_TRACEPARENT, CorrelationIds, Taken};
use super::outbound::Outbound;
use super::parent_source::ParentSource;
use super::propagators::Propagators;
use super::received::Received;
use super::traceparent::{TRACEPARENT, parse_traceparent};
use super::tracestate::{TRACESTATE, TraceState};
use super::trust::Trust;
use super::xray::{XRayHeader, is_xray_key};
use crate::TraceContext;

/// The context in a carrier.
///
/// # Examples
///
/// ```
/// use thundra_core::propagation::{Inbound, ParentSource, Propagators, Trust};
///
/// let headers = [
///     ("TraceParent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
///     ("X-Correlation-Order", "o-9"),
///     ("content-type", "application/json"),
/// ];
/// let inbound = Inbound::extract(headers, Propagators::default(), Trust::Edge);
/// assert_eq!(inbound.source, ParentSource::TraceParent);
/// assert_eq!(inbound.correlation.get("order"), Some("o-9"));
/// assert!(inbound.untrusted, "the sampling flag of an untrusted caller has no effect");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Inbound {
    /// The caller's span.
    pub parent: Option<TraceContext>,
    /// The source of the parent, or the reason for its absence.
    pub source: ParentSource,
    /// `true` if the parent's sampling decision has no effect.
    pub untrusted: bool,
    /// The received correlation ids. A scope adds a missing `x-correlation-id`.
    pub correlation: CorrelationIds,
    /// W3C baggage, within the limits.
    pub baggage: Option<Arc<str>>,
    /// The X-Ray header, for the calls of the scope. Of an untrusted caller's header, only the trace is kept.
    pub xray: Option<XRayHeader>,
    /// The number of malformed ids, list members and lists, and of those over a limit.
    pub dropped: u32,
    /// The received values, for recognising forwarded ones.
    pub(crate) received: Option<Box<Received>>,
}

impl Inbound {
    /// Reads a carrier. Unknown pairs are ignored, and malformed pairs are ignored and [counted](Self::dropped).
    /// Nothing fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::propagation::{Inbound, ParentSource, Propagators, Trust};
    ///
    /// let inbound = Inbound::extract([("traceparent", "00-short")], Propagators::default(), Trust::Full);
    /// assert_eq!((inbound.parent, inbound.source), (None, ParentSource::Malformed));
    /// ```
    pub fn extract<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        formats: Propagators,
        trust: Trust,
    ) -> Self {
        let mut inbound = Inbound { untrusted: trust == Trust::Edge, ..Inbound::default() };
        let (mut w3c, mut parents, mut handed_on, mut malformed) = (None, 0_u32, None, false);
        let (mut state, mut carried) = (TraceState::default(), Baggage::default());
        let received = &mut inbound.received;
        for (key, value) in pairs {
            if formats.tracecontext && key.eq_ignore_ascii_case(TRACEPARENT) {
                parents = parents.saturating_add(1);
                let read = parse_traceparent(value);
                received.get_or_insert_default().take_parent(read.as_ref());
                w3c = read.filter(|_| parents == 1);
                malformed |= w3c.is_none();
            } else if formats.tracecontext && key.eq_ignore_ascii_case(TRACESTATE) {
                state.push(value);
            } else if formats.baggage && key.eq_ignore_ascii_case(BAGGAGE) {
                carried.push(value);
            } else if formats.xray && is_xray_key(key) {
                let read = XRayHeader::parse(value);
                received.get_or_insert_default().take_xray(read.as_ref());
                malformed |= read.is_none();
                inbound.xray = inbound.xray.or(read);
            } else if formats.correlation && key.eq_ignore_ascii_case(CORRELATION_TRACEPARENT) {
                let read = parse_traceparent(value);
                received.get_or_insert_default().take_parent(read.as_ref());
                handed_on = handed_on.or(read);
            } else if formats.correlation {
                match inbound.correlation.take(key, value, trust == Trust::Full) {
                    Taken::Id | Taken::NotOurs => {}
                    Taken::ChainLength(length) => received.get_or_insert_default().take_chain_length(length),
                    Taken::Debug(debug) => received.get_or_insert_default().take_debug(debug),
                    Taken::Dropped => {
                        inbound.dropped = inbound.dropped.saturating_add(1);
                        if key.eq_ignore_ascii_case(CORRELATION_ID) {
                            received.get_or_insert_default().malformed = true;
                        }
                    }
                }
            }
        }
        inbound.dropped = inbound.dropped.saturating_add(carried.dropped + u32::from(state.is_malformed()));
        if trust == Trust::Edge {
            inbound.dropped = inbound.dropped.saturating_add(inbound.correlation.bound());
        }
        if state.is_malformed() {
            received.get_or_insert_default().malformed = true;
        }
        if let Some(state) = state.finish() {
            received.get_or_insert_default().trace_state = Some(state.clone());
            w3c.iter_mut().for_each(|context| context.trace_state = Some(state.clone()));
        }
        inbound.baggage = carried.finish();
        if let Some(baggage) = &inbound.baggage {
            received.get_or_insert_default().baggage = Some(baggage.clone());
        }
        let xray = inbound.xray.as_ref().and_then(XRayHeader::context);
        (inbound.parent, inbound.source) = match (w3c, xray, handed_on) {
            (Some(context), _, _) => (Some(context), ParentSource::TraceParent),
            (_, Some(context), _) => (Some(context), ParentSource::XRay),
            (_, _, Some(context)) => (Some(context), ParentSource::Correlation),
            _ if malformed => (None, ParentSource::Malformed),
            _ if inbound.xray.is_some() => (None, ParentSource::XRayIgnored),
            _ => (None, ParentSource::None),
        };
        if trust == Trust::Edge {
            // Calls to AWS carry this header, and the services obey it.
            inbound.xray = inbound.xray.map(XRayHeader::without_orders);
        }
        inbound
    }

    /// Returns `true` if a value was malformed, with or without being [counted](Self::dropped).
    pub(crate) fn has_malformed(&self) -> bool {
        self.source == ParentSource::Malformed
            || self.dropped > 0
            || self.received.as_ref().is_some_and(|received| received.malformed)
    }

    /// Returns the context of a span in this process, as a parent.
    ///
    /// # Examples
    ///
    /// A job in the background continues the trace of the request that began it:
    ///
    /// ```
    /// use thundra_core::Scope;
    /// use thundra_core::propagation::Inbound;
    ///
    /// let request = Scope::builder("request").begin();
    /// let caller = request.context().unwrap();
    /// let job = Scope::builder("job").parent(Inbound::local(caller.clone())).begin();
    /// let span = job.finish().spans().next().unwrap();
    /// assert_eq!((span.context.trace_id, span.parent_span_id), (caller.trace_id, Some(caller.span_id)));
    /// assert!(!span.parent_is_remote);
    /// ```
    pub fn local(parent: TraceContext) -> Self {
        Inbound { parent: Some(parent), source: ParentSource::Local, ..Inbound::default() }
    }

    /// Returns the context of a call, as received by work inside the program that made the call. The chain of calls
    /// does not grow.
    #[doc(hidden)]
    pub fn within(caller: Outbound) -> Self {
        let Outbound { context, mut correlation, baggage, xray, received, formats: _ } = caller;
        // The scope of the work counts the program, and decides on debug logs, again.
        correlation.debug = Some(correlation.debug_log_enabled());
        correlation.chain_length = correlation.chain_length.saturating_sub(1);
        let received = received.map(|received| Box::new(Received::clone(&received)));
        Inbound { correlation, baggage, xray, received, ..Inbound::local(context) }
    }

    /// Adds the values of `other` for everything missing here.
    ///
    /// A message may have several carriers: attributes, a system attribute, the payload. The first carrier takes
    /// precedence.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::propagation::{Inbound, Propagators, Trust};
    ///
    /// let read = |pair| Inbound::extract([pair], Propagators::default(), Trust::Full);
    /// let message = read(("x-correlation-id", "c-1")).or(read(("x-correlation-order", "o-9")));
    /// assert_eq!((message.correlation.get("id"), message.correlation.get("order")), (Some("c-1"), Some("o-9")));
    /// ```
    #[must_use]
    pub fn or(mut self, other: Inbound) -> Self {
        if self.parent.is_none() && (other.parent.is_some() || self.source == ParentSource::None) {
            (self.parent, self.source, self.untrusted) = (other.parent, other.source, other.untrusted);
        }
        self.correlation.fill(&other.correlation);
        self.correlation.debug = self.correlation.debug.or(other.correlation.debug);
        self.correlation.chain_length = self.correlation.chain_length.max(other.correlation.chain_length);
        self.correlation.user_agent = self.correlation.user_agent.or(other.correlation.user_agent);
        self.baggage = self.baggage.or(other.baggage);
        self.xray = self.xray.or(other.xray);
        self.dropped = self.dropped.saturating_add(other.dropped);
        self.received = match (self.received, other.received) {
            (Some(one), Some(other)) => Some(Box::new(one.or(*other))),
            (one, other) => one.or(other),
        };
        self
    }
}
