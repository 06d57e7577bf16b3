//! The requests of the async client.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Version};
#[cfg(feature = "multipart")]
use reqwest::multipart;
use reqwest::{Body, IntoUrl, Method, Request, RequestBuilder as Inner, Response, Result};
use thundra_core::redact;

use super::client::{Client, send};
use super::delegate::{forward, parts, verbs};
use super::redirect::settings::ClientSettings;

impl Client {
    verbs!();

    fn begin(&self, inner: reqwest::RequestBuilder) -> RequestBuilder {
        RequestBuilder { inner, settings: self.settings.clone() }
    }
}

/// Sends one `GET` request, as [`reqwest::get`].
///
/// # Errors
///
/// Returns the errors of [`reqwest::get`] and no others.
///
/// # Examples
///
/// ```no_run
/// # async fn price() -> Result<String, thundra_http::Error> {
/// thundra_http::get("http://pricing.internal/price/7").await?.text().await
/// # }
/// ```
pub async fn get<U: IntoUrl>(url: U) -> Result<Response> {
    Client::builder().build()?.get(url).send().await
}

/// [`reqwest::RequestBuilder`] for a traced request.
///
/// # Examples
///
/// ```no_run
/// use std::time::Duration;
///
/// # async fn order(client: thundra_http::Client) -> Result<(), thundra_http::Error> {
/// let request = client.post("http://orders.internal/orders").header("idempotency-key", "o-9").body("{}");
/// request.timeout(Duration::from_secs(2)).send().await?.error_for_status()?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    pub(super) inner: Inner,
    pub(super) settings: Option<Arc<ClientSettings>>,
}

impl RequestBuilder {
    /// Sends the request.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`reqwest::RequestBuilder::send`] and no others.
    pub fn send(self) -> impl Future<Output = Result<Response>> + Send + Unpin + use<> {
        let (client, request) = self.inner.build_split();
        send(client, self.settings, request)
    }

    /// Builds the request.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`reqwest::RequestBuilder::build`] and no others.
    ///
    /// # Examples
    ///
    /// ```
    /// let client = thundra_http::Client::new();
    /// let request = client.get("http://orders.internal/orders/9").header("if-none-match", "v3").build()?;
    /// assert_eq!(request.url().path(), "/orders/9");
    /// assert_eq!(request.headers()["if-none-match"], "v3");
    /// # Ok::<(), thundra_http::Error>(())
    /// ```
    pub fn build(self) -> Result<Request> {
        self.inner.build()
    }

    /// Builds the request, and returns the client and the request.
    pub fn build_split(self) -> (Client, Result<Request>) {
        let (inner, request) = self.inner.build_split();
        (Client { inner, settings: self.settings }, request)
    }

    /// Returns a builder for a finished request.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use thundra_http::{Client, Method, Request, RequestBuilder};
    ///
    /// # async fn cancel(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let request = Request::new(Method::DELETE, "http://orders.internal/orders/9".parse()?);
    /// RequestBuilder::from_parts(client, request).header("idempotency-key", "o-9").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_parts(client: Client, request: Request) -> Self {
        RequestBuilder { inner: Inner::from_parts(client.inner, request), settings: client.settings }
    }

    /// Copies the builder. `None` if the body is a stream.
    ///
    /// # Examples
    ///
    /// A second attempt of the same request:
    ///
    /// ```no_run
    /// # async fn price(client: thundra_http::Client) -> Result<thundra_http::Response, thundra_http::Error> {
    /// let request = client.get("http://pricing.internal/price/7");
    /// match request.try_clone() {
    ///     Some(again) => request.send().await.or(again.send().await),
    ///     None => request.send().await,
    /// }
    /// # }
    /// ```
    pub fn try_clone(&self) -> Option<Self> {
        Some(RequestBuilder { inner: self.inner.try_clone()?, settings: self.settings.clone() })
    }

    parts!("reqwest::RequestBuilder");
}

impl From<Inner> for RequestBuilder {
    fn from(inner: Inner) -> Self {
        RequestBuilder { inner, settings: None }
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redact::debug(&self.inner, f)
    }
}

/// Tracing for a request of reqwest's own client.
///
/// # Examples
///
/// ```no_run
/// use thundra_http::RequestBuilderExt;
///
/// # async fn price(client: &reqwest::Client) -> Result<String, reqwest::Error> {
/// client.get("http://pricing.internal/price/7").send_traced().await?.text().await
/// # }
/// ```
pub trait RequestBuilderExt: sealed::Sealed {
    /// Sends the request with a span, and with our context in the headers.
    ///
    /// Headers of the request win over ours. Default headers of the client are unknown here, and our headers win over
    /// default headers. reqwest follows redirects with all headers.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`reqwest::RequestBuilder::send`] and no others.
    fn send_traced(self) -> impl Future<Output = Result<Response>> + Send + Unpin;
}

impl RequestBuilderExt for Inner {
    fn send_traced(self) -> impl Future<Output = Result<Response>> + Send + Unpin {
        let (client, request) = self.build_split();
        send(client, None, request)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for reqwest::RequestBuilder {}
}
