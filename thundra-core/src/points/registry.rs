//! The points of the process since a time: the last collection, or the start.

use super::encode;
use super::instrument::InstrumentKind;
use super::set::Points;
use super::switch::Wanted;
use crate::config::TemporalityPreference;
use crate::{Records, Signal};

/// What was collected so far.
#[derive(Debug)]
pub(crate) struct Registry {
    temporality: TemporalityPreference,
    /// The points that add up since `started`.
    cumulative: Points,
    /// The start of the cumulative points, in nanoseconds since 1970.
    started: u64,
    /// The time of the last collection.
    collected: u64,
}

impl Registry {
    pub(crate) const NEW: Self = Registry {
        temporality: TemporalityPreference::Cumulative,
        cumulative: Points::of(Wanted::NOTHING),
        started: 0,
        collected: 0,
    };

    /// Begins, at the installation.
    pub(crate) fn start(&mut self, temporality: TemporalityPreference, wanted: Wanted, now: u64) {
        self.temporality = temporality;
        self.cumulative = Points::of(wanted);
        self.restart(now);
    }

    /// Begins anew: in each process restored from a snapshot.
    pub(crate) fn restart(&mut self, now: u64) {
        self.cumulative.clear();
        (self.started, self.collected) = (now, now);
    }

    /// Returns new points, and all cumulative ones, as records.
    pub(crate) fn collect(&mut self, mut new: Points, now: u64) -> Records {
        // The system's clock may have been set back.
        let now = now.max(self.collected);
        let all = self.temporality == TemporalityPreference::Cumulative;
        // The other preferences leave up-down counters cumulative, as the specification says.
        let delta = new.split(|kind| all || kind == InstrumentKind::UpDownCounter);
        self.cumulative.merge(&mut new);
        let mut encoded = Vec::new();
        encode::metrics(&delta, encode::Window { is_delta: true, start: self.collected, end: now }, &mut encoded);
        let since_start = encode::Window { is_delta: false, start: self.started, end: now };
        encode::metrics(&self.cumulative, since_start, &mut encoded);
        self.collected = now;
        Records::from_encoded(Signal::Metrics, encoded)
    }
}
