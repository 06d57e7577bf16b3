//! The scenarios of failure, in their short form: each is a test in each mode.
//!
//! The scenarios mostly wait, so more of them run at a time than there are processors. The binary `reliability` runs
//! their long form.
#![allow(clippy::unwrap_used, reason = "a test may stop")]

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use thundra_examples::reliability::scenario::{Mode, Scenario};
use thundra_examples::reliability::table::SCENARIOS;

const AT_A_TIME: usize = 6;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let trials = SCENARIOS.iter().flat_map(|scenario| Mode::ALL.map(|mode| (scenario, mode)));
    let trials = trials
        .map(|(scenario, mode)| {
            Trial::test(format!("{} ({})", scenario.name, mode.name()), move || run(scenario, mode))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn run(scenario: &Scenario, mode: Mode) -> Result<(), Failed> {
    let program = Path::new(env!("CARGO_BIN_EXE_reliability"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let run =
        runtime.block_on(scenario.run(program, mode, scenario.invocations.0)).map_err(|error| error.to_string())?;
    let problems = run.problems(scenario, mode);
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}
