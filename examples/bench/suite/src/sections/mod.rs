//! The sections, in the order of the report: a small file each, which gives one table or more.
//!
//! A section says what its rows do, and which figures of theirs make its columns:
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
mod encode;
mod invocation;
mod lambda;
mod log;
mod record;
mod tasks;
mod threads;
mod trigger;
mod wire;

type Sections = fn() -> Vec<Section>;

/// Those that all stacks are in.
const OF_STACKS: [Sections; 5] =
    [record::sections, encode::sections, tasks::sections, threads::sections, invocation::sections];
const OTHERS: [Sections; 6] =
    [wire::sections, trigger::sections, calls::sections, log::sections, lambda::sections, compile::sections];

/// All sections.
pub(crate) fn all() -> Vec<Section> {
    OF_STACKS.into_iter().chain(OTHERS).flat_map(|sections| sections()).collect()
}

/// Those that all stacks are in: what the other program needs, and the AWS SDK is not linked a second time.
pub(crate) fn of_stacks() -> Vec<Section> {
    OF_STACKS.into_iter().flat_map(|sections| sections()).collect()
}
