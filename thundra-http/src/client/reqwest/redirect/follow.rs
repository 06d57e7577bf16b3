//! A call that goes on by itself where reqwest was stopped: with the request as its author wrote it, changed as
//! reqwest changes one that is redirected, and with as much of our context as the next host may know.

use std::error::Error as _;
use std::future::Future;
use std::iter;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use http::header::REFERER;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::{Error, Response, Result};

use super::any_request::Outgoing;
use super::chain::{Hop, SharedTrail, Stopped, Trail, along, lock};
use super::settings::{PAYLOAD, SENSITIVE, Settings};
use crate::client::call::Call;
use crate::propagation_policy::Reach;

/// How often a call may go on where it is not known whose redirects a policy was asked about: it saw the shortest way
/// of several calls, and may have followed in a circle. Browsers give up after as many.
const MAX_GUESSED: usize = 20;

/// A call of a client from our builder.
pub(crate) struct Journey<R> {
    settings: Arc<Settings>,
    trail: SharedTrail,
    /// The request without anything of ours; a body that is a stream is left out, since it goes out once.
    original: R,
    started: Instant,
}

impl<R: Outgoing> Journey<R> {
    /// Before anything of ours is put into the request.
    pub(crate) fn new(settings: Arc<Settings>, request: &R) -> Self {
        let original = request.try_clone().unwrap_or_else(|| {
            let mut request_alone = R::new(request.method().clone(), request.url().clone());
            *request_alone.headers_mut() = request.headers().clone();
            *request_alone.version_mut() = request.version();
            *request_alone.timeout_mut() = request.timeout().copied();
            request_alone
        });
        Journey { settings, trail: Arc::new(Mutex::new(Trail::new())), original, started: Instant::now() }
    }

    /// What the first request carries of ours.
    pub(crate) fn carries(&self, reach: Reach) {
        lock(&self.trail).carries = reach;
    }

    /// How often the call was redirected.
    fn redirects(&self) -> usize {
        lock(&self.trail).hops.len()
    }

    /// The request that goes on where reqwest was stopped.
    fn next(&self, error: &Error, call: Option<&Call>) -> Option<R> {
        let Stopped { hop, made, guessed } = error.source()?.downcast_ref()?;
        let mut trail = lock(&self.trail);
        let made = trail.before + made;
        // The way is not known, so that nobody can say what the request was changed to.
        if trail.hops.len() < made {
            return None;
        }
        // What was taken note of beyond them was another call's.
        trail.hops.truncate(made);
        if *guessed && made >= MAX_GUESSED {
            return None;
        }
        // The policy may have seen less of the way.
        if self.settings.limit.is_some_and(|limit| trail.hops.len() >= limit) {
            return None;
        }
        let stays_stripped = trail.stripped && !trail.tells_too_little(hop);
        let mut request = self.original.try_clone()?;
        trail.hops.push(hop.clone());
        for hop in &trail.hops {
            redirected(&mut request, hop);
        }
        forget(request.headers_mut(), hop, self.settings.referer);
        let original = self.original.headers();
        if stays_stripped {
            SENSITIVE.iter().for_each(|name| drop(request.headers_mut().remove(name)));
        }
        trail.stripped =
            SENSITIVE.iter().any(|name| original.contains_key(name) && !request.headers().contains_key(name));
        trail.before = trail.hops.len();
        // No more than the others on the way: where reqwest follows, it hands on what it has.
        let way = iter::once(self.original.url()).chain(trail.hops.iter().map(|hop| &hop.to));
        let strangest = way.min_by_key(|url| Reach::of(url.host_str().unwrap_or(""), url.query()))?;
        let uri = strangest.as_str().parse().ok()?;
        let carries = trail.carries;
        drop(trail);
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

impl Journey<reqwest::Request> {
    /// Makes the call, `first` being its first request, and says how often it was redirected.
    pub(crate) async fn make(
        self,
        client: reqwest::Client,
        call: &Call,
        first: impl Future<Output = Result<Response>>,
    ) -> (Result<Response>, usize) {
        let mut result = along(self.trail.clone(), first).await;
        while let Err(error) = &result
            && let Some(request) = self.next(error, Some(call))
        {
            let going_on = along(self.trail.clone(), client.execute(request));
            result = going_on.await.map_err(|error| self.located(error));
        }
        (result, self.redirects())
    }

    /// An error of a request that goes on, as of the first one: but for those of an address reqwest names that one.
    fn located(&self, error: Error) -> Error {
        if error.is_redirect() || error.is_builder() { error } else { error.with_url(self.original.url().clone()) }
    }
}

#[cfg(feature = "blocking")]
impl Journey<reqwest::blocking::Request> {
    /// Makes the call, and says how often it was redirected.
    pub(crate) fn make_blocking(
        self,
        client: &reqwest::blocking::Client,
        legs: &super::super::blocking::in_flight::Legs,
        call: Option<&Call>,
        first: reqwest::blocking::Request,
    ) -> (Result<reqwest::blocking::Response>, usize) {
        let execute = |request: reqwest::blocking::Request| {
            let _underway = legs.begin(request.url(), &self.trail);
            client.execute(request)
        };
        let mut result = execute(first);
        while let Err(error) = &result
            && let Some(request) = self.next(error, call)
        {
            // Here reqwest names the first address in every error.
            result = execute(request).map_err(|error| error.with_url(self.original.url().clone()));
        }
        (result, self.redirects())
    }
}

/// Changes a request as this redirect does: its address, and what becomes of its method and body.
fn redirected(request: &mut impl Outgoing, hop: &Hop) {
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

/// Takes from the headers what another host is not told, and tells it who sent us there.
fn forget(headers: &mut HeaderMap, hop: &Hop, referer: bool) {
    if hop.leads_elsewhere() {
        SENSITIVE.iter().for_each(|name| drop(headers.remove(name)));
    }
    if referer && !hop.is_downgrade() {
        let mut from = hop.from.clone();
        // An address that cannot have a user has none.
        let _ = (from.set_username(""), from.set_password(None));
        from.set_fragment(None);
        if let Ok(value) = HeaderValue::from_str(from.as_str()) {
            headers.insert(REFERER, value);
        }
    }
}
