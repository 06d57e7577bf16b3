//! The cost of thundra and of other stacks, on the same work.
//!
//! ```text
//! cargo bench --manifest-path examples/bench/Cargo.toml                       # everything
//! cargo bench --manifest-path examples/bench/Cargo.toml -- --quick            # fewer rounds, shorter ones
//! cargo bench --manifest-path examples/bench/Cargo.toml -- --only record,encode
//! ```
//!
//! A [`Section`](section::Section) is a table with variants as rows and figures as columns. Each variant runs in a
//! separate process, because `tracing` has one global subscriber, and scoped subscribers switch off the callsite cache
//! of `tracing`. Variants run in turn, over several rounds. The tables go to standard output and to `BENCHMARKS.md`.
//!
//! The suite has two programs. The bench `suite` runs everything, and starts `with_fastrace` for fastrace alone.
//! fastrace calibrates the clock for 20 ms before `main`, in every program with fastrace linked in, and the number of
//! instructions varies. The calibration would spoil the counts of the other stacks.

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

/// The result of a bench.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Runs the bench: everything, or the part for which the suite has started itself. The argument is the path of the
/// program `with_fastrace`.
pub fn run(with_fastrace: &'static str) -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let sections = sections::all();
    match process::Role::of(&arguments) {
        Some(role) => role.play(&sections),
        None => suite::run(&sections, &options::Options::parse(&arguments, &sections)?, Path::new(with_fastrace)),
    }
}

/// Runs the program `with_fastrace`, which sets up fastrace.
pub fn run_with_fastrace(fastrace: SetUp) -> Result<()> {
    stacks::provide_fastrace(fastrace);
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let role = process::Role::of(&arguments).ok_or("this program is a part of the bench `suite`")?;
    role.play(&sections::of_stacks())
}
