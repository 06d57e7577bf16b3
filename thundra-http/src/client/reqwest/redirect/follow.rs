//! Following the redirects refused to reqwest.
//!
//! For each hop, the request is rebuilt from the caller's original: changed as reqwest changes a redirected request,
//! and with the part of our context allowed for the next host.

use std::error::Error as _;
use std::future::Future;
use std::iter;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use http::header::REFERER;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::{Error, Response, Result};

use super::any_request::AnyRequest;
use super::chain::{Chain, Hop};
use super::hook::{Refusal, SharedChain, in_chain, lock};
use super::settings::{ClientSettings, PAYLOAD, SENSITIVE};
use crate::client::call::Call;
use crate::propagation_policy::Reach;

/// The maximum number of redirects to follow when several concurrent calls started at the same URL and the call of a
/// redirect is unknown. The policy then sees the shortest candidate history and may not notice a loop. Browsers use the
/// same limit.
const MAX_GUESSED: usize = 20;

/// A call of a client from our builder.
pub(crate) struct FollowRedirects<R> {
    settings: Arc<ClientSettings>,
    chain: SharedChain,
    /// The request without our context. The body is missing if the body is a stream, because a stream can be sent only
    /// once.
    original: R,
    started: Instant,
}

impl<R: AnyRequest> FollowRedirects<R> {
    /// Begins a call. The request has none of our headers yet.
    pub(crate) fn new(settings: Arc<ClientSettings>, request: &R) -> Self {
        let original = request.try_clone().unwrap_or_else(|| request.clone_without_body());
        FollowRedirects { settings, chain: Arc::new(Mutex::new(Chain::new())), original, started: Instant::now() }
    }

    /// Records the part of our context in the current request.
    pub(crate) fn carries(&self, reach: Reach) {
        lock(&self.chain).carries = reach;
    }

    fn redirects(&self) -> usize {
        lock(&self.chain).hops.len()
    }

    /// Returns the request for a refused hop. `None` if the call ends with the error.
    fn next(&self, error: &Error, call: Option<&Call>) -> Option<R> {
        let Refusal { hop, hops, guessed } = error.source()?.downcast_ref()?;
        let mut chain = lock(&self.chain);
        let hops = chain.before + hops;
        // An unrecorded hop may have changed the method and the body.
        if chain.hops.len() < hops {
            return None;
        }
        // Hops beyond the number in the refusal belong to another call.
        chain.hops.truncate(hops);
        if *guessed && hops >= MAX_GUESSED {
            return None;
        }
        // The policy may have seen a part of the history only.
        if self.settings.limit.is_some_and(|limit| hops >= limit) {
            return None;
        }
        let stays_stripped = chain.stripped && !chain.withholds_too_much(hop);
        let mut request = self.original.try_clone()?;
        chain.hops.push(hop.clone());
        for hop in &chain.hops {
            redirect(&mut request, hop);
        }
        remove_headers(request.headers_mut(), hop, self.settings.referer);
        let original = self.original.headers();
        if stays_stripped {
            SENSITIVE.iter().for_each(|name| drop(request.headers_mut().remove(name)));
        }
        chain.stripped =
            SENSITIVE.iter().any(|name| original.contains_key(name) && !request.headers().contains_key(name));
        chain.before = chain.hops.len();
        // The least trusted host decides. A hop followed by reqwest carries our headers on unchanged.
        let urls = iter::once(self.original.url()).chain(chain.hops.iter().map(|hop| &hop.to));
        let least_trusted = urls.min_by_key(|url| Reach::of(url.host_str().unwrap_or(""), url.query()))?;
        let uri = least_trusted.as_str().parse().ok()?;
        let carries = chain.carries;
        drop(chain);
        if let Some(call) = call
            && carries > Reach::Nothing
        {
            self.carries(call.inject(&uri, request.headers_mut()));
        }
        if let Some(total) = request.timeout().copied().or(self.settings.timeout) {
            *request.timeout_mut() = Some(total.saturating_sub(self.started.elapsed()));
        }
        Some(request)
    }
}

impl FollowRedirects<reqwest::Request> {
    /// Makes the call, beginning with `first`. Also returns the number of redirects.
    pub(crate) async fn run(
        self,
        client: reqwest::Client,
        call: &Call,
        first: impl Future<Output = Result<Response>>,
    ) -> (Result<Response>, usize) {
        let mut result = in_chain(self.chain.clone(), first).await;
        while let Err(error) = &result
            && let Some(request) = self.next(error, Some(call))
        {
            let next = in_chain(self.chain.clone(), client.execute(request));
            result = next.await.map_err(|error| self.located(error));
        }
        (result, self.redirects())
    }

    /// Names the first URL in an error, as reqwest does. An error about a URL keeps the URL.
    fn located(&self, error: Error) -> Error {
        if error.is_redirect() || error.is_builder() { error } else { error.with_url(self.original.url().clone()) }
    }
}

#[cfg(feature = "blocking")]
impl FollowRedirects<reqwest::blocking::Request> {
    /// Makes the call, beginning with `first`. Also returns the number of redirects.
    pub(crate) fn run_blocking(
        self,
        client: &reqwest::blocking::Client,
        in_flight: &super::in_flight::InFlight,
        call: Option<&Call>,
        first: reqwest::blocking::Request,
    ) -> (Result<reqwest::blocking::Response>, usize) {
        let execute = |request: reqwest::blocking::Request| {
            let _in_flight = in_flight.add(request.url(), &self.chain);
            client.execute(request)
        };
        let mut result = execute(first);
        while let Err(error) = &result
            && let Some(request) = self.next(error, call)
        {
            // The blocking client names the first URL in every error.
            result = execute(request).map_err(|error| error.with_url(self.original.url().clone()));
        }
        (result, self.redirects())
    }
}

/// Changes the URL, method and body of a request as a redirect does.
fn redirect(request: &mut impl AnyRequest, hop: &Hop) {
    *request.url_mut() = hop.to.clone();
    let bodiless = match hop.status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method() == Method::POST,
        status => status == StatusCode::SEE_OTHER,
    };
    if bodiless {
        if request.method() != Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        request.drop_body();
        PAYLOAD.iter().for_each(|name| drop(request.headers_mut().remove(name)));
    }
}

/// Removes the headers forbidden for another place, and sets `Referer`.
fn remove_headers(headers: &mut HeaderMap, hop: &Hop, referer: bool) {
    if hop.changes_place() {
        SENSITIVE.iter().for_each(|name| drop(headers.remove(name)));
    }
    if referer && !hop.is_downgrade() {
        let mut from = hop.from.clone();
        // Both calls fail only for a URL without a place for a user, and therefore without a user to remove.
        let _ = (from.set_username(""), from.set_password(None));
        from.set_fragment(None);
        if let Ok(value) = HeaderValue::from_str(from.as_str()) {
            headers.insert(REFERER, value);
        }
    }
}
