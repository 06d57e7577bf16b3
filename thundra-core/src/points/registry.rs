//! The points of the process since a time: the last collection, or the start.

use std::collections::BTreeMap;

use super::encode;
use super::instrument::InstrumentKind;
use super::set::{MAX_INSTRUMENTS, Points};
use super::switch::Wanted;
use crate::config::TemporalityPreference;
use crate::{Records, Signal, diagnostics};

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
    /// The names exported so far, in lower case: OpenTelemetry's names have no case.
    names: BTreeMap<String, (String, InstrumentKind)>,
}

impl Registry {
    pub(crate) const NEW: Self = Registry {
        temporality: TemporalityPreference::Cumulative,
        cumulative: Points::of(Wanted::NOTHING),
        started: 0,
        collected: 0,
        names: BTreeMap::new(),
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
        self.report_conflicts(&delta);
        let mut encoded = Vec::new();
        encode::metrics(&delta, encode::Window { is_delta: true, start: self.collected, end: now }, &mut encoded);
        let since_start = encode::Window { is_delta: false, start: self.started, end: now };
        encode::metrics(&self.cumulative, since_start, &mut encoded);
        self.collected = now;
        Records::from_encoded(Signal::Metrics, encoded)
    }

    /// Reports names of two instruments. Both are exported, as the [specification] says.
    ///
    /// [specification]: https://opentelemetry.io/docs/specs/otel/metrics/sdk/#duplicate-instrument-registration
    fn report_conflicts(&mut self, delta: &Points) {
        for kept in delta.instruments().iter().chain(self.cumulative.instruments()) {
            match self.names.get(&kept.name.to_ascii_lowercase()) {
                Some((name, kind)) if *name != kept.name || *kind != kept.kind => diagnostics::once(
                    &format!("metric conflict {name}"),
                    format_args!(
                        "two metrics have the name {name:?}, a {kind:?} and a {:?} named {:?}: both are exported, and \
                         most destinations take one of them",
                        kept.kind, kept.name
                    ),
                ),
                Some(_) => {}
                None if self.names.len() < MAX_INSTRUMENTS => {
                    self.names.insert(kept.name.to_ascii_lowercase(), (kept.name.to_string(), kept.kind));
                }
                None => {}
            }
        }
    }
}
