//! The settings of a client that our side must know to rebuild a request.

use std::time::Duration;

use http::HeaderMap;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, PROXY_AUTHORIZATION,
    TRANSFER_ENCODING, WWW_AUTHENTICATE,
};

use super::policy::Policy;
use crate::client::inject::may_write;

/// The headers that reqwest removes on the way to another place.
pub(crate) const SENSITIVE: [HeaderName; 5] =
    [AUTHORIZATION, COOKIE, HeaderName::from_static("cookie2"), PROXY_AUTHORIZATION, WWW_AUTHENTICATE];
/// The headers that reqwest removes together with a body.
pub(crate) const PAYLOAD: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING];

/// A copy of settings that the builder hands on to reqwest, where they cannot be read back.
#[derive(Clone)]
pub(crate) struct ClientSettings {
    /// The default headers that our side adds, in place of reqwest: those that a redirect may remove, since reqwest would
    /// add them to a rebuilt request again, and those with the names of our headers, since reqwest adds defaults only
    /// where the request has no such header yet.
    pub(crate) defaults: HeaderMap,
    /// The time allowed for a call with all its redirects.
    pub(crate) timeout: Option<Duration>,
    /// `true` if a redirected request has a `Referer`.
    pub(crate) referer: bool,
    /// `true` if only https is allowed.
    pub(crate) https_only: bool,
    /// The maximum number of redirects, where the policy is such a number.
    pub(crate) limit: Option<usize>,
    /// `true` if the caller changed reqwest's own builder, so that these settings are not all of them.
    pub(crate) configured: bool,
}

impl Default for ClientSettings {
    fn default() -> Self {
        ClientSettings {
            defaults: HeaderMap::new(),
            timeout: None,
            referer: true,
            https_only: false,
            limit: None,
            configured: false,
        }
    }
}

impl ClientSettings {
    /// Takes the default headers that our side adds, and returns the others. The last of several values wins, as in
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

    /// Adds the default headers that a request does not have.
    pub(crate) fn fill(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.defaults {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}
