//! The builder of a client.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use reqwest::{ClientBuilder as Inner, Result};
use tower_service::Service;

use super::Client;
use super::connector::{Asked, Connection, Connector, Unnamed};
use super::forward::{forward, settings};
use super::redirect::Policy;
use super::resolver::IntoResolve;
use super::trail::{self, Settings};

/// [`reqwest::ClientBuilder`], building a traced [`Client`].
#[derive(Default)]
#[must_use]
pub struct ClientBuilder {
    inner: Inner,
    policy: Policy,
    settings: Settings,
}

impl ClientBuilder {
    /// A builder with reqwest's defaults.
    pub fn new() -> Self {
        ClientBuilder::default()
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::ClientBuilder::build`], and no other.
    pub fn build(self) -> Result<Client> {
        let inner = self.inner.redirect(trail::policy(self.policy, self.settings.https_only)).build()?;
        Ok(Client { inner, settings: Some(Arc::new(self.settings)) })
    }

    /// reqwest's own builder, with all that was set here but the default headers that were kept.
    #[cfg(feature = "blocking")]
    pub(super) fn into_parts(self) -> (Inner, HeaderMap) {
        (self.inner.redirect(self.policy.into()), self.settings.defaults)
    }

    /// As [`reqwest::ClientBuilder::default_headers`]. They win over ours, as those of a request do.
    pub fn default_headers(mut self, headers: HeaderMap) -> Self {
        self.inner = self.inner.default_headers(self.settings.take_defaults(headers));
        self
    }

    /// As [`reqwest::ClientBuilder::redirect`].
    pub fn redirect(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// As [`reqwest::ClientBuilder::referer`].
    pub fn referer(mut self, enable: bool) -> Self {
        self.settings.referer = enable;
        self.inner = self.inner.referer(enable);
        self
    }

    /// As [`reqwest::ClientBuilder::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self.inner = self.inner.timeout(timeout);
        self
    }

    /// As [`reqwest::ClientBuilder::https_only`].
    pub fn https_only(mut self, enabled: bool) -> Self {
        self.settings.https_only = enabled;
        self.inner = self.inner.https_only(enabled);
        self
    }

    /// As [`reqwest::ClientBuilder::dns_resolver`].
    pub fn dns_resolver<M>(mut self, resolver: impl IntoResolve<M>) -> Self {
        self.inner = self.inner.dns_resolver(resolver.into_resolve());
        self
    }

    forward! { "reqwest::ClientBuilder":
        fn read_timeout(timeout: Duration);
        fn connect_timeout(timeout: Duration);
    }

    settings!("reqwest::ClientBuilder");
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
