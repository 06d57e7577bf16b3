//! The sections, in the order of the report. Each file gives one or more tables.
//!
//! A section defines the work of its rows, and the figures of its columns:
//!
//! ```ignore
//! Section::new("call", "One AWS call", "Microseconds a call, against a loopback server.")
//!     .variants([
//!         Variant::within("ours", "interceptor", |bench| {
//!             let client = client()?; // once, in the variant's own process
//!             bench.repeat(|laps| laps.wall("call", 1000, || call(&client))); // nanoseconds per unit
//!             Ok(())
//!         }),
//!         Variant::outside("cargo", "another program", |quick| {
//!             let mut samples = Samples::default();
//!             samples.add("start", start(process::clean("/bin/true"))?); // any number, any unit
//!             Ok(samples)
//!         }),
//!     ])
//!     .columns([Column::spread("call", "µs"), Column::ratio("call", "to ours", "ours")])
//! ```

use crate::section::Section;

mod calls;
mod compile;
mod console;
mod encode;
mod invocation;
mod lambda;
mod log;
mod metric;
mod record;
mod service;
mod sources;
mod tasks;
mod threads;
mod trigger;
mod wire;

type Sections = fn() -> Vec<Section>;

/// The functions that return the sections with all stacks.
const OF_STACKS: [Sections; 5] =
    [record::sections, encode::sections, tasks::sections, threads::sections, invocation::sections];
const OTHERS: [Sections; 10] = [
    wire::sections,
    trigger::sections,
    calls::sections,
    service::sections,
    console::sections,
    log::sections,
    metric::sections,
    lambda::sections,
    sources::sections,
    compile::sections,
];

pub(crate) fn all() -> Vec<Section> {
    OF_STACKS.into_iter().chain(OTHERS).flat_map(|sections| sections()).collect()
}

/// Returns the sections with all stacks. The program with fastrace needs no others, so the AWS SDK is not linked twice.
pub(crate) fn of_stacks() -> Vec<Section> {
    OF_STACKS.into_iter().flat_map(|sections| sections()).collect()
}
