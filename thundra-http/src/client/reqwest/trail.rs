//! The way of one call through its redirects.
//!
//! reqwest follows them, and gives every host the headers that the first one was given. Where the next host may know
//! less of us, we stop it there and go on by ourselves: with the request as its author wrote it, changed as reqwest
//! changes one that is redirected, and with as much of our context as that host may know.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, PROXY_AUTHORIZATION, REFERER,
    TRANSFER_ENCODING, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use reqwest::{Error, Request, Response, Result, Url};

use super::redirect::{Attempt, Policy};
use crate::client::{Call, may_write};
use crate::hosts::Reach;

/// What another host is not told, as in reqwest.
const SENSITIVE: [HeaderName; 5] =
    [AUTHORIZATION, COOKIE, HeaderName::from_static("cookie2"), PROXY_AUTHORIZATION, WWW_AUTHENTICATE];
/// What goes with a body.
const PAYLOAD: [HeaderName; 4] = [CONTENT_TYPE, CONTENT_LENGTH, CONTENT_ENCODING, TRANSFER_ENCODING];

tokio::task_local! {
    static TRAIL: Option<Arc<Mutex<Trail>>>;
}

/// What must be known of a client to go on where reqwest was stopped.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// The default headers that a redirect may take away, and those with names of ours. They are kept from reqwest:
    /// it would put the former back into a request that goes on, and the latter in only where ours are not yet.
    pub(super) defaults: HeaderMap,
    pub(super) timeout: Option<Duration>,
    pub(super) referer: bool,
    pub(super) https_only: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { defaults: HeaderMap::new(), timeout: None, referer: true, https_only: false }
    }
}

impl Settings {
    /// Takes those of the default headers that it keeps; the others are left.
    pub(super) fn take_defaults(&mut self, headers: HeaderMap) -> HeaderMap {
        let kept = |name: &HeaderName| SENSITIVE.contains(name) || PAYLOAD.contains(name) || may_write(name);
        keep_defaults(&mut self.defaults, headers, kept)
    }

    /// Puts the default headers into a request that has none of their names.
    pub(super) fn fill(&self, headers: &mut HeaderMap) {
        fill(&self.defaults, headers);
    }
}

/// Moves those of the default headers that are to be kept; the others are left. The last one of several wins, as in
/// reqwest.
pub(super) fn keep_defaults(
    kept: &mut HeaderMap,
    headers: HeaderMap,
    is_kept: impl Fn(&HeaderName) -> bool,
) -> HeaderMap {
    let mut rest = HeaderMap::new();
    for (name, value) in &headers {
        if is_kept(name) { &mut *kept } else { &mut rest }.insert(name, value.clone());
    }
    rest
}

/// Puts default headers into a request that has none of their names.
pub(super) fn fill(defaults: &HeaderMap, headers: &mut HeaderMap) {
    for (name, value) in defaults {
        headers.entry(name).or_insert_with(|| value.clone());
    }
}

/// The policy for reqwest: it decides as `policy` does, and stops where a call is to go on by itself.
pub(super) fn policy(policy: Policy, https_only: bool) -> reqwest::redirect::Policy {
    reqwest::redirect::Policy::custom(move |attempt| match TRAIL.try_with(Option::clone).ok().flatten() {
        Some(trail) => {
            let mut previous = lock(&trail).before();
            previous.extend_from_slice(attempt.previous());
            // It is the caller's own: no lock is held meanwhile.
            let action = policy.redirect(Attempt::new(attempt.status(), attempt.url(), &previous));
            let Some(from) = previous.pop().filter(|_| action.is_follow()) else { return action.apply(attempt) };
            let hop = Hop { status: attempt.status(), from, to: attempt.url().clone() };
            // reqwest refuses these by itself.
            let refused = hop.to.scheme() != "https" && (https_only || hop.to.scheme() != "http");
            if refused || !lock(&trail).hop(hop) { attempt.follow() } else { attempt.stop() }
        }
        None => {
            let ours = Attempt::new(attempt.status(), attempt.url(), attempt.previous());
            policy.redirect(ours).apply(attempt)
        }
    })
}

/// Makes a call without a trail: not even that of the call whose redirect policy, resolver or connector makes it.
pub(super) async fn apart<F: Future>(call: F) -> F::Output {
    TRAIL.scope(None, call).await
}

fn lock(trail: &Mutex<Trail>) -> MutexGuard<'_, Trail> {
    trail.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The redirects of a call so far.
#[derive(Debug)]
struct Trail {
    hops: Vec<Hop>,
    /// How many of them were made before the request under way: it went on by itself.
    before: usize,
    /// What the request under way carries of ours.
    carries: Reach,
    /// Whether the request under way lacks sensitive headers of the first one.
    stripped: bool,
    /// Whether the last hop is not made yet.
    stopped: bool,
}

#[derive(Clone, Debug)]
struct Hop {
    status: StatusCode,
    from: Url,
    to: Url,
}

impl Trail {
    /// Where the call was before the request under way: reqwest no longer knows.
    fn before(&self) -> Vec<Url> {
        self.hops.iter().take(self.before).map(|hop| hop.from.clone()).collect()
    }

    /// Takes note of a hop, and says whether reqwest is to be stopped before it.
    fn hop(&mut self, hop: Hop) -> bool {
        self.stopped = self.tells_too_much(&hop) || self.tells_too_little(&hop);
        self.hops.push(hop);
        self.stopped
    }

    /// Whether reqwest would tell the next host more than it may know.
    fn tells_too_much(&self, hop: &Hop) -> bool {
        // An address we went on from is in the request already, where reqwest would leave it out.
        let referer = self.before > 0 && is_downgrade(hop);
        let reach = || Reach::of(hop.to.host_str().unwrap_or(""), hop.to.query());
        referer || (self.carries > Reach::Nothing && reach() < self.carries)
    }

    /// Whether reqwest would not tell the next host what it tells it in a call that never went on by itself: it takes
    /// the sensitive headers from a hop to another place alone, and gives them again on the next one. It does so to
    /// strangers too; we do not.
    fn tells_too_little(&self, hop: &Hop) -> bool {
        let is_first = || self.hops.first().is_some_and(|first| place(&first.from) == place(&hop.to));
        let is_own = || Reach::of(hop.to.host_str().unwrap_or(""), None) == Reach::Everything;
        self.stripped && place(&hop.from) == place(&hop.to) && (is_first() || is_own())
    }
}

/// A call of a client from our builder.
#[derive(Debug)]
pub(super) struct Journey {
    settings: Arc<Settings>,
    trail: Arc<Mutex<Trail>>,
    /// The request without anything of ours; a body that is a stream is left out, since it goes out once.
    original: Request,
    started: Instant,
}

impl Journey {
    /// Before anything of ours is put into the request.
    pub(super) fn new(settings: Arc<Settings>, request: &Request) -> Self {
        let trail = Trail { hops: Vec::new(), before: 0, carries: Reach::Nothing, stripped: false, stopped: false };
        let original = request.try_clone().unwrap_or_else(|| {
            let mut request_alone = Request::new(request.method().clone(), request.url().clone());
            *request_alone.headers_mut() = request.headers().clone();
            *request_alone.version_mut() = request.version();
            *request_alone.timeout_mut() = request.timeout().copied();
            request_alone
        });
        Journey { settings, trail: Arc::new(Mutex::new(trail)), original, started: Instant::now() }
    }

    /// What the first request carries of ours.
    pub(super) fn carries(&self, reach: Reach) {
        lock(&self.trail).carries = reach;
    }

    /// Makes the call, `first` being its first request, and says how often it was redirected.
    pub(super) async fn make(
        self,
        client: reqwest::Client,
        call: &Call,
        first: impl Future<Output = Result<Response>>,
    ) -> (Result<Response>, usize) {
        let mut result = TRAIL.scope(Some(self.trail.clone()), first).await;
        while result.is_ok()
            && let Some(request) = self.next(call)
        {
            result = TRAIL
                .scope(Some(self.trail.clone()), client.execute(request))
                .await
                .map_err(|error| self.located(error));
        }
        (result, lock(&self.trail).hops.len())
    }

    /// An error of a request that goes on, as of the first one: but for those of an address reqwest names that one.
    fn located(&self, error: Error) -> Error {
        if error.is_redirect() || error.is_builder() { error } else { error.with_url(self.original.url().clone()) }
    }

    /// The request that goes on where reqwest was stopped.
    fn next(&self, call: &Call) -> Option<Request> {
        let mut trail = lock(&self.trail);
        if !std::mem::take(&mut trail.stopped) {
            return None;
        }
        let mut request = self.original.try_clone()?;
        for hop in &trail.hops {
            redirected(&mut request, hop);
        }
        let last = trail.hops.last()?;
        forget(request.headers_mut(), last, self.settings.referer);
        let uri = last.to.as_str().parse().ok()?;
        let original = self.original.headers();
        trail.stripped =
            SENSITIVE.iter().any(|name| original.contains_key(name) && !request.headers().contains_key(name));
        trail.before = trail.hops.len();
        trail.carries = call.inject(&uri, request.headers_mut());
        if let Some(total) = request.timeout_mut() {
            *total = total.saturating_sub(self.started.elapsed());
        }
        Some(request)
    }
}

/// Changes a request as this redirect does: its address, and what becomes of its method and body.
fn redirected(request: &mut Request, hop: &Hop) {
    *request.url_mut() = hop.to.clone();
    let bodiless = match hop.status {
        StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method() == Method::POST,
        status => status == StatusCode::SEE_OTHER,
    };
    if bodiless {
        if request.method() != Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        *request.body_mut() = None;
        PAYLOAD.iter().for_each(|name| drop(request.headers_mut().remove(name)));
    }
}

/// Takes from the headers what another host is not told, and tells it who sent us there.
fn forget(headers: &mut HeaderMap, hop: &Hop, referer: bool) {
    if place(&hop.from) != place(&hop.to) {
        SENSITIVE.iter().for_each(|name| drop(headers.remove(name)));
    }
    if referer && !is_downgrade(hop) {
        let mut from = hop.from.clone();
        // An address that cannot have a user has none.
        let _ = (from.set_username(""), from.set_password(None));
        from.set_fragment(None);
        if let Ok(value) = HeaderValue::from_str(from.as_str()) {
            headers.insert(REFERER, value);
        }
    }
}

/// What makes another host of one, as in reqwest.
fn place(url: &Url) -> (&str, Option<&str>, Option<u16>) {
    (url.scheme(), url.host_str(), url.port_or_known_default())
}

fn is_downgrade(hop: &Hop) -> bool {
    hop.from.scheme() == "https" && hop.to.scheme() == "http"
}
