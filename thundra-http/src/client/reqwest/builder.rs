//! The builder of a client.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use reqwest::{ClientBuilder as Inner, Result};
use thundra_core::redact;
use tower_service::Service;

use super::client::Client;
use super::connector::{Asked, Connection, Connector, Unnamed};
use super::delegate::{forward, settings};
use super::redirect::Policy;
use super::redirect::chain::{self, Found};
use super::redirect::settings::Settings;
use super::resolver::IntoResolve;

impl Client {
    /// A client with reqwest's defaults.
    pub fn new() -> Self {
        // Where TLS cannot begin, reqwest says so in its own way.
        Client::builder().build().unwrap_or_else(|_| reqwest::Client::new().into())
    }

    /// A builder for a client with settings of its own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }
}

impl Default for Client {
    fn default() -> Self {
        Client::new()
    }
}

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
        let settings = self.settings.with_limit(&self.policy);
        let inner = self.inner.redirect(chain::policy(self.policy, &settings, Found::in_task)).build()?;
        Ok(Client { inner, settings: Some(Arc::new(settings)) })
    }

    /// reqwest's own builder, and what it is told only when it builds.
    #[cfg(feature = "blocking")]
    pub(super) fn into_parts(self) -> (Inner, Policy, Settings) {
        (self.inner, self.policy, self.settings)
    }

    /// As [`reqwest::ClientBuilder::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self.inner = self.inner.timeout(timeout);
        self
    }

    /// As [`reqwest::ClientBuilder::dns_resolver`].
    pub fn dns_resolver<M>(mut self, resolver: impl IntoResolve<M>) -> Self {
        self.inner = self.inner.dns_resolver(resolver.into_resolve());
        self
    }

    /// As [`reqwest::ClientBuilder::windows_named_pipe`].
    #[cfg(target_os = "windows")]
    pub fn windows_named_pipe(mut self, pipe: impl AsRef<std::ffi::OsStr>) -> Self {
        self.inner = self.inner.windows_named_pipe(pipe.as_ref());
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
        redact::debug(&self.inner, f)
    }
}
