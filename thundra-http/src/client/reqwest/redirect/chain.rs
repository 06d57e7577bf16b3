//! The redirects of one call, and which of them reqwest is left to follow.
//!
//! reqwest gives every host the headers that the first one was given. Where the next host may know less of us, it is
//! stopped there, and the call goes on by itself.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use reqwest::Url;
use thundra_core::redact;

use super::policy::{Attempt, Policy};
use super::settings::Settings;
use crate::propagation_policy::Reach;

tokio::task_local! {
    static TRAIL: Option<SharedTrail>;
}

pub(crate) type SharedTrail = Arc<Mutex<Trail>>;

/// What is known of the call that a redirect belongs to.
pub(crate) struct Found {
    /// Where the call was before the request under way: reqwest no longer knows.
    pub(crate) before: Vec<Url>,
    /// `None` where it may be that of several calls.
    pub(crate) trail: Option<SharedTrail>,
}

impl Found {
    pub(crate) fn new(trail: SharedTrail) -> Self {
        let before = lock(&trail).before();
        Found { before, trail: Some(trail) }
    }

    /// The call that the task is in.
    pub(crate) fn in_task(_: &[Url]) -> Option<Self> {
        TRAIL.try_with(Option::clone).ok().flatten().map(Found::new)
    }
}

/// Runs a request of a call in its task.
pub(crate) async fn along<F: Future>(trail: SharedTrail, request: F) -> F::Output {
    TRAIL.scope(Some(trail), request).await
}

/// Makes a call without a trail: not even that of the call whose redirect policy, resolver or connector makes it.
pub(crate) async fn apart<F: Future>(call: F) -> F::Output {
    TRAIL.scope(None, call).await
}

/// The policy for reqwest: it decides as `policy` does, and stops where a call is to go on by itself. `find` says of
/// which call a redirect is, by where the request under way was: of none where it is followed as ever.
pub(crate) fn policy(
    policy: Policy,
    settings: &Settings,
    find: impl Fn(&[Url]) -> Option<Found> + Send + Sync + 'static,
) -> reqwest::redirect::Policy {
    let (https_only, configured) = (settings.https_only, settings.configured);
    reqwest::redirect::Policy::custom(move |attempt| {
        let Some(Found { before, trail }) = find(attempt.previous()) else {
            let ours = Attempt::new(attempt.status(), attempt.url(), attempt.previous());
            return policy.redirect(ours).apply(attempt);
        };
        let previous = [before.as_slice(), attempt.previous()].concat();
        // It is the caller's own: no lock is held meanwhile.
        let action = policy.redirect(Attempt::new(attempt.status(), attempt.url(), &previous));
        let Some(from) = previous.last().filter(|_| action.is_follow()) else { return action.apply(attempt) };
        let hop = Hop { status: attempt.status(), from: from.clone(), to: attempt.url().clone() };
        // reqwest refuses these by itself.
        let refused = hop.to.scheme() != "https" && (https_only || hop.to.scheme() != "http");
        let follows = trail.as_ref().is_some_and(|trail| !refused && lock(trail).follows(&hop, configured));
        // What is not known of a client would be put into a request that goes on.
        if refused || configured || follows {
            return attempt.follow();
        }
        let made = attempt.previous().len().saturating_sub(1);
        attempt.error(Stopped { hop, made, guessed: trail.is_none() })
    })
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How a call learns where it was stopped: an error comes back to the very call that it was made for.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub(crate) hop: Hop,
    /// How many hops the request under way had made.
    pub(crate) made: usize,
    /// Whether it may have been another call's: the policy saw the shortest way then.
    pub(crate) guessed: bool,
}

/// Nobody sees it but where a call does not go on: after its last redirect.
impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many redirects")
    }
}

impl Error for Stopped {}

/// The redirects of a call so far.
pub(crate) struct Trail {
    pub(crate) hops: Vec<Hop>,
    /// How many of them were made before the request under way: it went on by itself.
    pub(crate) before: usize,
    /// What the request under way carries of ours.
    pub(crate) carries: Reach,
    /// Whether the request under way lacks sensitive headers of the first one.
    pub(crate) stripped: bool,
}

#[derive(Clone)]
pub(crate) struct Hop {
    pub(crate) status: StatusCode,
    pub(crate) from: Url,
    pub(crate) to: Url,
}

/// Part of an error's `Debug`.
impl fmt::Debug for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |url: &Url| redact::text(url.to_string());
        f.debug_struct("Hop")
            .field("status", &self.status)
            .field("from", &shown(&self.from))
            .field("to", &shown(&self.to))
            .finish()
    }
}

impl Trail {
    pub(crate) fn new() -> Self {
        Trail { hops: Vec::new(), before: 0, carries: Reach::Nothing, stripped: false }
    }

    /// Where the call was before the request under way.
    pub(crate) fn before(&self) -> Vec<Url> {
        self.hops.iter().take(self.before).map(|hop| hop.from.clone()).collect()
    }

    /// Whether reqwest is left to follow a hop, which is taken note of then. It `always` is where the call cannot go on
    /// by itself.
    fn follows(&mut self, hop: &Hop, always: bool) -> bool {
        let follows = always || !self.tells_too_much(hop) && !self.tells_too_little(hop);
        if follows {
            self.hops.push(hop.clone());
        }
        follows
    }

    /// Whether reqwest would tell the next host more than it may know.
    fn tells_too_much(&self, hop: &Hop) -> bool {
        // An address we went on from is in the request already, where reqwest would leave it out.
        let referer = self.before > 0 && hop.is_downgrade();
        let reach = || Reach::of(hop.to.host_str().unwrap_or(""), hop.to.query());
        referer || (self.carries > Reach::Nothing && reach() < self.carries)
    }

    /// Whether reqwest would not tell the next host what it tells it in a call that never went on by itself: it takes
    /// the sensitive headers from a hop to another place alone, and gives them again on the next one. It does so to
    /// strangers too; we do not.
    pub(crate) fn tells_too_little(&self, hop: &Hop) -> bool {
        let is_first = || self.hops.first().is_some_and(|first| place(&first.from) == place(&hop.to));
        let is_own = || Reach::of(hop.to.host_str().unwrap_or(""), None) == Reach::Everything;
        self.stripped && !hop.leads_elsewhere() && (is_first() || is_own())
    }
}

impl Hop {
    pub(crate) fn is_downgrade(&self) -> bool {
        self.from.scheme() == "https" && self.to.scheme() == "http"
    }

    /// Whether it leads to another host, as reqwest understands it.
    pub(crate) fn leads_elsewhere(&self) -> bool {
        place(&self.from) != place(&self.to)
    }
}

fn place(url: &Url) -> (&str, Option<&str>, Option<u16>) {
    (url.scheme(), url.host_str(), url.port_or_known_default())
}
