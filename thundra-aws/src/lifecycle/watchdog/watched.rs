//! The running invocations with a deadline, and the time of the next export.

use std::time::{Duration, Instant};

use thundra_core::ScopeRef;

use crate::lifecycle::deadline::Deadline;
use crate::lifecycle::usage::{Attributes, Begin};

/// The largest insignificant difference of times. Two clocks are read one after the other, and a wake-up costs more
/// than an export a little late.
const TOLERANCE: Duration = Duration::from_millis(1);

/// A running invocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched {
    pub(super) scope: ScopeRef,
    pub(super) deadline: Option<Deadline>,
    /// The time between the export and the deadline. `None` for an invocation exported at the end of the environment at
    /// the earliest.
    pub(super) margin: Option<Duration>,
    /// The begin of the measurement. `None` for an invocation without measurement.
    pub(super) begun: Option<Begin>,
}

impl Watched {
    /// Returns the attributes of the root span of a running invocation.
    pub(super) fn attributes(&self) -> Attributes {
        let left = self.deadline.and_then(Deadline::attributes);
        let used = self.begun.map(|begun| begun.while_running(self.deadline.map(Deadline::total)));
        left.into_iter().flatten().chain(used.into_iter().flatten()).collect()
    }

    /// Returns the time until the export. [`Duration::MAX`] without an export before the deadline.
    pub(super) fn due_in(&self) -> Duration {
        let early = self.deadline.zip(self.margin);
        early.map_or(Duration::MAX, |(deadline, margin)| deadline.left().saturating_sub(margin))
    }
}

/// The running invocations. Managed instances run several at once.
#[derive(Debug)]
pub(super) struct WatchList {
    running: Vec<(u64, Watched)>,
    last_id: u64,
    /// The planned time for the thread to wake. `None` without a plan.
    wakes_at: Option<Instant>,
}

impl WatchList {
    pub(super) const EMPTY: Self = WatchList { running: Vec::new(), last_id: 0, wakes_at: None };

    /// Adds an invocation and returns the id. Also returns `true` if the thread would wake too late for the invocation.
    /// Invocations of a function have the same time, so a later begin usually means a later deadline.
    pub(super) fn add(&mut self, watched: Watched) -> (u64, bool) {
        self.last_id += 1;
        self.running.push((self.last_id, watched));
        let due_at = Instant::now().checked_add(watched.due_in().saturating_add(TOLERANCE));
        let wakes = due_at.is_some_and(|due_at| self.wakes_at.is_none_or(|wakes_at| due_at < wakes_at));
        (self.last_id, wakes)
    }

    /// Removes an invocation. Returns `false` if the invocation was taken before.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        let place = self.running.iter().position(|(running, _)| *running == id);
        place.map(|place| self.running.swap_remove(place)).is_some()
    }

    /// Takes a due invocation.
    pub(super) fn take_due(&mut self) -> Option<Watched> {
        let place = self.running.iter().position(|(_, watched)| watched.due_in().is_zero())?;
        Some(self.running.swap_remove(place).1)
    }

    /// Takes all invocations.
    pub(super) fn take_all(&mut self) -> Vec<Watched> {
        self.running.drain(..).map(|(_, watched)| watched).collect()
    }

    /// Plans the next time to wake, and returns the time until then. `None` without invocations.
    pub(super) fn plan(&mut self) -> Option<Duration> {
        self.wakes_at = None;
        let due_in = self.running.iter().map(|(_, watched)| watched.due_in()).min()?;
        self.wakes_at = Instant::now().checked_add(due_in);
        self.wakes_at.map(|_| due_in)
    }

    /// Notes the thread as awake, with a new plan to follow.
    pub(super) fn wake(&mut self) {
        self.wakes_at = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use thundra_core::Scope;

    use super::*;
    use crate::lifecycle::deadline::tests::deadline_in;

    fn watched(scope: &Scope, millis: i64) -> Watched {
        Watched { scope: **scope, deadline: deadline_in(millis), margin: Some(Duration::from_millis(100)), begun: None }
    }

    #[test]
    fn only_an_earlier_deadline_wakes_the_thread() {
        let (mut list, scope) = (WatchList::EMPTY, Scope::builder("invocation").begin());
        let add = |list: &mut WatchList, seconds: i64| list.add(watched(&scope, seconds * 1000));
        let (first, wakes) = add(&mut list, 60);
        assert!(wakes, "nothing else would");
        let planned = list.plan().unwrap();
        assert!((Duration::from_secs(50)..Duration::from_secs(60)).contains(&planned), "{planned:?}");
        assert!(list.remove(first) && !list.remove(first));
        assert!(!add(&mut list, 70).1, "the next invocation of the function");
        assert!(add(&mut list, 30).1);
        list.wake();
        assert!(!add(&mut list, 20).1, "it plans anew anyway");
    }

    #[test]
    fn an_invocation_without_an_early_export_is_never_due() {
        let (mut list, scope) = (WatchList::EMPTY, Scope::builder("invocation").begin());
        for late in [Watched { deadline: None, ..watched(&scope, 50) }, Watched { margin: None, ..watched(&scope, 50) }]
        {
            let (id, wakes) = list.add(late);
            assert!(!wakes && list.take_due().is_none() && list.plan().is_none());
            assert!(list.remove(id));
        }
    }

    #[test]
    fn what_is_due_is_taken_once() {
        let (mut list, scope) = (WatchList::EMPTY, Scope::builder("invocation").begin());
        assert!(list.plan().is_none() && list.take_due().is_none());
        let (near, _) = list.add(watched(&scope, 50));
        let (far, _) = list.add(watched(&scope, 60_000));
        assert!(list.take_due().is_some());
        assert!(list.take_due().is_none());
        assert!(!list.remove(near) && list.remove(far));
    }
}
