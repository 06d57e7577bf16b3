//! What must be known of a client to go on where reqwest was stopped.

use std::time::Duration;

use http::HeaderMap;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, PROXY_AUTHORIZATION,
    TRANSFER_ENCODING, WWW_AUTHENTICATE,
};

use super::policy::Policy;
use crate::client::inject::may_write;

/// What another host is not told, as in reqwest.
pub(crate) const SENSITIVE: [HeaderName; 5] =
    [AUTHORIZATION, COOKIE, HeaderName::from_static("cookie2"), PROXY_AUTHORIZATION, WWW_AUTHENTICATE];
/// What goes with a body.
pub(crate) const PAYLOAD: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING];

/// The settings of a client that its builder keeps a copy of.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The default headers that a redirect may take away, and those with names of ours. They are kept from reqwest:
    /// it would put the former back into a request that goes on, and the latter in only where ours are not yet.
    pub(crate) defaults: HeaderMap,
    /// The time that is allowed for the whole way.
    pub(crate) timeout: Option<Duration>,
    pub(crate) referer: bool,
    pub(crate) https_only: bool,
    /// How many redirects there may be, where that is all that the policy says.
    pub(crate) limit: Option<usize>,
    /// Whether reqwest's own builder was changed, so that this is not all there is.
    pub(crate) configured: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            defaults: HeaderMap::new(),
            timeout: None,
            referer: true,
            https_only: false,
            limit: None,
            configured: false,
        }
    }
}

impl Settings {
    /// Takes those of the default headers that it keeps; the others are left. The last one of several wins, as in
    /// reqwest.
    pub(crate) fn take_defaults(&mut self, headers: HeaderMap) -> HeaderMap {
        let kept = |name: &HeaderName| SENSITIVE.contains(name) || PAYLOAD.contains(name) || may_write(name);
        let mut rest = HeaderMap::new();
        for (name, value) in &headers {
            if kept(name) { &mut self.defaults } else { &mut rest }.insert(name, value.clone());
        }
        rest
    }

    pub(crate) fn with_limit(mut self, policy: &Policy) -> Self {
        self.limit = policy.limit();
        self
    }

    /// Puts the default headers into a request that has none of their names.
    pub(crate) fn fill(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.defaults {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}
