//! The context in a carrier.

use std::sync::Arc;

use super::correlation::CorrelationIds;
use super::outbound::Outbound;
use super::parent_source::ParentSource;
use super::received::Received;
use super::xray::XRayHeader;
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
    pub(crate) received: Option<Arc<Received>>,
}

impl Inbound {
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
        self.correlation.fill(other.correlation);
        self.baggage = self.baggage.or(other.baggage);
        self.xray = self.xray.or(other.xray);
        self.dropped = self.dropped.saturating_add(other.dropped);
        self.received = match (self.received, other.received) {
            (Some(mut one), Some(other)) => {
                Arc::make_mut(&mut one).add(&other);
                Some(one)
            }
            (one, other) => one.or(other),
        };
        self
    }
}
