//! The guard of speed: counts the cost of hot paths, without a clock, and compares the counts with `bounds.md`.
//!
//! ```text
//! cargo run --release --manifest-path examples/bench/Cargo.toml -p thundra-bench-guard -- recorded
//! ```
//!
//! checks the paths whose names contain `recorded`; without a word, all paths. `--write` rewrites the bounds.
//! `--features otel-spans` checks the cost of the feature instead. The exit code is 1 if a bound is exceeded, and 2 if
//! nothing can be counted.
//!
//! Each figure is the difference of two runs of this program under valgrind, `work {name} {size} {turns}`, with
//! different numbers of turns. The shorter run is start-up and warm-up.

mod bounds;
mod calls;
mod cost;
mod function;
mod growth;
mod hot;
mod memory;
mod parallel;
mod service;
mod setup;
mod table;
mod tools;
mod verdict;
mod work;

use std::io;
use std::process::ExitCode;

use bounds::Bounds;
use cost::Cost;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let checked = match args.as_slice() {
        ["work", name, size, turns] => return work::run(name, size, turns),
        _ if cfg!(debug_assertions) => {
            eprintln!("what is not built with --release costs many times as much");
            return ExitCode::from(2);
        }
        _ if !tools::there() => return ExitCode::from(2),
        ["--write"] => write(),
        [] => check(""),
        [part] if !part.starts_with('-') => check(part),
        _ => {
            eprintln!("usage: thundra-bench-guard [--write | part of a name]");
            return ExitCode::from(2);
        }
    };
    match checked {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

/// Returns `true` if all paths whose names contain `part` are within bounds.
fn check(part: &str) -> io::Result<bool> {
    let bounds = Bounds::read()?;
    bounds.say_compiler();
    compare(&costs(part)?, &bounds, part)
}

/// Rewrites the bounds. Growth has no written bounds.
fn write() -> io::Result<bool> {
    let costs = costs("")?;
    let mut bounds = Bounds::of(costs.clone());
    if let Ok(earlier) = Bounds::read() {
        bounds.keep(earlier);
    }
    bounds.write()?;
    compare(&costs, &bounds, "")
}

fn costs(part: &str) -> io::Result<Vec<Cost>> {
    Ok([hot::costs(part)?, memory::costs(part)?].concat())
}

/// Returns `true` for the paths of the current build. A feature that adds to every path has a separate build, which
/// counts nothing else.
fn is_counted(name: &str) -> bool {
    name.contains("otel-spans") == cfg!(feature = "otel-spans")
}

/// Returns `true` for the paths of the current build whose names contain `part`.
fn is_asked_for(name: &str, part: &str) -> bool {
    is_counted(name) && name.contains(part)
}

fn compare(costs: &[Cost], bounds: &Bounds, part: &str) -> io::Result<bool> {
    let within = verdict::check(costs, bounds);
    Ok(growth::check(part)? && within)
}
