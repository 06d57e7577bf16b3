//! A breaker: a dead collector is asked less and less often, and costs an invocation next to nothing.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// Closed while all goes well; open for 1 s after a failure, twice as long after each further one, 60 s at most.
#[derive(Debug, Default)]
pub(super) struct Circuit(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    open_until: Option<Instant>,
    pause: Duration,
}

impl Circuit {
    /// Whether nothing is to be tried now.
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.state().open_until.is_some_and(|until| now < until)
    }

    pub(super) fn failed(&self, now: Instant) {
        let mut state = self.state();
        state.pause = (state.pause * 2).clamp(FIRST, LONGEST);
        state.open_until = Some(now + state.pause);
    }

    pub(super) fn succeeded(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_collector_is_asked_less_and_less_often() {
        let (circuit, start) = (Circuit::default(), Instant::now());
        let second = |n| start + Duration::from_secs(n);
        assert!(!circuit.is_open(start));
        circuit.failed(start);
        assert_eq!((circuit.is_open(start), circuit.is_open(second(1))), (true, false));
        circuit.failed(second(1));
        assert_eq!((circuit.is_open(second(2)), circuit.is_open(second(3))), (true, false));
        (0..9).for_each(|_| circuit.failed(second(3)));
        assert_eq!((circuit.is_open(second(62)), circuit.is_open(second(63))), (true, false));
        circuit.succeeded();
        assert!(!circuit.is_open(second(3)));
    }
}
