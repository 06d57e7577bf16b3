//! Of which call a redirect is, where reqwest follows it on a thread of its own.
//!
//! The policy sees addresses there, and nothing of the call. The first redirect of a request is that of the one call
//! that began a request at this address; from then on the task tells that reqwest runs it in. Where several calls
//! began one there, it may be that of any: it is not followed then, but stopped, and the call goes on by itself. Where
//! none of them has anything of ours, it does not matter whose it is.

use std::sync::{Arc, Mutex};

use reqwest::Url;
use tokio::task;

use super::super::redirect::chain::{Found, SharedTrail, lock};
use crate::propagation_policy::Reach;

/// The requests of a client that are under way.
#[derive(Clone, Default)]
pub(crate) struct Legs(Arc<Mutex<Vec<Leg>>>);

struct Leg {
    /// Where it began, as reqwest knows it.
    start: Url,
    /// Once it was redirected.
    task: Option<task::Id>,
    trail: SharedTrail,
}

impl Legs {
    /// A request is under way until what this returns is dropped.
    pub(crate) fn begin(&self, url: &Url, trail: &SharedTrail) -> Underway<'_> {
        let mut start = url.clone();
        start.set_fragment(None);
        lock(&self.0).push(Leg { start, task: None, trail: trail.clone() });
        Underway { legs: self, trail: trail.clone() }
    }

    /// The call that a redirect belongs to, by where its request was. `None` where it may be followed without.
    pub(crate) fn find(&self, previous: &[Url]) -> Option<Found> {
        let task = task::try_id();
        let mut legs = lock(&self.0);
        let mut fitting = legs.iter_mut().filter(|leg| match previous {
            [start] => leg.task.is_none() && leg.start == *start,
            _ => leg.task.is_some() && leg.task == task,
        });
        match (fitting.next(), fitting.next()) {
            (Some(leg), None) => {
                leg.task = task;
                Some(Found::new(leg.trail.clone()))
            }
            // It was let go below, at its first redirect. A call that was given up reqwest does not run any further.
            (None, _) if previous.len() > 1 => None,
            (first, second) => {
                let fitting: Vec<_> = first.into_iter().chain(second).chain(fitting).collect();
                let has_nothing = |leg: &&mut Leg| {
                    let trail = lock(&leg.trail);
                    trail.carries == Reach::Nothing && trail.before == 0
                };
                if !fitting.is_empty() && fitting.iter().all(has_nothing) {
                    return None;
                }
                // The shortest way, so that nobody is refused what another one used up.
                let ways = fitting.iter().map(|leg| lock(&leg.trail).before());
                Some(Found { before: ways.min_by_key(Vec::len).unwrap_or_default(), trail: None })
            }
        }
    }
}

/// A request under way.
pub(crate) struct Underway<'a> {
    legs: &'a Legs,
    trail: SharedTrail,
}

impl Drop for Underway<'_> {
    fn drop(&mut self) {
        lock(&self.legs.0).retain(|leg| !Arc::ptr_eq(&leg.trail, &self.trail));
    }
}
