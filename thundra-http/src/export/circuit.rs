//! A circuit breaker: a pause after a failure, then a trial by one request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The pause after a first failure. Each further failure doubles the pause.
const FIRST: Duration = Duration::from_secs(1);

/// A final response in less time is followed by no pause.
const QUICK: Duration = Duration::from_millis(100);

/// Rules for the length of a pause.
#[derive(Clone, Copy, Debug)]
struct Pauses {
    /// The longest pause after repeated failures.
    longest: Duration,
    /// The least pause after a failure, as a multiple of the failure's duration.
    times_cost: u32,
    /// The longest pause between two attempts of one export.
    between_attempts: Duration,
}

/// A caller spends a tenth of the time on failures at most.
const CALLER_WAITS: Pauses =
    Pauses { longest: Duration::from_secs(60), times_cost: 10, between_attempts: Duration::from_secs(1) };

/// No caller waits: the pause only spares the collector.
const BACKGROUND: Pauses = Pauses { longest: Duration::from_secs(5), times_cost: 0, between_attempts: Duration::MAX };

/// Closed while the collector takes requests, and open for a pause after each failure.
#[derive(Debug)]
pub(super) struct Circuit {
    pauses: Pauses,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open_until: Option<Instant>,
    /// The last pause; zero where the last request succeeded.
    pause: Duration,
}

impl Circuit {
    /// Makes a circuit for exports with a waiting caller.
    pub(super) fn new() -> Self {
        Circuit { pauses: CALLER_WAITS, state: Mutex::default() }
    }

    /// Makes a circuit for exports from a background thread.
    pub(super) fn in_background() -> Self {
        Circuit { pauses: BACKGROUND, ..Circuit::new() }
    }

    /// Returns `true` during a pause.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.state().open_until.is_some_and(|until| now < until)
    }

    /// Returns `true` if the last request failed, and the next request is a trial.
    pub(super) fn is_on_trial(&self) -> bool {
        self.state().pause > Duration::ZERO
    }

    /// Returns `true` if an export may wait for a pause between two attempts. A longer pause ends the export.
    pub(super) fn allows_waiting(&self, pause: Duration) -> bool {
        pause <= self.pauses.between_attempts
    }

    /// Opens after a failure of duration `cost`. The longer pause counts: the circuit's own, or the collector's
    /// request.
    pub(super) fn failed(&self, now: Instant, cost: Duration, asked: Option<Duration>) {
        let Pauses { longest, times_cost, .. } = self.pauses;
        let mut state = self.state();
        state.pause = (state.pause * 2).clamp(FIRST, longest).max(cost * times_cost);
        state.open_until = now.checked_add(state.pause.max(asked.unwrap_or_default()));
    }

    /// Closes after a final refusal, or a response without an end. If the request was slow, a pause follows all the
    /// same, since the next request would be as slow.
    pub(super) fn over(&self, now: Instant, cost: Duration) {
        let open_until = if cost > QUICK { now.checked_add(cost * self.pauses.times_cost) } else { None };
        *self.state() = State { open_until, pause: Duration::ZERO };
    }

    /// Opens for the duration of another circuit's failure, where a caller waits for exports.
    pub(super) fn rest(&self, now: Instant, cost: Duration) {
        let until = now.checked_add(cost * self.pauses.times_cost.min(1));
        let mut state = self.state();
        state.open_until = state.open_until.max(until);
    }

    /// Closes.
    pub(super) fn close(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[test]
    fn a_dead_collector_is_tried_less_and_less_often() {
        let (circuit, start) = (Circuit::new(), Instant::now());
        let second = |n| start + Duration::from_secs(n);
        assert!(!circuit.is_open(start) && !circuit.is_on_trial());
        circuit.failed(start, AT_ONCE, None);
        assert_eq!((circuit.is_open(start), circuit.is_open(second(1))), (true, false));
        assert!(circuit.is_on_trial());
        circuit.failed(second(1), AT_ONCE, None);
        assert_eq!((circuit.is_open(second(2)), circuit.is_open(second(3))), (true, false));
        circuit.failed(second(7), AT_ONCE, Some(Duration::from_secs(30)));
        assert_eq!((circuit.is_open(second(36)), circuit.is_open(second(37))), (true, false), "as it asked");
        (4..20).for_each(|n| circuit.failed(second(n * 100), AT_ONCE, None));
        assert_eq!((circuit.is_open(second(1959)), circuit.is_open(second(1960))), (true, false), "60 s at most");
        circuit.close();
        assert!(!circuit.is_open(second(1900)) && !circuit.is_on_trial());
    }

    #[test]
    fn nobody_sits_out_a_long_pause_but_the_background() {
        let allowed = |circuit: Circuit| [1, 2].map(|seconds| circuit.allows_waiting(Duration::from_secs(seconds)));
        assert_eq!((allowed(Circuit::new()), allowed(Circuit::in_background())), ([true, false], [true, true]));
    }

    #[test]
    fn a_collector_cannot_shorten_a_pause() {
        let (circuit, start) = (Circuit::new(), Instant::now());
        circuit.failed(start, AT_ONCE, Some(Duration::ZERO));
        assert!(circuit.is_open(start));
    }

    #[test]
    fn failures_cost_a_tenth_of_the_time_at_most() {
        for cost in [2, 10, 1].map(Duration::from_secs) {
            let (circuit, start) = (Circuit::new(), Instant::now());
            let (mut now, mut spent) = (start, Duration::ZERO);
            while now < start + Duration::from_secs(600) {
                if circuit.is_open(now) {
                    now += Duration::from_millis(10);
                } else {
                    (now, spent) = (now + cost, spent + cost);
                    circuit.failed(now, cost, None);
                }
            }
            assert!(spent * 10 <= now - start, "{cost:?}: {spent:?}");
        }
    }

    #[test]
    fn a_slow_refusal_is_followed_by_a_pause_and_a_quick_one_is_not() {
        let (circuit, start) = (Circuit::new(), Instant::now());
        circuit.over(start, Duration::from_millis(50));
        assert!(!circuit.is_open(start));
        circuit.over(start, Duration::from_millis(500));
        let after = |millis| circuit.is_open(start + Duration::from_millis(millis));
        assert_eq!((after(4999), after(5000), circuit.is_on_trial()), (true, false, false));
    }

    #[test]
    fn a_rest_is_as_long_as_the_failure_and_shortens_no_pause() {
        let (circuit, start) = (Circuit::new(), Instant::now());
        let after = |seconds| circuit.is_open(start + Duration::from_secs(seconds));
        circuit.rest(start, Duration::from_secs(2));
        assert_eq!((after(1), after(2), circuit.is_on_trial()), (true, false, false));
        circuit.failed(start, Duration::from_secs(2), None);
        circuit.rest(start, Duration::from_secs(2));
        assert_eq!((after(19), after(20)), (true, false));
        let background = Circuit::in_background();
        background.rest(start, Duration::from_secs(2));
        assert!(!background.is_open(start), "nobody waits");
    }

    #[test]
    fn in_the_background_a_collector_that_is_back_is_found_soon() {
        let (circuit, start) = (Circuit::in_background(), Instant::now());
        (0..20).for_each(|_| circuit.failed(start, Duration::from_secs(10), None));
        assert!(!circuit.is_open(start + Duration::from_secs(5)));
    }
}
