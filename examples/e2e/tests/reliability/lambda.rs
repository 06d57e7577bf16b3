//! The rules of Lambda in the harness, tested with a function on the bare runtime.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use thundra_examples::harness::Error;
use thundra_examples::harness::lambda::{Event, Lambda, Outcome, Platform, Settings};
use thundra_examples::reliability::function::RUNS;
use thundra_examples::reliability::work::{Handler, Work};

const PATIENCE: Duration = Duration::from_secs(20);

/// A test: name and function.
pub(crate) type Test = (&'static str, fn(&Path) -> Result<(), Error>);

pub(crate) const TESTS: &[Test] = &[
    ("harness: a process is frozen while nothing is in flight", |program| block_on(frozen_while_idle(program))),
    ("harness: a deadline ends the process, and the next event finds another", |program| block_on(deadline(program))),
    ("harness: a managed instance goes on after a deadline", |program| block_on(managed_deadline(program))),
    ("harness: a response over 6 MiB is refused", |program| block_on(too_large(program))),
    ("harness: a process that ends answers its caller", |program| block_on(ended(program))),
];

fn block_on(test: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(test)
}

async fn start(program: &Path, platform: Platform) -> Result<Lambda, Error> {
    let runs = if platform == Platform::OnDemand { "bare run" } else { "bare run_concurrent" };
    Lambda::start(Settings { platform, ..Settings::new(program) }.variable(RUNS, runs)).await
}

fn event(handler: Handler) -> Result<Event, Error> {
    Event::new(&Work::new(handler, 0))
}

fn expect(holds: bool, what: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(what.into()) }
}

async fn frozen_while_idle(program: &Path) -> Result<(), Error> {
    let lambda = start(program, Platform::OnDemand).await?;
    for _ in 0..3 {
        expect(lambda.idle(PATIENCE).await && stops(&lambda).await, "it is not frozen before an event")?;
        let working = lambda.invoke(event(Handler::Wait(1_000))?);
        let seen = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            lambda.is_frozen()
        };
        let (invocation, frozen) = tokio::join!(working, seen);
        expect(!frozen, "it is frozen with an event in flight")?;
        expect(matches!(invocation?.outcome, Outcome::Response(_)), "no response")?;
    }
    let managed = start(program, Platform::ManagedInstances(2)).await?;
    expect(managed.idle(PATIENCE).await && !managed.is_frozen(), "a managed instance is never frozen")
}

/// Waits until the kernel has stopped the process, because a signal takes a moment.
async fn stops(lambda: &Lambda) -> bool {
    let stopped = async {
        while !lambda.is_frozen() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, stopped).await.is_ok()
}

async fn deadline(program: &Path) -> Result<(), Error> {
    let lambda = start(program, Platform::OnDemand).await?;
    let late = event(Handler::Block(60_000))?.timeout(Duration::from_millis(200));
    expect(lambda.invoke(late).await?.outcome == Outcome::TimedOut, "it does not time out")?;
    expect(lambda.records().iter().all(|record| record.killed), "it is not killed")?;
    expect(lambda.idle(PATIENCE).await, "it does not end")?;
    expect(matches!(lambda.invoke(event(Handler::Ok)?).await?.outcome, Outcome::Response(_)), "no second process")?;
    expect(lambda.starts() == 2, "two processes")
}

async fn managed_deadline(program: &Path) -> Result<(), Error> {
    let lambda = start(program, Platform::ManagedInstances(1)).await?;
    let late = event(Handler::Wait(400))?.timeout(Duration::from_millis(100));
    expect(lambda.invoke(late).await?.outcome == Outcome::TimedOut, "it does not time out")?;
    expect(matches!(lambda.invoke(event(Handler::Ok)?).await?.outcome, Outcome::Response(_)), "no further event")?;
    expect(lambda.starts() == 1 && lambda.records().iter().all(|record| !record.killed), "it is killed")
}

async fn too_large(program: &Path) -> Result<(), Error> {
    let lambda = start(program, Platform::OnDemand).await?;
    let outcome = lambda.invoke(event(Handler::Large((6 << 20) + 1))?).await?.outcome;
    expect(outcome == Outcome::TooLarge, "a larger response is taken")?;
    let outcome = lambda.invoke(event(Handler::Large((6 << 20) - 2))?).await?.outcome;
    expect(matches!(outcome, Outcome::Response(_)), "the largest response is refused")
}

async fn ended(program: &Path) -> Result<(), Error> {
    let lambda = start(program, Platform::OnDemand).await?;
    let Outcome::Ended(status) = lambda.invoke(event(Handler::Exit)?).await?.outcome else {
        return Err("it goes on".into());
    };
    expect(status.code() == Some(7), "another exit status")?;
    let exit = lambda.shut_down().await;
    expect(exit.is_none(), "it ended twice")
}
