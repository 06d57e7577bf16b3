//! The times of the readings.

use std::time::{Duration, Instant, SystemTime};

/// The longest time between two readings after failures, unless the interval is longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// A moment on both clocks. The monotonic clock may stand still while a function is frozen, and the system's clock may
/// be set back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    monotonic: Instant,
    system: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        Moment { monotonic: Instant::now(), system: SystemTime::now() }
    }

    /// Returns the time until a later moment, by the clock with the greater advance.
    fn until(self, later: Moment) -> Duration {
        let by_system = later.system.duration_since(self.system).unwrap_or_default();
        later.monotonic.saturating_duration_since(self.monotonic).max(by_system)
    }
}

/// The schedule: each interval, and less often after failures.
#[derive(Debug)]
pub(super) struct Schedule {
    interval: Duration,
    /// The start of the last reading, if any.
    last: Option<Moment>,
    /// The number of failures since the last success.
    failures: u32,
}

impl Schedule {
    pub(super) fn new(interval: Duration) -> Self {
        Schedule { interval, last: None, failures: 0 }
    }

    /// Begins a due reading. Returns `true` for a begun reading.
    pub(super) fn begin(&mut self, now: Moment) -> bool {
        let is_due = self.last.is_none_or(|last| last.until(now) >= self.pause());
        if is_due {
            self.last = Some(now);
        }
        is_due
    }

    /// Ends a reading. Each further failure doubles the pause.
    pub(super) fn end(&mut self, is_failure: bool) {
        self.failures = if is_failure { self.failures.saturating_add(1) } else { 0 };
    }

    /// Makes a reading due at once.
    pub(super) fn renew(&mut self) {
        *self = Schedule::new(self.interval);
    }

    fn pause(&self) -> Duration {
        let factor = 1_u32.checked_shl(self.failures.saturating_sub(1)).unwrap_or(u32::MAX);
        self.interval.saturating_mul(factor).min(LONGEST_PAUSE.max(self.interval))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_due_at_once_and_after_each_interval() {
        let (start, mut schedule) = (Moment::now(), Schedule::new(Duration::from_secs(300)));
        let at = |monotonic: u64, system: i64| Moment {
            monotonic: start.monotonic + Duration::from_secs(monotonic),
            system: match u64::try_from(system) {
                Ok(seconds) => start.system + Duration::from_secs(seconds),
                Err(_) => start.system - Duration::from_secs(system.unsigned_abs()),
            },
        };
        for (now, is_due, why) in [
            (at(0, 0), true, "the first one"),
            (at(299, 299), false, "too early"),
            (at(300, 300), true, "an interval later"),
            (at(301, 900), true, "frozen meanwhile"),
            (at(302, -3600), false, "the system's clock was set back"),
            (at(601, -3300), true, "an interval later on the monotonic clock"),
            (at(602, -3299), false, "too early by both"),
        ] {
            assert_eq!(schedule.begin(now), is_due, "{why}");
        }
        schedule.renew();
        assert!(schedule.begin(at(603, -3298)), "restored from a snapshot");
    }

    #[test]
    fn failures_make_readings_rarer_and_a_success_ends_that() {
        let mut schedule = Schedule::new(Duration::from_secs(300));
        for minutes in [5, 10, 20, 40, 60, 60] {
            schedule.end(true);
            assert_eq!(schedule.pause(), Duration::from_secs(60 * minutes));
        }
        (0..100).for_each(|_| schedule.end(true));
        assert_eq!(schedule.pause(), LONGEST_PAUSE);
        schedule.end(false);
        assert_eq!(schedule.pause(), Duration::from_secs(300));
        let mut daily = Schedule::new(24 * LONGEST_PAUSE);
        daily.end(true);
        daily.end(true);
        assert_eq!(daily.pause(), 24 * LONGEST_PAUSE, "never more often than without failures");
    }
}
