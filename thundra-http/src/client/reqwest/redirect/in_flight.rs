//! The requests in flight of a blocking client, to attribute redirects to calls.
//!
//! reqwest runs blocking requests as tasks on another thread. The redirect policy runs in the task, and sees the URLs
//! of the request so far and the id of the task:
//!
//! - With a single call in flight from a URL, the first redirect from the URL belongs to the call. The id of the task
//!   is then stored with the call.
//! - Later redirects are attributed by the id of the task.
//! - With several calls in flight from a URL, the first redirect is ambiguous. The hook then refuses to let reqwest
//!   follow. The error reaches the right call, and the call follows the redirect.
//! - If no candidate carries a header of ours, attribution is not needed and reqwest follows.
//! - If the program has the genuine client too, a redirect may belong to a call of the genuine client, and reqwest
//!   follows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::Url;
use tokio::task;

use super::hook::{Attribution, SharedChain, lock};
use crate::propagation_policy::Reach;

/// The requests of a client in flight.
#[derive(Clone, Default)]
pub(crate) struct InFlight {
    requests: Arc<Mutex<Vec<Request>>>,
    /// `true` if the genuine client makes requests too.
    is_shared: Arc<AtomicBool>,
}

struct Request {
    /// The first URL of the request, without the fragment, as in reqwest.
    start: Url,
    /// The task of the request, known from the first redirect on.
    task: Option<task::Id>,
    chain: SharedChain,
}

impl InFlight {
    /// Notes that the genuine client makes requests too. Requests of the genuine client are not added here.
    pub(crate) fn share(&self) {
        self.is_shared.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.is_shared.load(Ordering::Relaxed)
    }

    /// Adds a request, until the guard is dropped.
    pub(crate) fn add(&self, url: &Url, chain: &SharedChain) -> InFlightGuard<'_> {
        let mut start = url.clone();
        start.set_fragment(None);
        lock(&self.requests).push(Request { start, task: None, chain: chain.clone() });
        InFlightGuard { in_flight: self, chain: chain.clone() }
    }

    /// Attributes a redirect by the URLs of the request so far. `None` lets reqwest follow.
    pub(crate) fn attribute(&self, previous: &[Url]) -> Option<Attribution> {
        if self.is_shared() {
            return None;
        }
        let task = task::try_id();
        let mut requests = lock(&self.requests);
        let mut candidates = requests.iter_mut().filter(|request| match previous {
            [start] => request.task.is_none() && request.start == *start,
            _ => request.task.is_some() && request.task == task,
        });
        match (candidates.next(), candidates.next()) {
            (Some(request), None) => {
                request.task = task;
                Some(Attribution::to(request.chain.clone()))
            }
            // The first redirect needed no attribution, and the later ones need none either. An abandoned call cannot
            // get here, because reqwest stops the task.
            (None, _) if previous.len() > 1 => None,
            (first, second) => {
                let candidates: Vec<_> = first.into_iter().chain(second).chain(candidates).collect();
                let carries_nothing = |request: &&mut Request| {
                    let chain = lock(&request.chain);
                    chain.carries == Reach::Nothing && chain.before == 0
                };
                if !candidates.is_empty() && candidates.iter().all(carries_nothing) {
                    return None;
                }
                // With the shortest history no call reaches a limit early because of the hops of another call.
                let histories = candidates.iter().map(|request| lock(&request.chain).earlier_urls());
                Some(Attribution { earlier_urls: histories.min_by_key(Vec::len).unwrap_or_default(), chain: None })
            }
        }
    }
}

/// Removes the request from the list when dropped.
pub(crate) struct InFlightGuard<'a> {
    in_flight: &'a InFlight,
    chain: SharedChain,
}

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        lock(&self.in_flight.requests).retain(|request| !Arc::ptr_eq(&request.chain, &self.chain));
    }
}
