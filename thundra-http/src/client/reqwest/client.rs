//! The async client.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use reqwest::{Request, Response, Result};
use thundra_core::{SpanExt, redact, semconv};
use tracing::Instrument;

use super::redirect::any_request::AnyRequest;
use super::redirect::follow::FollowRedirects;
use super::redirect::hook::without_chain;
use super::redirect::settings::ClientSettings;
use crate::client::call::Call;
use crate::client::reqwest_error;
use crate::propagation_policy::Reach;

/// [`reqwest::Client`] with a span for each request, and with our context in the headers.
///
/// # Redirects
///
/// Clients from [`Client::builder`] count redirects. Before following a redirect, a client removes every header the new
/// host must not see. Unlike reqwest, the client does not restore sensitive headers on a later hop to a foreign host.
/// The [module `redirect`](crate::redirect) has the rules.
///
/// Clients [converted](#impl-From<Client>-for-Client) from reqwest's own do neither. Clients changed with
/// [`ClientBuilder::configure`](crate::ClientBuilder::configure) count redirects, and reqwest follows with all headers.
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
    pub(super) inner: reqwest::Client,
    pub(super) settings: Option<Arc<ClientSettings>>,
}

impl Client {
    /// Sends a request, as [`reqwest::Client::execute`].
    ///
    /// # Errors
    ///
    /// Returns the errors of [`reqwest::Client::execute`] and no others.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use thundra_http::{Method, Request};
    ///
    /// # async fn order() -> Result<(), Box<dyn std::error::Error>> {
    /// let request = Request::new(Method::POST, "http://orders.internal/orders".parse()?);
    /// thundra_http::Client::new().execute(request).await?.error_for_status()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn execute(&self, request: Request) -> impl Future<Output = Result<Response>> + Send + Unpin + use<> {
        send(self.inner.clone(), self.settings.clone(), Ok(request))
    }
}

/// Converts a client of reqwest. The default headers of the client are unknown here, and our headers win over them.
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

/// The future of a response, `Unpin` as in reqwest.
pub(super) type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

/// Sends a request. The parent of the span is the current span at the first poll. The timeout begins now, as in
/// reqwest.
pub(super) fn send(
    client: reqwest::Client,
    settings: Option<Arc<ClientSettings>>,
    request: Result<Request>,
) -> ResponseFuture {
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
        let redirects = settings.map(|settings| FollowRedirects::new(settings, &request));
        let Some((mut call, reach)) = begin(&mut request, redirects.as_ref()) else {
            return without_chain(client.execute(request)).await;
        };
        let span = call.span.clone();
        let first = span.in_scope(|| client.execute(request));
        let result = match redirects {
            Some(redirects) => {
                let (result, count) = redirects.run(client, &call, first).instrument(span).await;
                call.record_redirects(count);
                result
            }
            None => first.instrument(span).await,
        };
        if !is_known {
            result.iter().for_each(|response| reach.report_leak(response.url()));
        }
        call.record_result(&result);
        result
    })
}

/// Begins the span of a request and adds our context to the headers. Also returns the reach of the context. `None`
/// leaves the request unchanged.
pub(super) fn begin<R: AnyRequest>(request: &mut R, redirects: Option<&FollowRedirects<R>>) -> Option<(Call, Reach)> {
    // reqwest has another URL type than the crate http, and refuses a URL without a counterpart in the crate http.
    let uri = request.url().as_str().parse().ok()?;
    let method = request.method().clone();
    let (call, reach) = Call::begin(&method, &uri, request.headers_mut())?;
    if let Some(redirects) = redirects {
        redirects.carries(reach);
    }
    Some((call, reach))
}

impl Call {
    /// Records the number of redirects.
    pub(super) fn record_redirects(&self, count: usize) {
        if count > 0 {
            self.span.set_attribute(semconv::HTTP_REQUEST_RESEND_COUNT, count);
        }
    }

    /// Records the result of a call of reqwest.
    pub(super) fn record_result(&mut self, result: &Result<Response>) {
        match result {
            Ok(response) => {
                self.record_response(response.status(), response.version(), response.headers(), response.remote_addr());
            }
            Err(error) => self.record_failure(reqwest_error::kind(error), &reqwest_error::exception(error)),
        }
    }
}
