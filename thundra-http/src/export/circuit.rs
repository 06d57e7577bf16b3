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

    /// `asked` is how long the collector wants to be left alone.
    pub(super) fn failed(&self, now: Instant, asked: Option<Duration>) {
        let mut state = self.state();
        // Those that were under way when it opened are one failure.
        if state.open_until.is_none_or(|until| now >= until) {
            state.pause = (state.pause * 2).clamp(FIRST, LONGEST);
        }
        state.open_until = Some(now + asked.unwrap_or(state.pause));
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
        circuit.failed(start, None);
        assert_eq!((circuit.is_open(start), circuit.is_open(second(1))), (true, false));
        circuit.failed(second(1), None);
        assert_eq!((circuit.is_open(second(2)), circuit.is_open(second(3))), (true, false));
        (0..9).for_each(|_| circuit.failed(second(3), None));
        assert_eq!((circuit.is_open(second(6)), circuit.is_open(second(7))), (true, false), "one failure, not nine");
        circuit.failed(second(7), Some(Duration::from_secs(30)));
        assert_eq!((circuit.is_open(second(36)), circuit.is_open(second(37))), (true, false), "as it asked");
        (4..20).for_each(|n| circuit.failed(second(n * 100), None));
        assert_eq!((circuit.is_open(second(1959)), circuit.is_open(second(1960))), (true, false), "60 s at most");
        circuit.succeeded();
        assert!(!circuit.is_open(second(1900)));
    }
}
