//! What something costs.

use std::io;

use thundra_bench_work::callgrind::{self, Counts};
use thundra_bench_work::dhat::{self, Heap};

/// The figures that are bound, in the order of the table's columns.
pub(crate) const FIGURES: [&str; 4] = ["instructions", "locked", "allocations", "bytes"];

/// What one unit of something costs, or may cost. What is not known is not bound.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cost {
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) figures: [Option<f64>; FIGURES.len()],
}

/// What a run of this program with so much work does.
pub(crate) fn count(work: &str, size: u64, turns: u64) -> io::Result<Counts> {
    let (size, turns) = (size.to_string(), turns.to_string());
    callgrind::count(&std::env::current_exe()?, &["work", work, &size, &turns])
}

/// What a run of this program with so much work holds.
pub(crate) fn heap(work: &str, size: u64, turns: u64) -> io::Result<Heap> {
    let (size, turns) = (size.to_string(), turns.to_string());
    dhat::heap(&std::env::current_exe()?, &["work", work, &size, &turns])
}
