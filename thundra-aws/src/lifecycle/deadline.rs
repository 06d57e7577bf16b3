//! The deadline of an invocation.
//!
//! Lambda names a time of the wall clock, which may be set, and goes on while the environment is frozen. Each question
//! for the time left therefore reads the wall clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lambda_runtime::Context;
use thundra_core::{Value, semconv};

/// The time reserved for the end of an invocation: the process must request the next event before the deadline.
const RESERVE: Duration = Duration::from_millis(100);

/// The greatest age of a deadline at the begin of an invocation. An older deadline is no point in time, because
/// `cargo lambda watch` sends the length of the timeout, in milliseconds, as the deadline.
const GREATEST_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// The deadline of an invocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: SystemTime,
    /// The time from the begin of the invocation to the deadline. Zero if the deadline had passed.
    total: Duration,
}

impl Deadline {
    /// Returns the deadline of an invocation at the begin. `None` without a deadline from Lambda.
    pub(super) fn of(context: &Context) -> Option<Self> {
        let at = UNIX_EPOCH.checked_add(Duration::from_millis(context.deadline))?;
        let (total, age) = Deadline { at, total: Duration::ZERO }.left_or_late();
        (age <= GREATEST_AGE).then_some(Deadline { at, total })
    }

    /// Returns the time of the deadline.
    pub(super) fn at(self) -> SystemTime {
        self.at
    }

    /// Returns the time from the begin of the invocation to the deadline.
    pub(super) fn total(self) -> Duration {
        self.total
    }

    /// Returns the time left. Zero after the deadline.
    pub(super) fn left(self) -> Duration {
        self.left_or_late().0
    }

    /// Returns the end of the time for the export of the invocation. A deadline in the past leaves no time: the spans
    /// wait for the next invocation.
    pub(super) fn flush_until(self) -> Instant {
        Instant::now() + self.left().saturating_sub(RESERVE)
    }

    /// Returns the attributes of the root span for the time left. `None` for a deadline before the begin of the
    /// invocation.
    pub(super) fn attributes(self) -> Option<[(&'static str, Value); 2]> {
        let (left, late) = self.left_or_late();
        let used = self.used_ratio_of(left, late)?;
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Some([
            (semconv::THUNDRA_DEADLINE_REMAINING_MS, (millis(left) - millis(late)).into()),
            (semconv::THUNDRA_DEADLINE_USED_RATIO, used.into()),
        ])
    }

    /// Returns the used part of the time from the begin of the invocation to the deadline. The part is 1 at the
    /// deadline. `None` for a deadline before the begin of the invocation.
    pub(super) fn used_ratio(self) -> Option<f64> {
        let (left, late) = self.left_or_late();
        self.used_ratio_of(left, late)
    }

    /// Returns the time left before the deadline, and the time since the deadline. One of the two is zero.
    fn left_or_late(self) -> (Duration, Duration) {
        match self.at.duration_since(SystemTime::now()) {
            Ok(left) => (left, Duration::ZERO),
            Err(past) => (Duration::ZERO, past.duration()),
        }
    }

    fn used_ratio_of(self, left: Duration, late: Duration) -> Option<f64> {
        let total = self.total.as_secs_f64();
        let used = 1.0 + (late.as_secs_f64() - left.as_secs_f64()) / total;
        // Four digits resolve a tenth of a second in a quarter of an hour. `max`, because the clock may have been set
        // back.
        (total > 0.0).then(|| (used.max(0.0) * 1e4).round() / 1e4)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Returns a deadline, in milliseconds from now.
    pub(in crate::lifecycle) fn deadline_in(millis: i64) -> Option<Deadline> {
        let now = UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
        let mut context = Context::default();
        context.deadline = (now + millis) as u64;
        Deadline::of(&context)
    }

    #[test]
    fn the_flush_ends_before_the_deadline() {
        let left = deadline_in(3_000).unwrap().flush_until().duration_since(Instant::now());
        assert!((Duration::from_millis(2_500)..=Duration::from_millis(2_900)).contains(&left), "{left:?}");
        assert!(deadline_in(-3_000).unwrap().flush_until() <= Instant::now());
    }

    #[test]
    fn a_deadline_of_long_ago_is_none() {
        for (millis, is_one, why) in [
            (0, false, "nothing was given"),
            (600_000, false, "a length of time, as cargo-lambda gives it"),
            (1_000_000_000_000, false, "a time in 2001"),
            (u64::MAX, true, "a time far ahead"),
        ] {
            let mut context = Context::default();
            context.deadline = millis;
            assert_eq!(Deadline::of(&context).is_some(), is_one, "{why}");
        }
        assert!(deadline_in(-60_000).is_some(), "a deadline that has just passed");
    }

    #[test]
    fn the_root_span_tells_how_much_of_the_time_was_used() {
        for (total_ms, left_ms, ratio, why) in [
            (1_000, 250, 0.75, "three quarters"),
            (1_000, -500, 1.5, "after the deadline"),
            (1_000, 1_500, 0.0, "the clock was set back"),
        ] {
            let deadline = Deadline { total: Duration::from_millis(total_ms), ..deadline_in(left_ms).unwrap() };
            let [(_, remaining), (_, used)] = deadline.attributes().unwrap();
            let (Value::I64(remaining), Value::F64(used)) = (remaining, used) else { panic!("{why}") };
            assert!((left_ms - 200..=left_ms).contains(&remaining), "{why}: {remaining}");
            assert!((used - ratio).abs() < 0.2, "{why}: {used}");
        }
        assert!(deadline_in(-1).unwrap().attributes().is_none());
        let mut context = Context::default();
        context.deadline = u64::MAX;
        let far = Deadline::of(&context);
        assert!(far.is_none_or(|far| far.attributes().is_some() && far.flush_until() > Instant::now()));
    }
}
