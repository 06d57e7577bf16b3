//! The scenarios of failure and the long runs, in the short form: each is a test in each mode.
//!
//! The tests mostly wait, so more tests run at a time than the machine has processors. The binary `reliability` runs
//! the long form.

mod lambda;

use std::path::Path;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use thundra_examples::harness::Error;
use thundra_examples::reliability::scenario::{Mode, Scenario};
use thundra_examples::reliability::soak::{SOAKS, Soak};
use thundra_examples::reliability::table::SCENARIOS;
use tokio::runtime;

/// The function of all scenarios.
const PROGRAM: &str = env!("CARGO_BIN_EXE_reliability");

const AT_A_TIME: usize = 6;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_A_TIME);
    let scenarios = SCENARIOS.iter().flat_map(|scenario| Mode::ALL.map(|mode| (scenario, mode)));
    let scenarios =
        scenarios.map(|(scenario, mode)| trial(scenario.name, mode, move |program| run(scenario, mode, program)));
    let soaks = SOAKS.iter().flat_map(|soak| Mode::LONG.map(|mode| (soak, mode)));
    let soaks = soaks.map(|(soak, mode)| trial(soak.name, mode, move |program| soaked(soak, mode, program)));
    let rules = lambda::TESTS.iter().map(|(name, test)| {
        Trial::test(*name, move || test(Path::new(PROGRAM)).map_err(|error| Failed::from(error.to_string())))
    });
    // Long runs first.
    libtest_mimic::run(&arguments, soaks.chain(rules).chain(scenarios).collect()).exit_code()
}

fn trial(name: &str, mode: Mode, problems: impl FnOnce(&Path) -> Result<Vec<String>, Error> + Send + 'static) -> Trial {
    Trial::test(format!("{name} ({})", mode.name()), move || {
        let problems = problems(Path::new(PROGRAM)).map_err(|error| error.to_string())?;
        if problems.is_empty() { Ok(()) } else { Err(Failed::from(problems.join("\n"))) }
    })
}

fn run(scenario: &Scenario, mode: Mode, program: &Path) -> Result<Vec<String>, Error> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let run = runtime.block_on(scenario.run(program, mode, scenario.invocations.0))?;
    Ok(run.problems(scenario, mode))
}

fn soaked(soak: &Soak, mode: Mode, program: &Path) -> Result<Vec<String>, Error> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let soaked = runtime.block_on(soak.run(program, mode, soak.invocations.0))?;
    Ok(soaked.problems(soak))
}
