//! The points of the process since a time: the last collection, or the start.

use std::collections::BTreeMap;

use super::encode;
use super::instrument::InstrumentKind;
use super::set::{MAX_INSTRUMENTS, Points};
use super::switch::Wanted;
use crate::config::TemporalityPreference;
use crate::{Records, Signal, diagnostics};

/// The state between collections.
#[derive(Debug)]
pub(crate) struct Registry {
    temporality: TemporalityPreference,
    /// The points accumulated since `started`.
    cumulative: Points,
    /// The start of the cumulative points, in nanoseconds since 1970.
    started: u64,
    /// The time of the last collection.
    collected: u64,
    /// The names exported so far.
    names: BTreeMap<String, InstrumentKind>,
}

impl Registry {
    pub(crate) const NEW: Self = Registry {
        temporality: TemporalityPreference::Cumulative,
        cumulative: Points::of(Wanted::NOTHING),
        started: 0,
        collected: 0,
        names: BTreeMap::new(),
    };

    /// Starts the registry at the installation.
    pub(crate) fn start(&mut self, temporality: TemporalityPreference, wanted: Wanted, now: u64) {
        self.temporality = temporality;
        self.cumulative = Points::of(wanted);
        self.restart(now);
    }

    /// Restarts the registry in each process restored from a snapshot.
    pub(crate) fn restart(&mut self, now: u64) {
        self.cumulative.clear();
        (self.started, self.collected) = (now, now);
    }

    /// Returns new points, and all cumulative points, as records.
    pub(crate) fn collect(&mut self, mut new: Points, now: u64) -> Records {
        // The clock may have been set back, and an empty window is invalid.
        let now = now.max(self.collected + 1);
        let all = self.temporality == TemporalityPreference::Cumulative;
        // The other preferences leave up-down counters cumulative, as the specification says.
        let is_cumulative = |kind| all || kind == InstrumentKind::UpDownCounter;
        self.report_conflicts(&new);
        let mut encoded = Vec::new();
        let since_last = encode::Window { is_delta: true, start: self.collected, end: now };
        encode::metrics(&new, |kind| !is_cumulative(kind), since_last, &mut encoded);
        self.cumulative.merge_kinds(&mut new, is_cumulative);
        let since_start = encode::Window { is_delta: false, start: self.started, end: now };
        encode::metrics(&self.cumulative, |_| true, since_start, &mut encoded);
        self.collected = now;
        Records::from_encoded(Signal::Metrics, encoded)
    }

    /// Reports names shared by two instruments. Both instruments are exported, as the [specification] says.
    ///
    /// [specification]: https://opentelemetry.io/docs/specs/otel/metrics/sdk/#duplicate-instrument-registration
    fn report_conflicts(&mut self, new: &Points) {
        for kept in new.instruments() {
            if self.names.get(&*kept.name).is_some_and(|kind| *kind == kept.kind) {
                continue;
            }
            // OpenTelemetry's names have no case.
            let other = self.names.iter().find(|(name, _)| name.eq_ignore_ascii_case(&kept.name));
            if let Some((name, kind)) = other {
                diagnostics::once(
                    &format!("metric conflict {name}"),
                    format_args!(
                        "two metrics have one name: {name:?} is a {kind:?}, and {:?} is a {:?}; both are exported, and \
                         most destinations take one of them",
                        kept.name, kept.kind
                    ),
                );
            } else if self.names.len() < MAX_INSTRUMENTS {
                self.names.insert(kept.name.to_string(), kept.kind);
            }
        }
    }
}
