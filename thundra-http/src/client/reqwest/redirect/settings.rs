//! The settings of a client, needed to rebuild a request.

use std::time::Duration;

use http::HeaderMap;
use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, PROXY_AUTHORIZATION,
    TRANSFER_ENCODING, WWW_AUTHENTICATE,
};

use super::policy::Policy;
use crate::client::inject::may_write;

/// The headers removed by reqwest on the way to another place.
pub(crate) const SENSITIVE: [HeaderName; 5] =
    [AUTHORIZATION, COOKIE, HeaderName::from_static("cookie2"), PROXY_AUTHORIZATION, WWW_AUTHENTICATE];
/// The headers removed by reqwest together with a body.
pub(crate) const PAYLOAD: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING];

/// A copy of settings. The builder passes the originals on to reqwest, and reqwest has no getter for settings.
#[derive(Clone)]
pub(crate) struct ClientSettings {
    /// The default headers added by our side in place of reqwest. Headers removable by a redirect are included, because
    /// reqwest would add its defaults to a rebuilt request again. Headers with the names of ours are included too,
    /// because reqwest adds a default header only to a request without the header.
    pub(crate) defaults: HeaderMap,
    /// The time allowed for a call with all redirects.
    pub(crate) timeout: Option<Duration>,
    /// `true` if a redirected request has a `Referer`.
    pub(crate) referer: bool,
    /// `true` if only https is allowed.
    pub(crate) https_only: bool,
    /// The maximum number of redirects. `None` for a custom policy.
    pub(crate) limit: Option<usize>,
    /// `true` if the caller changed reqwest's own builder. Some settings are then unknown.
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
    /// Keeps the default headers to be added by our side, and returns the others. The last of several values wins, as
    /// in reqwest.
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

    /// Adds the missing default headers to a request.
    pub(crate) fn fill(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.defaults {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}
