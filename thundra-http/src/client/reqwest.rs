//! reqwest's client with a span for each request.
//!
//! reqwest has no hook for requests, so its builders are wrapped: only [`RequestBuilder::send`] and
//! [`Client::execute`] differ. A span covers one logical call: redirects and reqwest's own retries happen inside.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, IntoUrl, Method, Request, Response, Result, Version};
use tower_service::Service;
use tracing::Instrument;

use super::{Pending, TracedClient, inject, span};

/// [`reqwest::Client`] with a span for each request, and our context in its headers.
///
/// # Examples
///
/// ```no_run
/// # async fn price() -> Result<String, thundra_http::Error> {
/// let client = thundra_http::Client::new();
/// client.get("http://pricing.internal/price/7").send().await?.text().await
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Client(reqwest::Client);

impl Client {
    /// A client with reqwest's defaults.
    pub fn new() -> Self {
        Client(reqwest::Client::new())
    }

    /// A builder for a client with settings of its own.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// A `GET` request.
    pub fn get<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        RequestBuilder(self.0.get(url))
    }

    /// A `POST` request.
    pub fn post<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        RequestBuilder(self.0.post(url))
    }

    /// A `PUT` request.
    pub fn put<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        RequestBuilder(self.0.put(url))
    }

    /// A `PATCH` request.
    pub fn patch<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        RequestBuilder(self.0.patch(url))
    }

    /// A `DELETE` request.
    pub fn delete<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        RequestBuilder(self.0.delete(url))
    }

    /// A `HEAD` request.
    pub fn head<U: IntoUrl>(&self, url: U) -> RequestBuilder {
        RequestBuilder(self.0.head(url))
    }

    /// A request with this method.
    pub fn request<U: IntoUrl>(&self, method: Method, url: U) -> RequestBuilder {
        RequestBuilder(self.0.request(method, url))
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::Client::execute`], and no other.
    pub fn execute(&self, request: Request) -> impl Future<Output = Result<Response>> + Send + use<> {
        send(self.0.clone(), request)
    }
}

impl From<reqwest::Client> for Client {
    fn from(client: reqwest::Client) -> Self {
        Client(client)
    }
}

impl From<Client> for reqwest::Client {
    fn from(client: Client) -> Self {
        client.0
    }
}

/// Sends one `GET` request, as [`reqwest::get`] does.
///
/// # Errors
///
/// Those of [`reqwest::get`], and no other.
pub async fn get<U: IntoUrl>(url: U) -> Result<Response> {
    Client::builder().build()?.get(url).send().await
}

/// Declares wrappers that hand their arguments on and wrap the result again.
macro_rules! forward {
    ($($(#[$meta:meta])* fn $name:ident $(<$($generic:ident: $bound:path),+>)? ($($arg:ident: $ty:ty),*);)*) => {$(
        #[doc = concat!("As in reqwest: `", stringify!($name), "`.")]
        $(#[$meta])*
        pub fn $name $(<$($generic: $bound),+>)? (self, $($arg: $ty),*) -> Self {
            Self(self.0.$name($($arg),*))
        }
    )*};
}

/// [`reqwest::ClientBuilder`], building a traced [`Client`].
///
/// A setting that is missing here is made on reqwest's own builder: `Client::from(reqwest_client)`.
#[derive(Debug, Default)]
#[must_use]
pub struct ClientBuilder(reqwest::ClientBuilder);

impl ClientBuilder {
    /// A builder with reqwest's defaults.
    pub fn new() -> Self {
        ClientBuilder(reqwest::ClientBuilder::new())
    }

    /// The client.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::ClientBuilder::build`], and no other.
    pub fn build(self) -> Result<Client> {
        self.0.build().map(Client)
    }

    /// As in reqwest: `user_agent`.
    pub fn user_agent<V>(self, value: V) -> Self
    where
        V: TryInto<HeaderValue>,
        V::Error: Into<http::Error>,
    {
        ClientBuilder(self.0.user_agent(value))
    }

    forward! {
        fn default_headers(headers: HeaderMap);
        fn redirect(policy: reqwest::redirect::Policy);
        fn referer(enable: bool);
        fn retry(policy: reqwest::retry::Builder);
        fn proxy(proxy: reqwest::Proxy);
        fn no_proxy();
        fn timeout(timeout: Duration);
        fn read_timeout(timeout: Duration);
        fn connect_timeout(timeout: Duration);
        fn connection_verbose(verbose: bool);
        fn pool_idle_timeout<D: Into<Option<Duration>>>(value: D);
        fn pool_max_idle_per_host(max: usize);
        fn http1_only();
        fn tcp_nodelay(enabled: bool);
        fn local_address<T: Into<Option<IpAddr>>>(address: T);
        fn tcp_keepalive<D: Into<Option<Duration>>>(value: D);
        fn https_only(enabled: bool);
        fn resolve(domain: &str, address: SocketAddr);
        fn resolve_to_addrs(domain: &str, addresses: &[SocketAddr]);
    }
}

/// [`reqwest::RequestBuilder`], sending a traced request.
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder(reqwest::RequestBuilder);

impl RequestBuilder {
    /// Sends the request.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::RequestBuilder::send`], and no other.
    pub fn send(self) -> impl Future<Output = Result<Response>> + Send {
        self.0.send_traced()
    }

    /// The request.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::RequestBuilder::build`], and no other.
    pub fn build(self) -> Result<Request> {
        self.0.build()
    }

    /// The client and the request.
    pub fn build_split(self) -> (Client, Result<Request>) {
        let (client, request) = self.0.build_split();
        (Client(client), request)
    }

    /// A builder for a request of this client.
    pub fn from_parts(client: Client, request: Request) -> Self {
        RequestBuilder(reqwest::RequestBuilder::from_parts(client.0, request))
    }

    /// A copy; `None` when the body is a stream.
    pub fn try_clone(&self) -> Option<Self> {
        self.0.try_clone().map(RequestBuilder)
    }

    /// As in reqwest: `header`.
    pub fn header<K, V>(self, key: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        RequestBuilder(self.0.header(key, value))
    }

    /// As in reqwest: `basic_auth`.
    pub fn basic_auth<U: std::fmt::Display, P: std::fmt::Display>(self, username: U, password: Option<P>) -> Self {
        RequestBuilder(self.0.basic_auth(username, password))
    }

    /// As in reqwest: `query`.
    #[cfg(feature = "query")]
    pub fn query<T: serde::Serialize + ?Sized>(self, query: &T) -> Self {
        RequestBuilder(self.0.query(query))
    }

    /// As in reqwest: `form`.
    #[cfg(feature = "form")]
    pub fn form<T: serde::Serialize + ?Sized>(self, form: &T) -> Self {
        RequestBuilder(self.0.form(form))
    }

    /// As in reqwest: `json`.
    #[cfg(feature = "json")]
    pub fn json<T: serde::Serialize + ?Sized>(self, json: &T) -> Self {
        RequestBuilder(self.0.json(json))
    }

    forward! {
        fn headers(headers: HeaderMap);
        fn bearer_auth<T: std::fmt::Display>(token: T);
        fn body<T: Into<Body>>(body: T);
        fn timeout(timeout: Duration);
        fn version(version: Version);
        #[cfg(feature = "multipart")]
        fn multipart(form: reqwest::multipart::Form);
    }
}

impl From<reqwest::RequestBuilder> for RequestBuilder {
    fn from(builder: reqwest::RequestBuilder) -> Self {
        RequestBuilder(builder)
    }
}

/// Tracing for reqwest's genuine builder.
pub trait RequestBuilderExt: sealed::Sealed {
    /// Sends the request with a span of its own, and our context in its headers.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::RequestBuilder::send`], and no other.
    fn send_traced(self) -> impl Future<Output = Result<Response>> + Send;
}

impl RequestBuilderExt for reqwest::RequestBuilder {
    fn send_traced(self) -> impl Future<Output = Result<Response>> + Send {
        let (client, request) = self.build_split();
        async move { send(client, request?).await }
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for reqwest::RequestBuilder {}
}

async fn send(client: reqwest::Client, mut request: Request) -> Result<Response> {
    // reqwest's own address type is not http's; one it cannot express is sent as it is.
    let Ok(uri) = request.url().as_str().parse::<http::Uri>() else { return client.execute(request).await };
    let span = span(request.method(), &uri);
    inject(&span, &uri, request.headers_mut());
    let mut pending = Pending::new(span.clone());
    let result = client.execute(request).instrument(span).await;
    match &result {
        Ok(response) => pending.answered(response.status()),
        Err(error) => pending.failed(error_type(error), message(error)),
    }
    result
}

/// reqwest's client is a service of its own request type.
impl<S> Service<Request> for TracedClient<S>
where
    S: Service<Request, Response = Response, Error = reqwest::Error>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let Ok(uri) = request.url().as_str().parse::<http::Uri>() else { return Box::pin(self.inner.call(request)) };
        let span = span(request.method(), &uri);
        inject(&span, &uri, request.headers_mut());
        let future = span.in_scope(|| self.inner.call(request));
        Box::pin(async move {
            let mut pending = Pending::new(span.clone());
            let result = future.instrument(span).await;
            match &result {
                Ok(response) => pending.answered(response.status()),
                Err(error) => pending.failed(error_type(error), message(error)),
            }
            result
        })
    }
}

fn error_type(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
        "connection_error"
    } else if error.is_redirect() {
        "redirect_error"
    } else if error.is_builder() {
        "invalid_request"
    } else {
        "request_failed"
    }
}

/// What went wrong, without the address: reqwest's own text holds it, query and all.
fn message(error: &reqwest::Error) -> String {
    let mut source = std::error::Error::source(error);
    let mut message = error_type(error).replace('_', " ");
    while let Some(error) = source {
        message = format!("{message}: {error}");
        source = error.source();
    }
    message
}
