//! The switch of a signal without support in the collector: after three flushes with 404 or 501, nothing is sent for an
//! hour.
//!
//! Many collectors take spans alone. Each refused signal would cost a request after every invocation.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::StatusCode;

/// The number of consecutive flushes with 404 or 501 to turn a signal off.
const FLUSHES: u32 = 3;

/// The time without a request. Then a single request tries the collector again.
const OFF: Duration = Duration::from_secs(60 * 60);

/// On, until the collector refuses the signal as unknown in several flushes running. All forks of an exporter share a
/// switch.
#[derive(Debug, Default)]
pub(super) struct SignalSwitch(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The number of flushes in a row with such a response.
    flushes: u32,
    /// The deadline of the last refused flush. All requests of a flush have the same deadline.
    last: Option<Instant>,
    /// The end of the time without a request.
    off_until: Option<Instant>,
}

impl SignalSwitch {
    /// Returns `true` while no request is to be sent.
    pub(super) fn is_off(&self, now: Instant) -> bool {
        self.state().off_until.is_some_and(|until| now < until)
    }

    /// Records a response, in the flush with the deadline `flush`. Returns `true` if the signal is off from now on.
    pub(super) fn responded(&self, status: StatusCode, flush: Instant, now: Instant) -> bool {
        let mut state = self.state();
        if !matches!(status, StatusCode::NOT_FOUND | StatusCode::NOT_IMPLEMENTED) {
            *state = State::default();
            return false;
        }
        if state.last.replace(flush) != Some(flush) {
            state.flushes = state.flushes.saturating_add(1);
        }
        // The response to a request sent before the signal was switched off does not count.
        let is_on = state.off_until.is_none_or(|until| until <= now);
        if state.flushes < FLUSHES || !is_on {
            return false;
        }
        state.off_until = now.checked_add(OFF);
        true
    }

    /// Switches the signal on.
    pub(super) fn reset(&self) {
        *self.state() = State::default();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: StatusCode = StatusCode::NOT_FOUND;
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn three_flushes_running_switch_a_signal_off_for_an_hour() {
        let start = Instant::now();
        let flush = |number: u32| start + Duration::from_secs(number.into());
        for (statuses, is_off, why) in [
            (&[(1, 404), (2, 404), (3, 404)][..], true, "three flushes"),
            (&[(1, 404), (2, 501), (3, 404)], true, "either status"),
            (&[(1, 404), (1, 404), (1, 404), (2, 404)], false, "four requests of two flushes"),
            (&[(1, 404), (2, 404), (3, 200), (4, 404)], false, "a success in between"),
            (&[(1, 404), (2, 404), (3, 503), (4, 404)], false, "another failure in between"),
            (&[(1, 400), (2, 405), (3, 410), (4, 500)], false, "other failures"),
            (&[(1, 404), (2, 404)], false, "two flushes"),
        ] {
            let switch = SignalSwitch::default();
            let went_off = statuses
                .iter()
                .filter(|(number, status)| {
                    switch.responded(StatusCode::from_u16(*status).unwrap(), flush(*number), start)
                })
                .count();
            assert_eq!((switch.is_off(start), went_off), (is_off, usize::from(is_off)), "{why}");
        }
    }

    #[test]
    fn after_the_hour_one_request_decides() {
        let (switch, start) = (SignalSwitch::default(), Instant::now());
        let flush = |number: u32| start + MINUTE * number;
        assert_eq!([1, 2, 3].map(|number| switch.responded(MISSING, flush(number), start)), [false, false, true]);
        assert!(switch.is_off(start + OFF - MINUTE) && !switch.is_off(start + OFF));
        assert!(!switch.responded(MISSING, flush(4), start + MINUTE), "an answer that was on its way");
        assert!(switch.responded(MISSING, flush(61), start + OFF), "still unknown");
        assert!(switch.is_off(start + OFF + MINUTE) && !switch.is_off(start + OFF * 2));
        assert!(!switch.responded(StatusCode::OK, flush(121), start + OFF * 2));
        assert!(!switch.responded(MISSING, flush(122), start + OFF * 2), "three flushes again");
    }
}
