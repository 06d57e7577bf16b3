//! The resource usage of the process between the ends of two invocations.
//!
//! A reading before each handler would delay the caller. The end of an invocation is therefore read once, and serves as
//! the begin of the next invocation. The export of an invocation counts for the next invocation. Several invocations at
//! once get no figures, because the totals of a process cannot be divided among them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use thundra_core::usage::{Totals, Used};

static SHARED: Mutex<Shared> = Mutex::new(Shared { last: None, running: 0, begun: 0 });

#[derive(Debug)]
struct Shared {
    /// The totals at the end of the last invocation, or of the initialisation.
    last: Option<Totals>,
    /// The number of running invocations.
    running: u32,
    /// The number of invocations active at any time since the last reading.
    begun: u32,
}

impl Shared {
    fn begin(&mut self) {
        self.running = self.running.saturating_add(1);
        self.begun = self.begun.saturating_add(1);
    }

    /// Returns the usage of the only running invocation.
    fn used(&self, now: &Totals) -> Option<Used> {
        (self.begun == 1).then_some(self.last)?.map(|last| now.since(&last))
    }

    /// Ends an invocation.
    fn end(&mut self, now: Totals) {
        self.running = self.running.saturating_sub(1);
        self.last = Some(now);
        self.begun = match self.running {
            0 => 0,
            // An invocation still running began before the reading, so no reading matches the begin of the invocation.
            running => running.saturating_add(1),
        };
    }
}

fn shared() -> MutexGuard<'static, Shared> {
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the totals at the end of the initialisation, or of a restore.
pub(super) fn begin_environment() {
    shared().last = Some(Totals::now());
}

/// Begins an invocation.
pub(super) fn begin() {
    shared().begin();
}

/// Returns the usage of a running invocation so far. `None` if the invocation overlapped another.
pub(super) fn used() -> Option<Used> {
    let now = Totals::now();
    shared().used(&now)
}

/// Ends an invocation, and returns the usage. `None` if the invocation overlapped another.
pub(super) fn end() -> Option<Used> {
    let now = Totals::now();
    let mut shared = shared();
    let used = shared.used(&now);
    shared.end(now);
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps of invocations: `i` ends the initialisation, `(` begins an invocation, `)` ends an invocation. Returns
    /// a flag for each end: `true` for an end with figures.
    fn figures(steps: &str) -> Vec<bool> {
        let mut shared = Shared { last: None, running: 0, begun: 0 };
        let mut figures = Vec::new();
        for step in steps.chars() {
            match step {
                'i' => shared.last = Some(Totals::default()),
                '(' => shared.begin(),
                _ => {
                    figures.push(shared.used(&Totals::default()).is_some());
                    shared.end(Totals::default());
                }
            }
        }
        figures
    }

    #[test]
    fn only_an_invocation_that_was_alone_has_figures() {
        for (steps, expected, why) in [
            ("i()()", &[true, true][..], "one after the other"),
            ("i(())", &[false, false], "two at once"),
            ("i(()())", &[false, false, false], "a long one and two short ones"),
            ("i(())()", &[false, false, true], "alone again"),
            ("()()", &[false, true], "a program that requests events by itself"),
        ] {
            assert_eq!(figures(steps), expected, "{why}");
        }
    }
}
