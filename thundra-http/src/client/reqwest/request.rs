//! The builder of a request.

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
use super::redirect::settings::Settings;

impl Client {
    verbs!();

    fn begin(&self, inner: reqwest::RequestBuilder) -> RequestBuilder {
        RequestBuilder { inner, settings: self.settings.clone() }
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

/// [`reqwest::RequestBuilder`], sending a traced request.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    pub(super) inner: Inner,
    pub(super) settings: Option<Arc<Settings>>,
}

impl RequestBuilder {
    /// Sends the request.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::RequestBuilder::send`], and no other.
    pub fn send(self) -> impl Future<Output = Result<Response>> + Send + Unpin + use<> {
        let (client, request) = self.inner.build_split();
        send(client, self.settings, request)
    }

    /// The request.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::RequestBuilder::build`], and no other.
    pub fn build(self) -> Result<Request> {
        self.inner.build()
    }

    /// The client and the request.
    pub fn build_split(self) -> (Client, Result<Request>) {
        let (inner, request) = self.inner.build_split();
        (Client { inner, settings: self.settings }, request)
    }

    /// A builder that goes on from a request.
    pub fn from_parts(client: Client, request: Request) -> Self {
        RequestBuilder { inner: Inner::from_parts(client.inner, request), settings: client.settings }
    }

    /// A copy; `None` when the body is a stream.
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

/// Tracing for reqwest's genuine builder.
pub trait RequestBuilderExt: sealed::Sealed {
    /// Sends the request with a span of its own, and our context in its headers.
    ///
    /// What its headers hold already wins. The client's default headers are not known here: they do not.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::RequestBuilder::send`], and no other.
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
