//! Faults of collectors and pipes, and the account after each: spans made = arrived + spilled + counted as lost.
//!
//! The exporters belong to a process. Each scenario therefore starts a [program](program) in a separate process and
//! scripts the responses of the collector, or the readers of the output. Filters and `--list` work as with any test;
//! `THUNDRA_FAULTS=long` runs the scenarios at full size, which takes minutes.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod account;
mod background;
mod collector;
mod hanging;
mod keeping;
mod pipes;
mod process;
mod program;
mod reply;
mod responses;
mod runner;
mod spilling;

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::var(program::CONTROL) {
        Ok(address) => program::run(&address),
        Err(_) => runner::run(&[
            hanging::SCENARIOS,
            background::SCENARIOS,
            keeping::SCENARIOS,
            pipes::SCENARIOS,
            responses::SCENARIOS,
            spilling::SCENARIOS,
        ]),
    }
}

/// Returns `true` if the scenarios run at full size.
fn long() -> bool {
    std::env::var("THUNDRA_FAULTS").is_ok_and(|size| size == "long")
}
