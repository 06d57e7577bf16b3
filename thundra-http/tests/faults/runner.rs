//! A small test harness: more scenarios run at a time than the machine has processors, because scenarios mostly wait.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// A name and a function. A panic of the function fails the scenario.
pub(crate) type Scenario = (&'static str, fn());

const AT_A_TIME: usize = 10;

/// Lists functions as scenarios of the same names.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        pub(crate) const SCENARIOS: &[$crate::runner::Scenario] =
            &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*];
    };
}
pub(crate) use scenarios;

/// Runs the scenarios chosen by the arguments of `cargo test`.
pub(crate) fn run(groups: &[&[Scenario]]) -> ExitCode {
    let arguments = Arguments::read();
    let chosen: Vec<_> = groups.iter().copied().flatten().filter(|(name, _)| arguments.choose(name)).collect();
    if arguments.list {
        chosen.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let started = Instant::now();
    println!("\nrunning {} tests", chosen.len());
    std::panic::set_hook(Box::new(report));
    std::thread::scope(|threads| {
        for _ in 0..AT_A_TIME {
            threads.spawn(|| {
                while let Some((name, run)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = Instant::now();
                    let passed = named(name, *run);
                    let result = if passed { "ok" } else { "FAILED" };
                    println!("test {name} ... {result} ({:.1} s)", began.elapsed().as_secs_f32());
                    if !passed {
                        failed.lock().unwrap_or_else(PoisonError::into_inner).push(*name);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.iter().for_each(|name| println!("failed: {name}"));
    let passed = chosen.len() - failed.len();
    println!("\n{passed} passed; {} failed; finished in {:.1} s\n", failed.len(), started.elapsed().as_secs_f32());
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a scenario on a thread with the scenario's name, because the message of a panic has the name of the thread.
fn named(name: &str, run: fn()) -> bool {
    let thread = std::thread::Builder::new().name(name.to_owned());
    let thread = thread.spawn(move || catch_unwind(AssertUnwindSafe(run)).is_ok());
    thread.is_ok_and(|thread| thread.join().unwrap_or(false))
}

/// Prints a failure in one piece, since other scenarios run concurrently.
fn report(failure: &std::panic::PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let place = failure.location().map(ToString::to_string).unwrap_or_default();
    let message = failure.payload_as_str().unwrap_or_default();
    println!("---- {} at {place}\n{message}\n----", thread.name().unwrap_or_default());
}

/// The supported arguments of the standard harness.
#[derive(Default)]
struct Arguments {
    list: bool,
    exact: bool,
    ignored: bool,
    filters: Vec<String>,
    skipped: Vec<String>,
}

impl Arguments {
    fn read() -> Self {
        let (mut arguments, mut words) = (Arguments::default(), std::env::args().skip(1));
        while let Some(word) = words.next() {
            match word.as_str() {
                "--list" => arguments.list = true,
                "--exact" => arguments.exact = true,
                "--ignored" => arguments.ignored = true,
                "--skip" => arguments.skipped.extend(words.next()),
                "--test-threads" | "--format" | "--color" | "--logfile" | "-Z" => drop(words.next()),
                flag if flag.starts_with('-') => {}
                filter => arguments.filters.push(filter.to_owned()),
            }
        }
        arguments
    }

    fn choose(&self, name: &str) -> bool {
        let name = name.strip_prefix("faults::").unwrap_or(name);
        let matches = |filter: &String| if self.exact { name == *filter } else { name.contains(filter.as_str()) };
        let wanted = self.filters.is_empty() || self.filters.iter().any(matches);
        // No scenario is ignored.
        wanted && !self.ignored && !self.skipped.iter().any(matches)
    }
}
