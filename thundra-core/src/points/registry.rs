//! The points of the process since a time: the last collection, or the start.

use super::encode;
use super::instrument::InstrumentKind;
use super::set::Points;
use crate::{Records, Signal};

/// The time since which exported points add up, the [aggregation temporality] of OpenTelemetry.
///
/// [aggregation temporality]: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#temporality
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Temporality {
    /// Points add up since the start of the process.
    #[default]
    Cumulative,
    /// Points add up since the last export. Up-down counters stay cumulative, as the specification says.
    Delta,
    /// The preference `lowmemory`: as `Delta` for all that these crates measure.
    LowMemory,
}

impl Temporality {
    fn is_cumulative(self, kind: InstrumentKind) -> bool {
        self == Temporality::Cumulative || kind == InstrumentKind::UpDownCounter
    }
}

/// What was collected so far.
#[derive(Debug)]
pub(crate) struct Registry {
    temporality: Temporality,
    /// The points that add up since `started`.
    cumulative: Points,
    /// The start of the cumulative points, in nanoseconds since 1970.
    started: u64,
    /// The time of the last collection.
    collected: u64,
}

impl Registry {
    pub(crate) const EMPTY: Self =
        Registry { temporality: Temporality::Cumulative, cumulative: Points::EMPTY, started: 0, collected: 0 };

    /// Begins anew: at the installation, and in each process restored from a snapshot.
    pub(crate) fn start(&mut self, now: u64) {
        self.cumulative = Points::default();
        (self.started, self.collected) = (now, now);
    }

    pub(crate) fn set_temporality(&mut self, temporality: Temporality) {
        self.temporality = temporality;
    }

    /// Returns new points, and all cumulative ones, as records.
    pub(crate) fn collect(&mut self, mut new: Points, now: u64) -> Records {
        // The system's clock may have been set back.
        let now = now.max(self.collected);
        let temporality = self.temporality;
        let delta = new.split(|kind| temporality.is_cumulative(kind));
        self.cumulative.merge(&mut new);
        let mut encoded = Vec::new();
        encode::metrics(&delta, encode::Window { is_delta: true, start: self.collected, end: now }, &mut encoded);
        let since_start = encode::Window { is_delta: false, start: self.started, end: now };
        encode::metrics(&self.cumulative, since_start, &mut encoded);
        self.collected = now;
        Records::from_encoded(Signal::Metrics, encoded)
    }
}
