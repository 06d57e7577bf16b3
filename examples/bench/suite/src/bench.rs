//! Measuring inside a variant's process: wall time, CPU time, and many repetitions.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cpu_time::ProcessTime;
use serde::{Deserialize, Serialize};

/// The values of each figure of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Samples(BTreeMap<String, Vec<f64>>);

impl Samples {
    pub(crate) fn add(&mut self, figure: impl Into<String>, value: f64) {
        self.0.entry(figure.into()).or_default().push(value);
    }

    /// Returns the median of each figure.
    pub(crate) fn medians(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().filter_map(|(figure, values)| Some((figure.as_str(), median(values)?)))
    }
}

/// Returns the middle value; `None` if there are no values.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied()
}

/// A run of a variant.
#[derive(Debug)]
pub(crate) struct Bench {
    /// `true` if the run is a quick one.
    pub(crate) quick: bool,
    /// The samples so far.
    pub(crate) samples: Samples,
}

/// The time of a figure: as many repetitions as fit, at least [`MIN_REPETITIONS`].
const FULL: Duration = Duration::from_millis(120);
const QUICK: Duration = Duration::from_millis(40);
const MIN_REPETITIONS: u32 = 11;
const MIN_WARM_UP: u32 = 3;

impl Bench {
    pub(crate) fn new(quick: bool) -> Self {
        Bench { quick, samples: Samples::default() }
    }

    /// Repeats some work, whose parts `Laps` times. A quarter of the time goes to a warm-up first.
    pub(crate) fn repeat(&mut self, mut work: impl FnMut(&mut Laps<'_>)) {
        let time = if self.quick { QUICK } else { FULL };
        run_for(time / 4, MIN_WARM_UP, &mut Laps { samples: None }, &mut work);
        run_for(time, MIN_REPETITIONS, &mut Laps { samples: Some(&mut self.samples) }, &mut work);
    }
}

fn run_for(time: Duration, at_least: u32, laps: &mut Laps<'_>, work: &mut impl FnMut(&mut Laps<'_>)) {
    let started = Instant::now();
    let mut repetitions = 0;
    while repetitions < at_least || started.elapsed() < time {
        work(laps);
        repetitions += 1;
    }
}

/// The stop watch of one repetition.
#[derive(Debug)]
pub(crate) struct Laps<'a> {
    /// `None` while warming up.
    samples: Option<&'a mut Samples>,
}

impl Laps<'_> {
    /// Times some work by the clock: nanoseconds per unit.
    pub(crate) fn wall<R>(&mut self, figure: &str, units: u64, work: impl FnOnce() -> R) -> R {
        let started = Instant::now();
        let result = work();
        let wall = started.elapsed();
        self.add(figure, wall, units);
        result
    }

    /// Times some work by the clock and by the CPU time of all threads: nanoseconds per unit.
    ///
    /// Reading the CPU time is a system call: for work that takes more than 20 µs.
    pub(crate) fn wall_and_cpu<R>(&mut self, wall: &str, cpu: &str, units: u64, work: impl FnOnce() -> R) -> R {
        let before = ProcessTime::now();
        let result = self.wall(wall, units, work);
        let spent = before.elapsed();
        self.add(cpu, spent, units);
        result
    }

    /// Adds a figure other than a time.
    pub(crate) fn number(&mut self, figure: &str, value: f64) {
        if let Some(samples) = &mut self.samples {
            samples.add(figure, value);
        }
    }

    /// Adds a duration measured elsewhere: nanoseconds per unit.
    pub(crate) fn add(&mut self, figure: &str, duration: Duration, units: u64) {
        self.number(figure, duration.as_nanos() as f64 / units as f64);
    }
}
