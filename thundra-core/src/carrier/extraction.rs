//! Extraction: from the pairs of a carrier to a context.

use std::sync::Arc;

use super::baggage::{BAGGAGE, Baggage};
use super::correlation::{CORRELATION_ID, CORRELATION_TRACEPARENT, Taken};
use super::inbound::Inbound;
use super::parent_source::ParentSource;
use super::propagators::Propagators;
use super::received::Received;
use super::traceparent::{TRACEPARENT, parse_traceparent};
use super::tracestate::{TRACESTATE, TraceState};
use super::trust::Trust;
use super::xray::{XRayHeader, is_xray_key};
use crate::TraceContext;

/// The extraction of a context, given one pair of the carrier at a time. A reader of a carrier needs no list of the
/// pairs.
#[derive(Debug)]
pub struct Extraction {
    inbound: Inbound,
    formats: Propagators,
    trust: Trust,
    w3c: Option<TraceContext>,
    /// The number of `traceparent`s.
    parents: u32,
    /// The parent among the correlation ids.
    handed_on: Option<TraceContext>,
    /// `true` after a malformed parent.
    malformed: bool,
    state: TraceState,
    baggage: Baggage,
    /// `true` if the received values are kept.
    keeps_received: bool,
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
        let mut extraction = Extraction::new(formats, trust);
        pairs.into_iter().for_each(|(key, value)| extraction.take(key, value));
        extraction.finish()
    }
}

impl Extraction {
    /// Begins an extraction.
    pub fn new(formats: Propagators, trust: Trust) -> Self {
        Extraction {
            inbound: Inbound::default(),
            formats,
            trust,
            w3c: None,
            parents: 0,
            handed_on: None,
            malformed: false,
            state: TraceState::default(),
            baggage: Baggage::default(),
            keeps_received: true,
        }
    }

    /// Leaves out the received values, kept for recognition in the calls of a scope: the context is for a link, and no
    /// scope receives the context.
    #[must_use]
    pub fn for_link(self) -> Self {
        Extraction { keeps_received: false, ..self }
    }

    /// Reads a pair of the carrier.
    pub fn take(&mut self, key: &str, value: &str) {
        let formats = self.formats;
        if formats.tracecontext && key.eq_ignore_ascii_case(TRACEPARENT) {
            self.parents = self.parents.saturating_add(1);
            let read = parse_traceparent(value);
            self.keep(|received| received.take_parent(read.as_ref()));
            self.w3c = read.filter(|_| self.parents == 1);
            self.malformed |= self.w3c.is_none();
        } else if formats.tracecontext && key.eq_ignore_ascii_case(TRACESTATE) {
            self.state.push(value);
        } else if formats.baggage && key.eq_ignore_ascii_case(BAGGAGE) {
            self.baggage.push(value);
        } else if formats.xray && is_xray_key(key) {
            let read = XRayHeader::parse(value);
            self.keep(|received| received.take_xray(read.as_ref()));
            self.malformed |= read.is_none();
            if self.inbound.xray.is_none() {
                self.inbound.xray = read;
            }
        } else if formats.correlation && key.eq_ignore_ascii_case(CORRELATION_TRACEPARENT) {
            let read = parse_traceparent(value);
            self.keep(|received| received.take_parent(read.as_ref()));
            self.handed_on = self.handed_on.take().or(read);
        } else if formats.correlation {
            self.take_correlation(key, value);
        }
    }

    /// Reads pairs with values in any encoding. A value in another encoding than UTF-8 is malformed, but counts: the
    /// value may be a second `traceparent`, or one member of a list.
    pub fn take_all<'a, I: Iterator<Item = (&'a str, &'a [u8])>>(&mut self, pairs: impl Fn() -> I) {
        let mut has_others = false;
        // Not with `for`: the filter of a caller would be a call for each pair.
        pairs().for_each(|(key, value)| match std::str::from_utf8(value) {
            Ok(value) => self.take(key, value),
            Err(_) => has_others = true,
        });
        if has_others {
            for (key, value) in pairs().filter(|(_, value)| std::str::from_utf8(value).is_err()) {
                self.take(key, &String::from_utf8_lossy(value));
            }
        }
    }

    fn take_correlation(&mut self, key: &str, value: &str) {
        match self.inbound.correlation.take(key, value, self.trust == Trust::Full) {
            Taken::Id | Taken::NotOurs => {}
            Taken::ChainLength(length) => self.keep(|received| received.take_chain_length(length)),
            Taken::Debug(debug) => self.keep(|received| received.take_debug(debug)),
            Taken::Dropped => {
                self.inbound.dropped = self.inbound.dropped.saturating_add(1);
                if key.eq_ignore_ascii_case(CORRELATION_ID) {
                    self.keep(|received| received.malformed = true);
                }
            }
        }
    }

    fn keep(&mut self, take: impl FnOnce(&mut Received)) {
        if self.keeps_received {
            take(Arc::make_mut(self.inbound.received.get_or_insert_default()));
        }
    }

    /// Returns the context.
    pub fn finish(mut self) -> Inbound {
        let is_malformed = self.state.is_malformed();
        let dropped = self.baggage.dropped + u32::from(is_malformed);
        self.inbound.dropped = self.inbound.dropped.saturating_add(dropped);
        if self.trust == Trust::Edge {
            self.inbound.dropped = self.inbound.dropped.saturating_add(self.inbound.correlation.bound());
        }
        if is_malformed {
            self.keep(|received| received.malformed = true);
        }
        if let Some(state) = std::mem::take(&mut self.state).finish() {
            self.keep(|received| received.trace_state = Some(state.clone()));
            self.w3c.iter_mut().for_each(|context| context.trace_state = Some(state.clone()));
        }
        if let Some(baggage) = std::mem::take(&mut self.baggage).finish() {
            self.keep(|received| received.baggage = Some(baggage.clone()));
            self.inbound.baggage = Some(baggage);
        }
        // In place: an `Inbound` is large to move.
        let inbound = &mut self.inbound;
        let of_xray = || inbound.xray.as_ref().and_then(XRayHeader::context);
        (inbound.parent, inbound.source) = if let Some(context) = self.w3c {
            (Some(context), ParentSource::TraceParent)
        } else if let Some(context) = of_xray() {
            (Some(context), ParentSource::XRay)
        } else if let Some(context) = self.handed_on {
            (Some(context), ParentSource::Correlation)
        } else if self.malformed {
            (None, ParentSource::Malformed)
        } else if inbound.xray.is_some() {
            (None, ParentSource::XRayIgnored)
        } else {
            (None, ParentSource::None)
        };
        inbound.untrusted = self.trust == Trust::Edge;
        if inbound.untrusted {
            // Calls to AWS carry this header, and the services obey it.
            inbound.xray = inbound.xray.take().map(XRayHeader::without_orders);
        }
        self.inbound
    }
}
