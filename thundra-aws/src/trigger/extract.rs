//! The reading of an event's carriers.

use thundra_core::propagation::{Inbound, ParentSource, Propagators, Trust, XRAY_HEADER};

/// Reads carriers by the rules of one event.
#[derive(Clone, Copy, Debug)]
#[allow(unreachable_pub)]
pub struct Extractor<'h> {
    formats: Propagators,
    trust: Trust,
    /// The X-Ray header that came beside the carrier.
    header: Option<&'h str>,
}

impl<'h> Extractor<'h> {
    pub(crate) fn new(formats: Propagators, trust: Trust) -> Self {
        Extractor { formats, trust, header: None }
    }

    /// Reads this X-Ray header together with each carrier.
    pub(super) fn beside<'n>(self, header: Option<&'n str>) -> Extractor<'n> {
        Extractor { formats: self.formats, trust: self.trust, header }
    }

    pub(crate) fn extract<'p>(&self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Inbound
    where
        'h: 'p,
    {
        // The first one counts, and an attribute may be a copy of another message's.
        let header = self.header.map(|header| (XRAY_HEADER, header));
        Inbound::extract(header.into_iter().chain(pairs), self.formats, self.trust)
    }

    pub(super) fn extract_owned(&self, pairs: &[(String, String)]) -> Inbound {
        self.extract(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
    }
}

/// Returns `true` where a carrier held a context that a program wrote there. An X-Ray header may be that of a service in
/// between.
pub(super) fn holds_context(inbound: &Inbound) -> bool {
    matches!(inbound.source, ParentSource::TraceParent | ParentSource::Correlation)
        || inbound.correlation.iter().next().is_some()
}
