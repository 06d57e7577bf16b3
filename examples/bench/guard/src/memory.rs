//! The memory of spans during an invocation, and after the invocation.

use std::io;

use thundra_bench_work::dhat::Heap;

use crate::cost::{self, Cost};
use crate::{is_asked_for, parallel};

/// The memory of a turn of work, beyond the memory of the idle program.
struct Held {
    name: &'static str,
    work: &'static str,
    size: u64,
    unit: &'static str,
    /// The units of a turn.
    units: u64,
    what: fn(Heap) -> u64,
}

#[rustfmt::skip]
const HELD: &[Held] = &[
    Held::new("memory: finished, 10,000",    ("recorded", 10_000),      ("span", 10_000),  peak),
    Held::new("memory: finished, 100,000",   ("recorded", 100_000),     ("span", 100_000), peak),
    Held::new("memory: open",                ("open", 10_000),          ("span", 10_000),  peak),
    Held::new("memory: open, on a registry", ("open_on_registry", 10_000), ("span", 10_000), peak),
    Held::new("memory: open, bare registry", ("registry_open", 10_000), ("span", 10_000),  peak),
    Held::new("memory: kept after 100,000",  ("recorded", 100_000),     ("process", 1),    end),
];

impl Held {
    const fn new(
        name: &'static str,
        (work, size): (&'static str, u64),
        (unit, units): (&'static str, u64),
        what: fn(Heap) -> u64,
    ) -> Self {
        Held { name, work, size, unit, units, what }
    }

    fn cost(&self) -> io::Result<Cost> {
        let bytes = |turns| Ok::<_, io::Error>((self.what)(cost::heap(self.work, self.size, turns)?));
        let held = bytes(1)?.saturating_sub(bytes(0)?);
        let figures = [None, None, None, Some(held as f64 / self.units as f64)];
        Ok(Cost { name: self.name.to_owned(), unit: self.unit.to_owned(), figures })
    }
}

fn peak(heap: Heap) -> u64 {
    heap.peak_bytes
}

fn end(heap: Heap) -> u64 {
    heap.end_bytes
}

/// Returns the memory of the work whose name contains `part`.
pub(crate) fn costs(part: &str) -> io::Result<Vec<Cost>> {
    let held: Vec<_> = HELD.iter().filter(|held| is_asked_for(held.name, part)).collect();
    parallel::each(&held, Held::cost)
}
