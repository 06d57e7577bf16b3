//! Our redirect policy inside reqwest. The hook obeys the caller's policy, and refuses the hops to be followed by our
//! side.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reqwest::Url;

use super::chain::{Chain, Hop};
use super::policy::{Attempt, Policy};
use super::settings::ClientSettings;

tokio::task_local! {
    /// The chain of the call in this task.
    static CHAIN: Option<SharedChain>;
}

/// A chain, shared by the call and the hook.
pub(crate) type SharedChain = Arc<Mutex<Chain>>;

/// The call of a redirect.
pub(crate) struct Attribution {
    /// The URLs of the call before the current request, unknown to reqwest.
    pub(crate) earlier_urls: Vec<Url>,
    /// The chain of the call. `None` if the redirect may belong to any of several calls.
    pub(crate) chain: Option<SharedChain>,
}

impl Attribution {
    pub(crate) fn to(chain: SharedChain) -> Self {
        let earlier_urls = lock(&chain).earlier_urls();
        Attribution { earlier_urls, chain: Some(chain) }
    }

    /// Attributes a redirect to the call of the current task.
    pub(crate) fn by_task(_: &[Url]) -> Option<Self> {
        CHAIN.try_with(Option::clone).ok().flatten().map(Attribution::to)
    }
}

/// Runs a request as part of a call.
pub(crate) async fn in_chain<F: Future>(chain: SharedChain, request: F) -> F::Output {
    CHAIN.scope(Some(chain), request).await
}

/// Runs an untraced request. A policy, resolver or connector may send an untraced request in the task of a traced call.
pub(crate) async fn without_chain<F: Future>(request: F) -> F::Output {
    CHAIN.scope(None, request).await
}

/// Returns the policy to build a client with.
///
/// `attribute` returns the call of a redirect, by the URLs of the current request so far. `None` lets reqwest follow,
/// as without our hook.
pub(crate) fn policy(
    policy: Policy,
    settings: &ClientSettings,
    attribute: impl Fn(&[Url]) -> Option<Attribution> + Send + Sync + 'static,
) -> reqwest::redirect::Policy {
    let (https_only, configured) = (settings.https_only, settings.configured);
    reqwest::redirect::Policy::custom(move |attempt| {
        let Some(Attribution { earlier_urls, chain }) = attribute(attempt.previous()) else {
            let ours = Attempt::new(attempt.status(), attempt.url(), attempt.previous());
            return policy.redirect(ours).apply(attempt);
        };
        let previous = [earlier_urls.as_slice(), attempt.previous()].concat();
        // The policy is code of the caller, and no lock may be held during the call.
        let action = policy.redirect(Attempt::new(attempt.status(), attempt.url(), &previous));
        let Some(from) = previous.last().filter(|_| action.is_follow()) else { return action.apply(attempt) };
        let hop = Hop { status: attempt.status(), from: from.clone(), to: attempt.url().clone() };
        // reqwest refuses such a hop with an error of its own.
        if hop.to.scheme() != "https" && (https_only || hop.to.scheme() != "http") {
            return attempt.follow();
        }
        if configured {
            if let Some(chain) = &chain {
                lock(chain).hops.push(hop);
            }
            return attempt.follow();
        }
        if chain.as_ref().is_some_and(|chain| lock(chain).lets_reqwest_follow(&hop)) {
            return attempt.follow();
        }
        let hops = attempt.previous().len().saturating_sub(1);
        attempt.error(Refusal { hop, hops, guessed: chain.is_none() })
    })
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The error of a refused redirect. reqwest returns the error to the redirected request, and thereby to the right call.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The redirect.
    pub(crate) hop: Hop,
    /// The number of earlier hops of the current request.
    pub(crate) hops: usize,
    /// `true` if the redirect may belong to another call. The caller's policy saw the shortest history then.
    pub(crate) guessed: bool,
}

/// Callers see the text only after the last allowed redirect.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("too many redirects")
    }
}

impl Error for Refusal {}
