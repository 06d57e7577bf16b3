//! The client that waits without blocking.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use reqwest::{Request, Response, Result};
use thundra_core::{SpanExt, redact, semconv};
use tracing::Instrument;

use super::error;
use super::redirect::any_request::Outgoing;
use super::redirect::chain;
use super::redirect::follow::Journey;
use super::redirect::settings::Settings;
use crate::client::call::Call;
use crate::propagation_policy::Reach;

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
    pub(super) inner: reqwest::Client,
    pub(super) settings: Option<Arc<Settings>>,
}

impl Client {
    /// Sends a request.
    ///
    /// # Errors
    ///
    /// Those of [`reqwest::Client::execute`], and no other.
    pub fn execute(&self, request: Request) -> impl Future<Output = Result<Response>> + Send + Unpin + use<> {
        send(self.inner.clone(), self.settings.clone(), Ok(request))
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

/// A response on its way: as with reqwest's it can be polled where it lies.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

/// Sends a request: in the span that polls it first. What its timeout allows begins now, as in reqwest.
pub(super) fn send(client: reqwest::Client, settings: Option<Arc<Settings>>, request: Result<Request>) -> Answer {
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
            return chain::apart(client.execute(request)).await;
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
pub(super) fn begin<R: Outgoing>(request: &mut R, journey: Option<&Journey<R>>) -> Option<(Call, Reach)> {
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
    pub(super) fn redirected(&self, redirects: usize) {
        if redirects > 0 {
            self.span.set_attribute(semconv::HTTP_REQUEST_RESEND_COUNT, redirects);
        }
    }

    /// Records how a call of reqwest ended.
    pub(super) fn ended(&mut self, result: &Result<Response>) {
        match result {
            Ok(response) => {
                self.answered(response.status(), response.version(), response.headers(), response.remote_addr());
            }
            Err(error) => self.failed(error::kind(error), error::message(error)),
        }
    }
}
