//! The extraction of contexts from an event.

use thundra_core::Config;
use thundra_core::propagation::{Extraction, Inbound, ParentSource, Propagators, Trust, XRAY_HEADER};

use super::carrier::Carrier;
use super::datadog;
use crate::payload;
use crate::trigger::edge_trust;

/// An extractor with the rules of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extractor<'h> {
    formats: Propagators,
    trust: Trust,
    /// The trust in callers at the public edge.
    edge: Trust,
    /// The X-Ray header beside the carrier.
    header: Option<&'h str>,
    /// `true` if a scope may receive the context. The scope recognises the received values, and the text of a
    /// `__context__`, in its calls.
    pub(crate) is_for_scope: bool,
}

impl<'h> Extractor<'h> {
    pub(crate) fn new(formats: Propagators, trust: Trust) -> Self {
        Extractor { formats, trust, edge: Trust::Edge, header: None, is_for_scope: true }
    }

    /// Returns an extractor with `trust` in the sender, and with the configured trust in callers at the public edge.
    pub(crate) fn of(config: &Config, trust: Trust) -> Self {
        Extractor { edge: edge_trust(config), ..Extractor::new(config.propagators, trust) }
    }

    /// Returns the extractor for the headers of a request forwarded by a trusted sender. The X-Ray header beside the
    /// message does not belong to the request.
    pub(crate) fn at_edge(self) -> Extractor<'static> {
        let trust = if self.trust == Trust::Full { self.edge } else { self.trust };
        Extractor { trust, ..self.beside(None) }
    }

    /// Adds an X-Ray header to every carrier.
    pub(crate) fn beside<'n>(self, header: Option<&'n str>) -> Extractor<'n> {
        let Extractor { formats, trust, edge, header: _, is_for_scope } = self;
        Extractor { formats, trust, edge, header, is_for_scope }
    }

    /// Returns the extractor for `count` messages of an invocation. Of several messages, the scope of the invocation
    /// receives no context.
    pub(crate) fn of_messages(self, count: usize) -> Self {
        Extractor { is_for_scope: count == 1, ..self }
    }

    /// Extracts the context of a carrier.
    pub(crate) fn extract(&self, carrier: &(impl Carrier + ?Sized)) -> Inbound {
        let mut extraction = self.begin();
        carrier.each(&|_| true, &mut |name, value| extraction.take(name, value));
        extraction.finish()
    }

    /// Extracts the context of an object in JSON. `None` for anything but JSON.
    pub(crate) fn extract_json(&self, json: &str) -> Option<Inbound> {
        let mut extraction = self.begin();
        if payload::each_plain(json, |key, value| extraction.take(key, value)).is_some() {
            return Some(extraction.finish());
        }
        payload::validate(json)?;
        Some(self.extract(&payload::pairs(json)))
    }

    /// Returns the context of an empty carrier.
    pub(crate) fn nothing(&self) -> Inbound {
        self.begin().finish()
    }

    fn begin(&self) -> Extraction {
        let extraction = Extraction::new(self.formats, self.trust);
        let mut extraction = if self.is_for_scope { extraction } else { extraction.for_link() };
        if let Some(header) = self.header {
            // The first header of a name counts, and an attribute may be a copy of another message's.
            extraction.take(XRAY_HEADER, header);
        }
        extraction
    }

    /// Extracts the context of a carrier, or else another vendor's context if a program put no parent of ours into the
    /// carrier.
    pub(crate) fn extract_any(&self, carrier: &(impl Carrier + ?Sized)) -> Inbound {
        let inbound = self.extract(carrier);
        if holds_parent(&inbound) {
            return inbound;
        }
        match self.foreign(carrier) {
            Some(foreign) => foreign.or(inbound),
            None => inbound,
        }
    }

    /// Extracts the context of another vendor. Every other context of a program has precedence.
    pub(crate) fn foreign(&self, carrier: &(impl Carrier + ?Sized)) -> Option<Inbound> {
        if !READS_FOREIGN || !self.formats.tracecontext {
            return None;
        }
        let pairs = datadog::w3c(carrier);
        let extractor = Extractor { header: None, ..*self };
        (!pairs.is_empty()).then(|| extractor.extract(&pairs)).filter(|inbound| inbound.parent.is_some())
    }
}

/// `true` in a build that reads events, which contexts of other vendors come in. Without the feature, the compiler
/// drops their reader.
const READS_FOREIGN: bool = cfg!(feature = "triggers");

/// Returns `true` for the context of a program. An X-Ray header alone may come from a service in between.
pub(crate) fn holds_context(inbound: &Inbound) -> bool {
    holds_parent(inbound) || holds_ids(inbound)
}

/// Returns `true` for correlation ids.
pub(crate) fn holds_ids(inbound: &Inbound) -> bool {
    inbound.correlation.iter().next().is_some()
}

/// Returns `true` for a parent sent by a program.
pub(crate) fn holds_parent(inbound: &Inbound) -> bool {
    matches!(inbound.source, ParentSource::TraceParent | ParentSource::Correlation)
}
