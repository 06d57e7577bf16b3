//! The redirects of a call, and the decision whether reqwest may follow the next redirect.

use std::fmt;

use http::StatusCode;
use reqwest::Url;
use thundra_core::redact;

use crate::propagation_policy::Reach;

/// The redirects of a call so far.
#[derive(Debug)]
pub(crate) struct Chain {
    /// All hops, in order.
    pub(crate) hops: Vec<Hop>,
    /// The number of hops before the current request. Our side followed the last of the counted hops.
    pub(crate) before: usize,
    /// The part of our context in the current request.
    pub(crate) carries: Reach,
    /// `true` if the current request lacks sensitive headers of the first request.
    pub(crate) stripped: bool,
}

/// A redirect.
#[derive(Clone)]
pub(crate) struct Hop {
    pub(crate) status: StatusCode,
    pub(crate) from: Url,
    pub(crate) to: Url,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Chain { hops: Vec::new(), before: 0, carries: Reach::Nothing, stripped: false }
    }

    /// Returns the URLs before the current request, unknown to reqwest.
    pub(crate) fn earlier_urls(&self) -> Vec<Url> {
        self.hops.iter().take(self.before).map(|hop| hop.from.clone()).collect()
    }

    /// Returns `true` if reqwest may follow a hop. Records a followed hop.
    pub(crate) fn lets_reqwest_follow(&mut self, hop: &Hop) -> bool {
        let follows = !self.reveals_too_much(hop) && !self.withholds_too_much(hop);
        if follows {
            self.hops.push(hop.clone());
        }
        follows
    }

    /// Returns `true` if reqwest would send too many headers to the next host.
    fn reveals_too_much(&self, hop: &Hop) -> bool {
        // The rebuilt request already has a `Referer`. reqwest would keep the header on the way from https to http.
        let referer = self.before > 0 && hop.is_downgrade();
        let reach = || Reach::of(hop.to.host_str().unwrap_or(""), hop.to.query());
        referer || (self.carries > Reach::Nothing && reach() < self.carries)
    }

    /// Returns `true` if reqwest would send too few headers to the next host, compared with a call without our hook.
    ///
    /// Without our hook, reqwest removes sensitive headers only from the request to another place. A second request to
    /// the same place has the headers again. A rebuilt request has lost the headers. Our side must therefore follow, to
    /// add the headers for the place of the first request and for our own hosts, and unlike reqwest not for foreign
    /// hosts.
    pub(crate) fn withholds_too_much(&self, hop: &Hop) -> bool {
        let is_first = || self.hops.first().is_some_and(|first| place(&first.from) == place(&hop.to));
        let is_own = || Reach::of(hop.to.host_str().unwrap_or(""), None) == Reach::Everything;
        self.stripped && !hop.changes_place() && (is_first() || is_own())
    }
}

impl Hop {
    /// Returns `true` if the hop leads from https to http.
    pub(crate) fn is_downgrade(&self) -> bool {
        self.from.scheme() == "https" && self.to.scheme() == "http"
    }

    /// Returns `true` if the hop leads to another scheme, host or port. reqwest then removes sensitive headers.
    pub(crate) fn changes_place(&self) -> bool {
        place(&self.from) != place(&self.to)
    }
}

/// Redacts the URLs, because the `Debug` of an error contains a hop.
impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |url: &Url| redact::text(url.to_string());
        f.debug_struct("Hop")
            .field("status", &self.status)
            .field("from", &shown(&self.from))
            .field("to", &shown(&self.to))
            .finish()
    }
}

fn place(url: &Url) -> (&str, Option<&str>, Option<u16>) {
    (url.scheme(), url.host_str(), url.port_or_known_default())
}
