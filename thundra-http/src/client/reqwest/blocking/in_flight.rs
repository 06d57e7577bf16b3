//! The requests in flight of a blocking client, to find the call that a redirect belongs to.
//!
//! reqwest runs a request of its blocking client as a task on a thread of its own. A redirect policy there sees the URLs
//! that the request has visited, and can ask for the id of the task:
//!
//! - The first redirect of a request belongs to the one call that is in flight from this URL. The id of the task is
//!   stored with the call.
//! - Later redirects are found by the id of the task.
//! - Where several calls are in flight from one URL, the redirect may belong to any of them. The hook then refuses to let
//!   reqwest follow, since the error returns to the right call, which follows the redirect itself.
//! - Where none of these calls carries a header of ours, their redirects need no attribution, and reqwest follows them.

use std::sync::{Arc, Mutex};

use reqwest::Url;
use tokio::task;

use super::super::redirect::hook::{Attribution, SharedChain, lock};
use crate::propagation_policy::Reach;

/// The requests of a client that are in flight.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<Mutex<Vec<Request>>>);

struct Request {
    /// The first URL of the request, as reqwest knows it.
    start: Url,
    /// The task that reqwest runs the request in, once it was redirected.
    task: Option<task::Id>,
    chain: SharedChain,
}

impl InFlight {
    /// Adds a request, until the guard is dropped.
    pub(crate) fn add(&self, url: &Url, chain: &SharedChain) -> InFlightGuard<'_> {
        let mut start = url.clone();
        start.set_fragment(None);
        lock(&self.0).push(Request { start, task: None, chain: chain.clone() });
        InFlightGuard { in_flight: self, chain: chain.clone() }
    }

    /// Attributes a redirect, by the URLs that its request has visited. `None` lets reqwest follow it.
    pub(crate) fn attribute(&self, previous: &[Url]) -> Option<Attribution> {
        let task = task::try_id();
        let mut requests = lock(&self.0);
        let mut candidates = requests.iter_mut().filter(|request| match previous {
            [start] => request.task.is_none() && request.start == *start,
            _ => request.task.is_some() && request.task == task,
        });
        match (candidates.next(), candidates.next()) {
            (Some(request), None) => {
                request.task = task;
                Some(Attribution::to(request.chain.clone()))
            }
            // The first redirect of this request needed no attribution, so neither do the others. It is not a call that
            // its caller gave up: reqwest stops the task of such a call.
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
                // With the shortest history no call reaches a limit early because of the hops of another one.
                let histories = candidates.iter().map(|request| lock(&request.chain).earlier_urls());
                Some(Attribution { earlier_urls: histories.min_by_key(Vec::len).unwrap_or_default(), chain: None })
            }
        }
    }
}

/// Removes a request from those in flight when dropped.
pub(crate) struct InFlightGuard<'a> {
    in_flight: &'a InFlight,
    chain: SharedChain,
}

impl Drop for InFlightGuard<'_> {
    fn drop(&mut self) {
        lock(&self.in_flight.0).retain(|request| !Arc::ptr_eq(&request.chain, &self.chain));
    }
}
