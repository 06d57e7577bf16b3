//! The extraction of contexts from an event.

use thundra_core::Config;
use thundra_core::propagation::{Inbound, ParentSource, Propagators, Trust, XRAY_HEADER};

use super::datadog;
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
}

impl<'h> Extractor<'h> {
    pub(crate) fn new(formats: Propagators, trust: Trust) -> Self {
        Extractor { formats, trust, edge: Trust::Edge, header: None }
    }

    /// Returns an extractor with `trust` in the sender, and with the configured trust in callers at the public edge.
    pub(crate) fn of(config: &Config, trust: Trust) -> Self {
        Extractor { edge: edge_trust(config), ..Extractor::new(config.propagators, trust) }
    }

    /// Returns the extractor for the headers of a request forwarded by a trusted sender. The X-Ray header beside the
    /// message does not belong to the request.
    pub(crate) fn at_edge(self) -> Extractor<'static> {
        let trust = if self.trust == Trust::Full { self.edge } else { self.trust };
        Extractor { formats: self.formats, trust, edge: self.edge, header: None }
    }

    /// Adds an X-Ray header to every carrier.
    pub(crate) fn beside<'n>(self, header: Option<&'n str>) -> Extractor<'n> {
        Extractor { formats: self.formats, trust: self.trust, edge: self.edge, header }
    }

    /// Extracts the context of a carrier.
    pub(crate) fn extract<'p>(&self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Inbound
    where
        'h: 'p,
    {
        // The first header of a name counts, and an attribute may be a copy of another message's.
        let header = self.header.map(|header| (XRAY_HEADER, header));
        Inbound::extract(header.into_iter().chain(pairs), self.formats, self.trust)
    }

    /// Extracts the context of a carrier, or else another vendor's context if a program put no parent of ours into the
    /// carrier.
    pub(crate) fn extract_any<'p>(&self, pairs: impl IntoIterator<Item = (&'p str, &'p str)> + Clone) -> Inbound
    where
        'h: 'p,
    {
        let inbound = self.extract(pairs.clone());
        if holds_parent(&inbound) {
            return inbound;
        }
        match self.foreign(pairs) {
            Some(foreign) => foreign.or(inbound),
            None => inbound,
        }
    }

    /// Extracts the context of another vendor. Every other context of a program has precedence.
    pub(crate) fn foreign<'p>(&self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Option<Inbound> {
        if !self.formats.tracecontext {
            return None;
        }
        let pairs = datadog::w3c(pairs);
        let extractor = Extractor { header: None, ..*self };
        (!pairs.is_empty()).then(|| extractor.extract_owned(&pairs)).filter(|inbound| inbound.parent.is_some())
    }

    /// Extracts the context of a collected carrier.
    pub(crate) fn extract_owned(&self, pairs: &[(impl AsRef<str>, impl AsRef<str>)]) -> Inbound {
        self.extract(pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref())))
    }
}

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
