//! The blocking client, with the names of [`reqwest::blocking`].
//!
//! # Redirects and timeouts
//!
//! A call follows a redirect in place of reqwest in two cases: the next host may get less than the request carries, or
//! several calls are in flight from the same URL. Each such hop may again take as long as [`ClientBuilder::timeout`]
//! allows. The timeout of a [request](RequestBuilder::timeout) covers all redirects.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Version};
#[cfg(feature = "multipart")]
pub use reqwest::blocking::multipart;
pub use reqwest::blocking::{Body, Request, Response};
use reqwest::blocking::{Client as InnerClient, ClientBuilder as Inner, RequestBuilder as InnerRequest};
use reqwest::{IntoUrl, Method, Result};
use thundra_core::redact;
use tower_service::Service;
use tracing::Span;

use super::client::begin;
use super::connector::{Connection, ConnectionRequest, Connector, ErasedLayer};
use super::delegate::{forward, parts, settings, verbs};
use super::redirect::Policy;
use super::redirect::follow::FollowRedirects;
use super::redirect::hook;
use super::redirect::in_flight::InFlight;
use super::redirect::settings::ClientSettings;
use crate::client::reqwest_error;

/// [`reqwest::blocking::Client`] with a span for each request, and with our context in the headers.
///
/// Redirects are counted and followed by the rules of the async [`Client`](crate::Client#redirects).
///
/// # Examples
///
/// ```no_run
/// let price = thundra_http::blocking::Client::new().get("http://pricing.internal/price/7").send()?.text()?;
/// # Ok::<(), thundra_http::Error>(())
/// ```
#[derive(Clone)]
pub struct Client {
    inner: InnerClient,
    built: Option<Built>,
}

/// The state of a client from our builder. The requests in flight include untraced requests.
#[derive(Clone)]
struct Built {
    settings: Arc<ClientSettings>,
    in_flight: InFlight,
}

impl Client {
    /// Returns a client with the defaults of reqwest.
    pub fn new() -> Self {
        // Where TLS cannot start, reqwest panics with a message of its own.
        Client::builder().build().unwrap_or_else(|_| InnerClient::new().into())
    }

    /// Returns a builder, to change the settings of a client.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let client = thundra_http::blocking::Client::builder().timeout(Duration::from_secs(5)).build()?;
    /// # let _ = client;
    /// # Ok::<(), thundra_http::Error>(())
    /// ```
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    verbs!();

    /// Sends a request, as [`reqwest::blocking::Client::execute`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`reqwest::blocking::Client::execute`] and no others.
    pub fn execute(&self, mut request: Request) -> Result<Response> {
        let redirects = self.built.as_ref().map(|built| {
            built.settings.fill(request.headers_mut());
            (FollowRedirects::new(built.settings.clone(), &request), &built.in_flight)
        });
        let mut call = begin(&mut request, redirects.as_ref().map(|(redirects, _)| redirects));
        let span = call.as_ref().map_or_else(Span::none, |(call, _)| call.span.clone());
        let is_known =
            self.built.as_ref().is_some_and(|built| !built.settings.configured && !built.in_flight.is_shared());
        let (result, count) = span.in_scope(|| match redirects {
            Some((redirects, in_flight)) => {
                redirects.run_blocking(&self.inner, in_flight, call.as_ref().map(|(call, _)| call), request)
            }
            None => (self.inner.execute(request), 0),
        });
        if let Some((call, reach)) = &mut call {
            call.record_redirects(count);
            match &result {
                Ok(response) => {
                    if !is_known {
                        reach.report_leak(response.url());
                    }
                    call.record_response(
                        response.status(),
                        response.version(),
                        response.headers(),
                        response.remote_addr(),
                    );
                }
                Err(error) => call.record_failure(reqwest_error::kind(error), &reqwest_error::exception(error)),
            }
        }
        result
    }

    pub(super) fn settings(&self) -> Option<&ClientSettings> {
        self.built.as_ref().map(|built| &*built.settings)
    }

    /// Returns reqwest's client. Our side does not see the calls of reqwest's client.
    pub(super) fn into_genuine(self) -> InnerClient {
        if let Some(built) = &self.built {
            built.in_flight.share();
        }
        self.inner
    }

    fn begin(&self, inner: InnerRequest) -> RequestBuilder {
        RequestBuilder { inner, built: self.built.clone() }
    }
}

impl Default for Client {
    fn default() -> Self {
        Client::new()
    }
}

/// Converts a client of reqwest. The default headers of the client are unknown here, and our headers win over them.
/// reqwest follows redirects with all headers.
impl From<InnerClient> for Client {
    fn from(inner: InnerClient) -> Self {
        Client { inner, built: None }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redact::debug(&self.inner, f)
    }
}

/// Sends one `GET` request, as [`reqwest::blocking::get`].
///
/// # Errors
///
/// Returns the errors of [`reqwest::blocking::get`] and no others.
///
/// # Examples
///
/// ```no_run
/// let price = thundra_http::blocking::get("http://pricing.internal/price/7")?.text()?;
/// # Ok::<(), thundra_http::Error>(())
/// ```
pub fn get<U: IntoUrl>(url: U) -> Result<Response> {
    Client::builder().build()?.get(url).send()
}

/// [`reqwest::blocking::ClientBuilder`] for a traced [`Client`].
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
    /// Returns the errors of [`reqwest::blocking::ClientBuilder::build`] and no others.
    pub fn build(self) -> Result<Client> {
        let in_flight = InFlight::default();
        let settings = Arc::new(self.settings.with_limit(&self.policy));
        let built = Built { settings, in_flight: in_flight.clone() };
        let policy = hook::policy(self.policy, &built.settings, move |previous| in_flight.attribute(previous));
        Ok(Client { inner: self.inner.redirect(policy).build()?, built: Some(built) })
    }

    forward! { "reqwest::blocking::ClientBuilder":
        fn timeout[T: Into<Option<Duration>>](timeout: T);
        fn connect_timeout[T: Into<Option<Duration>>](timeout: T);
        fn dns_resolver[R: reqwest::dns::Resolve + 'static](resolver: std::sync::Arc<R>);
    }

    settings!("reqwest::blocking::ClientBuilder");
}

impl From<super::ClientBuilder> for ClientBuilder {
    fn from(builder: super::ClientBuilder) -> Self {
        let (inner, policy, settings) = builder.into_parts();
        ClientBuilder { inner: inner.into(), policy, settings }
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redact::debug(&self.inner, f)
    }
}

/// [`reqwest::blocking::RequestBuilder`] for a traced request.
///
/// # Examples
///
/// ```
/// let client = thundra_http::blocking::Client::new();
/// let request = client.post("http://orders.internal/orders").header("idempotency-key", "o-9").body("{}").build()?;
/// assert_eq!(request.headers()["idempotency-key"], "o-9");
/// # Ok::<(), thundra_http::Error>(())
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    inner: InnerRequest,
    built: Option<Built>,
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redact::debug(&self.inner, f)
    }
}

impl RequestBuilder {
    /// Sends the request.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`reqwest::blocking::RequestBuilder::send`] and no others.
    pub fn send(self) -> Result<Response> {
        let (client, request) = self.build_split();
        client.execute(request?)
    }

    /// Builds the request.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`reqwest::blocking::RequestBuilder::build`] and no others.
    pub fn build(self) -> Result<Request> {
        self.inner.build()
    }

    /// Builds the request, and returns the client and the request.
    pub fn build_split(self) -> (Client, Result<Request>) {
        let (client, request) = self.inner.build_split();
        (Client { inner: client, built: self.built }, request)
    }

    /// Returns a builder for a finished request.
    pub fn from_parts(client: Client, request: Request) -> Self {
        RequestBuilder { inner: InnerRequest::from_parts(client.inner, request), built: client.built }
    }

    /// Copies the builder. `None` if the body is a stream.
    pub fn try_clone(&self) -> Option<Self> {
        Some(RequestBuilder { inner: self.inner.try_clone()?, built: self.built.clone() })
    }

    parts!("reqwest::blocking::RequestBuilder");
}
