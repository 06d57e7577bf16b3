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
use super::connector::{Connection, ConnectionRequest, Connector, ErasedLayer};
use super::delegate::{forward, settings};
use super::redirect::Policy;
use super::redirect::hook::{self, Attribution};
use super::redirect::settings::ClientSettings;
use super::resolver::IntoResolve;

impl Client {
    /// Returns a client with the defaults of reqwest.
    pub fn new() -> Self {
        // Where TLS cannot start, reqwest panics with a message of its own.
        Client::builder().build().unwrap_or_else(|_| reqwest::Client::new().into())
    }

    /// Returns a builder, to change the settings of a client.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let client = thundra_http::Client::builder().timeout(Duration::from_secs(5)).build()?;
    /// # let _ = client;
    /// # Ok::<(), thundra_http::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }
}

impl Default for Client {
    fn default() -> Self {
        Client::new()
    }
}

/// [`reqwest::ClientBuilder`] for a traced [`Client`].
#[derive(Default)]
#[must_use]
pub struct ClientBuilder {
    inner: Inner,
    policy: Policy,
    settings: ClientSettings,
}

impl ClientBuilder {
    /// Returns a builder with the defaults of reqwest.
    pub fn new() -> Self {
        ClientBuilder::default()
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`reqwest::ClientBuilder::build`] and no others.
    pub fn build(self) -> Result<Client> {
        let settings = self.settings.with_limit(&self.policy);
        let inner = self.inner.redirect(hook::policy(self.policy, &settings, Attribution::by_task)).build()?;
        Ok(Client { inner, settings: Some(Arc::new(settings)) })
    }

    /// Returns reqwest's builder, the redirect policy, and the settings.
    #[cfg(feature = "blocking")]
    pub(super) fn into_parts(self) -> (Inner, Policy, ClientSettings) {
        (self.inner, self.policy, self.settings)
    }

    /// Sets the time for a whole call, as [`reqwest::ClientBuilder::timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self.inner = self.inner.timeout(timeout);
        self
    }

    /// Sets the resolver, as [`reqwest::ClientBuilder::dns_resolver`].
    ///
    /// # Examples
    ///
    /// ```
    /// use std::net::SocketAddr;
    ///
    /// use thundra_http::dns::{Addrs, Name, Resolve, Resolving};
    ///
    /// /// Resolves every name to this machine.
    /// struct Local;
    ///
    /// impl Resolve for Local {
    ///     fn resolve(&self, _: Name) -> Resolving {
    ///         let local = [SocketAddr::from(([127, 0, 0, 1], 0))];
    ///         Box::pin(std::future::ready(Ok(Box::new(local.into_iter()) as Addrs)))
    ///     }
    /// }
    ///
    /// let client = thundra_http::Client::builder().dns_resolver(Local).build()?;
    /// # let _ = client;
    /// # Ok::<(), thundra_http::Error>(())
    /// ```
    pub fn dns_resolver<M>(mut self, resolver: impl IntoResolve<M>) -> Self {
        self.inner = self.inner.dns_resolver(resolver.into_resolve());
        self
    }

    /// Connects over a pipe, as [`reqwest::ClientBuilder::windows_named_pipe`].
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
