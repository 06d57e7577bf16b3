//! The cost of work.

use std::io;

use thundra_bench_work::callgrind::{self, Counts};
use thundra_bench_work::dhat::{self, Heap};
use thundra_bench_work::valgrind::Variables;

/// The bounded figures, in the order of the columns.
pub(crate) const FIGURES: [&str; 4] = ["instructions", "locked", "allocations", "bytes"];

/// The cost of a unit, or the bound. An unknown figure has no bound.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cost {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) figures: [Option<f64>; FIGURES.len()],
}

/// Counts a run of this program with `work`, and with `variables` in the environment.
pub(crate) fn count(work: &str, size: u64, turns: u64, variables: Variables<'_>) -> io::Result<Counts> {
    let (size, turns) = (size.to_string(), turns.to_string());
    callgrind::count(&std::env::current_exe()?, &["work", work, &size, &turns], variables)
}

/// Measures the heap of a run of this program with `work`.
pub(crate) fn heap(work: &str, size: u64, turns: u64) -> io::Result<Heap> {
    let (size, turns) = (size.to_string(), turns.to_string());
    dhat::heap(&std::env::current_exe()?, &["work", work, &size, &turns])
}
