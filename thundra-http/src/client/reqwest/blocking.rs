//! The client that blocks: the same names as in [`reqwest::blocking`].
//!
//! Its requests run on a thread of reqwest's own, where a redirect cannot be told from that of another request: they
//! are not counted, and a host that is redirected to gets the headers that the first one was given. Where ids must
//! not travel like that, take [`redirect::Policy::none`](super::redirect::Policy::none).

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
use tower_service::Service;

use super::connector::{Asked, Connection, Connector, Unnamed};
use super::forward::{forward, parts, settings, verbs};
use super::redirect::Policy;
use super::{error, trail};
use crate::client::{Call, may_write};

/// [`reqwest::blocking::Client`] with a span for each request, and our context in its headers.
///
/// # Examples
///
/// ```no_run
/// let price = thundra_http::blocking::Client::new().get("http://pricing.internal/price/7").send()?.text()?;
/// # Ok::<(), thundra_http::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Client {
    inner: InnerClient,
    defaults: Defaults,
}

/// The default headers with names of ours: reqwest would put them in only where ours are not yet.
type Defaults = Option<Arc<HeaderMap>>;

impl Client {
    /// A client with reqwest's defaults.
    pub fn new() -> Self {
        Client { inner: InnerClient::new(), defaults: None }
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
        if let Some(defaults) = &self.defaults {
            trail::fill(defaults, request.headers_mut());
        }
        let Some(mut call) = begin(&mut request) else { return self.inner.execute(request) };
        let result = call.span.clone().in_scope(|| self.inner.execute(request));
        match &result {
            Ok(response) => {
                call.answered(response.status(), response.version(), response.headers(), response.remote_addr());
            }
            Err(error) => call.failed(error::kind(error), error::message(error)),
        }
        result
    }

    fn begin(&self, inner: InnerRequest) -> RequestBuilder {
        RequestBuilder { inner, defaults: self.defaults.clone() }
    }
}

/// Begins the span of a request and puts our context into its headers. `None` where it is sent as it is.
fn begin(request: &mut Request) -> Option<Call> {
    let uri = request.url().as_str().parse().ok()?;
    let call = Call::begin(request.method(), &uri, request.headers())?;
    call.inject(&uri, request.headers_mut());
    Some(call)
}

/// Its default headers are not known here: they do not win over ours.
impl From<InnerClient> for Client {
    fn from(inner: InnerClient) -> Self {
        Client { inner, defaults: None }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
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
    defaults: HeaderMap,
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
        let defaults = Some(self.defaults).filter(|defaults| !defaults.is_empty()).map(Arc::new);
        Ok(Client { inner: self.inner.build()?, defaults })
    }

    /// As [`reqwest::blocking::ClientBuilder::redirect`].
    pub fn redirect(mut self, policy: Policy) -> Self {
        self.inner = self.inner.redirect(policy.into());
        self
    }

    /// As [`reqwest::blocking::ClientBuilder::default_headers`]. They win over ours, as those of a request do.
    pub fn default_headers(mut self, headers: HeaderMap) -> Self {
        self.inner = self.inner.default_headers(trail::keep_defaults(&mut self.defaults, headers, may_write));
        self
    }

    forward! { "reqwest::blocking::ClientBuilder":
        fn referer(enable: bool);
        fn timeout[T: Into<Option<Duration>>](timeout: T);
        fn connect_timeout[T: Into<Option<Duration>>](timeout: T);
        fn https_only(enabled: bool);
        fn dns_resolver[R: reqwest::dns::Resolve + 'static](resolver: std::sync::Arc<R>);
    }

    settings!("reqwest::blocking::ClientBuilder");
}

impl From<super::ClientBuilder> for ClientBuilder {
    fn from(builder: super::ClientBuilder) -> Self {
        let (inner, defaults) = builder.into_parts();
        ClientBuilder { inner: inner.into(), defaults: HeaderMap::new() }.default_headers(defaults)
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`reqwest::blocking::RequestBuilder`], sending a traced request.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    inner: InnerRequest,
    defaults: Defaults,
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
        (Client { inner: client, defaults: self.defaults }, request)
    }

    /// A builder that goes on from a request.
    pub fn from_parts(client: Client, request: Request) -> Self {
        RequestBuilder { inner: InnerRequest::from_parts(client.inner, request), defaults: client.defaults }
    }

    /// A copy; `None` when the body is a stream.
    pub fn try_clone(&self) -> Option<Self> {
        Some(RequestBuilder { inner: self.inner.try_clone()?, defaults: self.defaults.clone() })
    }

    parts!("reqwest::blocking::RequestBuilder");
}
