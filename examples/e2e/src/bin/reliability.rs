//! The scenarios of failure and the long runs at full size, with figures.
//!
//! ```text
//! cargo run --release -p thundra-examples --bin reliability
//! ```
//!
//! The executable is also the function of the scenarios.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use thundra_examples::harness::Error;
use thundra_examples::reliability::function::{self, RUNS};
use thundra_examples::reliability::report::Report;
use thundra_examples::reliability::scenario::Mode;
use thundra_examples::reliability::soak::SOAKS;
use thundra_examples::reliability::table::SCENARIOS;

const USAGE: &str = "\
Runs a Lambda function under faults beside the same function on the bare runtime, and reports figures.

Usage: reliability [--write] [--short] [NAME]

  NAME      only scenarios and long runs whose name contains it
  --write   write the report to examples/bench/RELIABILITY.md instead of standard output
  --short   as many invocations as the test has

Exits with 1 if a scenario fails.";

/// The file of the report.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/RELIABILITY.md");

#[tokio::main]
async fn main() -> Result<ExitCode, Error> {
    if let Ok(runs) = env::var(RUNS) {
        function::serve(&runs).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut options = Options::default();
    for argument in env::args().skip(1) {
        match argument.as_str() {
            "--write" => options.write = true,
            "--short" => options.short = true,
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(ExitCode::SUCCESS);
            }
            name if !name.starts_with('-') => options.name = argument,
            _ => {
                eprintln!("error: unknown argument {argument:?}\n\n{USAGE}");
                return Ok(ExitCode::from(2));
            }
        }
    }
    run(&options).await
}

#[derive(Default)]
struct Options {
    write: bool,
    short: bool,
    name: String,
}

impl Options {
    fn invocations(&self, (short, long): (usize, usize)) -> usize {
        if self.short { short } else { long }
    }
}

/// Runs all scenarios and long runs one after the other, and measures each.
async fn run(options: &Options) -> Result<ExitCode, Error> {
    let program = env::current_exe()?;
    let (mut report, mut failed) = (Report::default(), 0);
    let mut told = |name: &str, mode: Mode, problems: Vec<String>| {
        eprintln!("{name} ({}): {}", mode.name(), if problems.is_empty() { "ok" } else { "FAILED" });
        problems.iter().for_each(|problem| eprintln!("  {problem}"));
        failed += usize::from(!problems.is_empty());
    };
    for scenario in SCENARIOS.iter().filter(|scenario| scenario.name.contains(&options.name)) {
        for mode in Mode::ALL {
            let run = scenario.run(&program, mode, options.invocations(scenario.invocations)).await?;
            told(scenario.name, mode, run.problems(scenario, mode));
            report.add(scenario, mode, &run);
        }
    }
    for soak in SOAKS.iter().filter(|soak| soak.name.contains(&options.name)) {
        for mode in Mode::LONG {
            let soaked = soak.run(&program, mode, options.invocations(soak.invocations)).await?;
            told(soak.name, mode, soaked.problems(soak));
            report.add_soak(soak, mode, &soaked);
        }
    }
    if options.write && failed == 0 {
        std::fs::write(Path::new(FILE), report.to_markdown())
            .map_err(|error| format!("cannot write {FILE}: {error}"))?;
    } else {
        println!("{}", report.to_markdown());
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
