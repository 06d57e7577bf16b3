//! reqwest's client with a span for each call.
//!
//! reqwest has no hook for requests, so its builders are wrapped: only the sending differs. A span covers one
//! logical call, redirects and reqwest's own retries included.

#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod connector;
pub(super) mod error;
mod forward;
mod journey;
#[cfg(feature = "blocking")]
mod legs;
mod outgoing;
pub mod redirect;
mod request;
mod resolver;
mod service;
mod settings;
mod trail;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use reqwest::{IntoUrl, Method, Request, Response, Result};
use thundra_core::{SpanExt, redact, semconv};
use tracing::Instrument;

pub use self::builder::ClientBuilder;
use self::forward::verbs;
use self::journey::Journey;
use self::outgoing::Outgoing;
pub use self::request::{RequestBuilder, RequestBuilderExt};
use self::settings::Settings;
use super::Call;
use crate::hosts::Reach;

/// [`reqwest::Client`] with a span for each request, and our context in its headers.
///
/// A client from our [builder](Client::builder) also counts redirects, and takes from a request what the host it is
/// redirected to may not know (see [`Layer::client`](crate::Layer::client)). A host that is not ours and that it was
/// stopped at is not given sensitive headers on a later hop either, where reqwest would. One that is made
/// [from reqwest's own](#impl-From<Client>-for-Client) sees neither: reqwest hands all headers on. One that was changed
/// with [`ClientBuilder::configure`] counts them, and hands all headers on too.
///
/// # Examples
///
/// ```no_run
/// # async fn price() -> Result<String, thundra_http::Error> {
/// let client = thundra_http::Client::new();
/// client.get("http://pricing.internal/price/7").send().await?.text().await
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: reqwest::Client,
    settings: Option<Arc<Settings>>,
}

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

    verbs!();

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::Client::execute`], and no other.
    pub fn execute(&self, request: Request) -> impl Future<Output = Result<Response>> + Send + Unpin + use<> {
        send(self.inner.clone(), self.settings.clone(), Ok(request))
    }

    fn begin(&self, inner: reqwest::RequestBuilder) -> RequestBuilder {
        RequestBuilder { inner, settings: self.settings.clone() }
    }
}

impl Default for Client {
    fn default() -> Self {
        Client::new()
    }
}

/// Its default headers are not known here: they do not win over ours.
impl From<reqwest::Client> for Client {
    fn from(inner: reqwest::Client) -> Self {
        Client { inner, settings: None }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redact::debug(&self.inner, f)
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

/// A response on its way: as with reqwest's it can be polled where it lies.
type Answer = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

/// Sends a request: in the span that polls it first. What its timeout allows begins now, as in reqwest.
fn send(client: reqwest::Client, settings: Option<Arc<Settings>>, request: Result<Request>) -> Answer {
    let called = Instant::now();
    Box::pin(async move {
        let mut request = request?;
        if let Some(settings) = &settings {
            settings.fill(request.headers_mut());
        }
        if let Some(total) = request.timeout().copied().or(settings.as_ref().and_then(|settings| settings.timeout)) {
            *request.timeout_mut() = Some(total.saturating_sub(called.elapsed()));
        }
        let is_known = settings.as_ref().is_some_and(|settings| !settings.configured);
        let journey = settings.map(|settings| Journey::new(settings, &request));
        let Some((mut call, reach)) = begin(&mut request, journey.as_ref()) else {
            return trail::apart(client.execute(request)).await;
        };
        let span = call.span.clone();
        let first = span.in_scope(|| client.execute(request));
        let result = match journey {
            Some(journey) => {
                let (result, redirects) = journey.make(client, &call, first).instrument(span).await;
                call.redirected(redirects);
                result
            }
            None => first.instrument(span).await,
        };
        if !is_known {
            result.iter().for_each(|response| reach.led_to(response.url()));
        }
        call.ended(&result);
        result
    })
}

/// Begins the span of a request and puts our context into its headers, and says how much of it. `None` where it is sent
/// as it is.
fn begin<R: Outgoing>(request: &mut R, journey: Option<&Journey<R>>) -> Option<(Call, Reach)> {
    // reqwest's own address type is not http's; what that cannot express reqwest refuses.
    let uri = request.url().as_str().parse().ok()?;
    let call = Call::begin(request.method(), &uri, request.headers())?;
    let reach = call.inject(&uri, request.headers_mut());
    if let Some(journey) = journey {
        journey.carries(reach);
    }
    Some((call, reach))
}

impl Call {
    /// Records how often it was redirected.
    fn redirected(&self, redirects: usize) {
        if redirects > 0 {
            self.span.set_attribute(semconv::HTTP_REQUEST_RESEND_COUNT, redirects);
        }
    }

    /// Records how a call of reqwest ended.
    fn ended(&mut self, result: &Result<Response>) {
        match result {
            Ok(response) => {
                self.answered(response.status(), response.version(), response.headers(), response.remote_addr());
            }
            Err(error) => self.failed(error::kind(error), error::message(error)),
        }
    }
}
