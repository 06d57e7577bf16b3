//! What ours costs, beside its peers, on the same work.
//!
//! ```text
//! cargo bench --manifest-path examples/bench/Cargo.toml                       # everything
//! cargo bench --manifest-path examples/bench/Cargo.toml -- --quick            # fewer rounds, shorter ones
//! cargo bench --manifest-path examples/bench/Cargo.toml -- --only record,encode
//! ```
//!
//! A [`Section`](section::Section) is a table: its variants are the rows, its figures the columns. Each
//! variant runs in a process of its own (`tracing` has one global subscriber, and scoped ones switch off its
//! callsite cache), in turn with the others, over several rounds. The tables go to standard output and to
//! `BENCHMARKS.md`.
//!
//! The suite is two programs: the bench `suite`, which runs everything, and `with_fastrace`, which it starts for
//! fastrace alone. fastrace calibrates its clock for 20 ms before the `main` of every program it is linked into,
//! and no two calibrations take equally many instructions: nobody else's counts would be worth anything.

use std::path::Path;

mod bench;
mod machine;
mod options;
mod process;
mod report;
mod results;
mod section;
mod sections;
mod stacks;
mod suite;

pub use stacks::{Export, SetUp, Sink, Stack, Work, twin};

/// What a bench says when it cannot go on.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// What the bench does: everything, or the part of it that it has started itself for. It is told where the program
/// `with_fastrace` lies.
pub fn run(with_fastrace: &'static str) -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sections = sections::all();
    match process::Role::of(&arguments) {
        Some(role) => role.play(&sections),
        None => suite::run(&sections, &options::Options::parse(&arguments, &sections)?, Path::new(with_fastrace)),
    }
}

/// What the program `with_fastrace` does: the same, for fastrace alone, which it sets up.
pub fn run_with_fastrace(fastrace: SetUp) -> Result<()> {
    stacks::provide_fastrace(fastrace);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let role = process::Role::of(&arguments).ok_or("this program is a part of the bench `suite`")?;
    role.play(&sections::of_stacks())
}
