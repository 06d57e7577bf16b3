//! The client that blocks: the same names as in [`reqwest::blocking`].
//!
//! Its requests run on a thread of reqwest's own, and so does a redirect policy. Where a redirect leads to a host that
//! may know less of us, and where other calls to the same address are under way, the call goes on by itself, and waits
//! anew for as long as [`ClientBuilder::timeout`] says. The timeout of a request is one for the whole way.

pub(super) mod in_flight;

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

use self::in_flight::Legs;
use super::client::begin;
use super::connector::{Asked, Connection, Connector, Unnamed};
use super::delegate::{forward, parts, settings, verbs};
use super::error;
use super::redirect::Policy;
use super::redirect::chain;
use super::redirect::follow::Journey;
use super::redirect::settings::Settings;

/// [`reqwest::blocking::Client`] with a span for each request, and our context in its headers.
///
/// Redirects are counted, and lead to nobody with more than he may know, as those of [`Client`](super::Client).
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
    known: Option<Known>,
}

/// What is known of a client from our builder. All of its requests are among the legs: even those that are not traced.
#[derive(Clone)]
struct Known {
    settings: Arc<Settings>,
    legs: Legs,
}

impl Client {
    /// A client with reqwest's defaults.
    pub fn new() -> Self {
        // Where TLS cannot begin, reqwest says so in its own way.
        Client::builder().build().unwrap_or_else(|_| InnerClient::new().into())
    }

    /// A builder for a client with settings of its own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    verbs!();

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::blocking::Client::execute`], and no other.
    pub fn execute(&self, mut request: Request) -> Result<Response> {
        let journey = self.known.as_ref().map(|known| {
            known.settings.fill(request.headers_mut());
            (Journey::new(known.settings.clone(), &request), &known.legs)
        });
        let mut call = begin(&mut request, journey.as_ref().map(|(journey, _)| journey));
        let span = call.as_ref().map_or_else(Span::none, |(call, _)| call.span.clone());
        let is_known = self.known.as_ref().is_some_and(|known| !known.settings.configured);
        let (result, redirects) = span.in_scope(|| match journey {
            Some((journey, legs)) => {
                journey.make_blocking(&self.inner, legs, call.as_ref().map(|(call, _)| call), request)
            }
            None => (self.inner.execute(request), 0),
        });
        if let Some((call, reach)) = &mut call {
            call.redirected(redirects);
            match &result {
                Ok(response) => {
                    if !is_known {
                        reach.led_to(response.url());
                    }
                    call.answered(response.status(), response.version(), response.headers(), response.remote_addr());
                }
                Err(error) => call.failed(error::kind(error), error::message(error)),
            }
        }
        result
    }

    fn begin(&self, inner: InnerRequest) -> RequestBuilder {
        RequestBuilder { inner, known: self.known.clone() }
    }
}

impl Default for Client {
    fn default() -> Self {
        Client::new()
    }
}

/// Its default headers are not known here: they do not win over ours. Nor are its redirects.
impl From<InnerClient> for Client {
    fn from(inner: InnerClient) -> Self {
        Client { inner, known: None }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redact::debug(&self.inner, f)
    }
}

/// Sends one `GET` request, as [`reqwest::blocking::get`] does.
///
/// # Errors
///
/// Those of [`reqwest::blocking::get`], and no other.
pub fn get<U: IntoUrl>(url: U) -> Result<Response> {
    Client::builder().build()?.get(url).send()
}

/// [`reqwest::blocking::ClientBuilder`], building a traced [`Client`].
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
    /// Those of [`reqwest::blocking::ClientBuilder::build`], and no other.
    pub fn build(self) -> Result<Client> {
        let legs = Legs::default();
        let known = Known { settings: Arc::new(self.settings.with_limit(&self.policy)), legs: legs.clone() };
        let policy = chain::policy(self.policy, &known.settings, move |way| legs.find(way));
        Ok(Client { inner: self.inner.redirect(policy).build()?, known: Some(known) })
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

/// [`reqwest::blocking::RequestBuilder`], sending a traced request.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    inner: InnerRequest,
    known: Option<Known>,
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
    /// Those of [`reqwest::blocking::RequestBuilder::send`], and no other.
    pub fn send(self) -> Result<Response> {
        let (client, request) = self.build_split();
        client.execute(request?)
    }

    /// The request.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::blocking::RequestBuilder::build`], and no other.
    pub fn build(self) -> Result<Request> {
        self.inner.build()
    }

    /// The client and the request.
    pub fn build_split(self) -> (Client, Result<Request>) {
        let (client, request) = self.inner.build_split();
        (Client { inner: client, known: self.known }, request)
    }

    /// A builder that goes on from a request.
    pub fn from_parts(client: Client, request: Request) -> Self {
        RequestBuilder { inner: InnerRequest::from_parts(client.inner, request), known: client.known }
    }

    /// A copy; `None` when the body is a stream.
    pub fn try_clone(&self) -> Option<Self> {
        Some(RequestBuilder { inner: self.inner.try_clone()?, known: self.known.clone() })
    }

    parts!("reqwest::blocking::RequestBuilder");
}
