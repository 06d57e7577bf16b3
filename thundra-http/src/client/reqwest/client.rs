//! The async client.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use reqwest::{Request, Response, Result};
use thundra_core::{SpanExt, redact, semconv};
use tracing::Instrument;

use super::error;
use super::redirect::any_request::AnyRequest;
use super::redirect::follow::FollowRedirects;
use super::redirect::hook::without_chain;
use super::redirect::settings::ClientSettings;
use crate::client::call::Call;
use crate::propagation_policy::Reach;

/// [`reqwest::Client`] with a span for each request, and with our context in its headers.
///
/// # Redirects
///
/// A client from [`Client::builder`] counts redirects and, before following one, removes every header that the new host
/// must not see. Unlike reqwest, it does not restore sensitive headers on a later hop to a foreign host. The
/// [module `redirect`](crate::redirect) has the rules.
///
/// A client that was [converted](#impl-From<Client>-for-Client) from reqwest's own does neither, and a client that was
/// changed with [`ClientBuilder::configure`](crate::ClientBuilder::configure) only counts: reqwest sends all headers on.
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
    pub fn execute(&self, request: Request) -> impl Future<Output = Result<Response>> + Send + Unpin + use<> {
        send(self.inner.clone(), self.settings.clone(), Ok(request))
    }
}

/// Converts a client of reqwest's own. Its default headers are not known, so ours win over them.
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

/// A response to come. It is `Unpin`, as the future of reqwest is.
pub(super) type ResponseFuture = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

/// Sends a request, below the span that is current when the future is first polled. The timeout begins now, as in
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

/// Begins the span of a request and adds our context to its headers. Also returns how much of the context was allowed.
/// `None` leaves the request as it is.
pub(super) fn begin<R: AnyRequest>(request: &mut R, redirects: Option<&FollowRedirects<R>>) -> Option<(Call, Reach)> {
    // reqwest has another URL type than the crate http. It refuses a URL that cannot be converted.
    let uri = request.url().as_str().parse().ok()?;
    let call = Call::begin(request.method(), &uri, request.headers())?;
    let reach = call.inject(&uri, request.headers_mut());
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
            Err(error) => self.record_failure(error::kind(error), error::message(error)),
        }
    }
}
