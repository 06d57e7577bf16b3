//! A thread that meets a callsite during the registration by another thread does not wait. What the registration finds
//! out about the fields holds there as well. Each program runs in a process of its own, and has the first such fields.

#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use thundra_core::{Config, Env, Records, Scope};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Level, Metadata, Subscriber, info_span};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, registry};

const HELD_UP: &str = "held up";

/// A layer that holds the first registration up.
struct HoldsUp(Mutex<Option<(Sender<()>, Receiver<()>)>>);

impl<S: Subscriber> Layer<S> for HoldsUp {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let first = if metadata.target() == HELD_UP { self.0.lock().unwrap().take() } else { None };
        if let Some((begun, go_on)) = first {
            begun.send(()).unwrap();
            go_on.recv().unwrap();
        }
        Interest::always()
    }
}

/// Does the work in a scope, on one thread in the midst of the registration by another thread.
fn records<S: Subscriber + Send + Sync>(subscriber: impl FnOnce(HoldsUp) -> S, work: fn()) -> Records {
    let ((begun, is_begun), (go, go_on)) = (channel(), channel());
    let subscriber = Dispatch::new(subscriber(HoldsUp(Mutex::new(Some((begun, go_on))))));
    let records = || {
        tracing::dispatcher::with_default(&subscriber, || {
            let scope = Scope::builder("root").begin();
            scope.enter(work);
            scope.finish()
        })
    };
    thread::scope(|threads| {
        threads.spawn(records);
        is_begun.recv().unwrap();
        let records = records();
        go.send(()).unwrap();
        records
    })
}

fn on_our_own(holds_up: HoldsUp) -> impl Subscriber + Send + Sync {
    let config = Config::from_env(&Env::from_pairs([("THUNDRA_SPANS", "info")]));
    thundra_core::subscriber(&config).with(holds_up)
}

fn on_a_registry(holds_up: HoldsUp) -> impl Subscriber + Send + Sync {
    registry().with(thundra_core::layer()).with(holds_up)
}

fn a_secret_is_masked<S: Subscriber + Send + Sync>(subscriber: fn(HoldsUp) -> S) {
    let records = records(subscriber, || drop(info_span!(target: HELD_UP, "login", password = "s3cr3t")));
    let login = records.spans().find(|span| span.name == "login").unwrap();
    assert_eq!(login.attribute("password").unwrap().to_string(), "REDACTED");
}

fn a_measurement_is_no_event<S: Subscriber + Send + Sync>(subscriber: fn(HoldsUp) -> S) {
    let records =
        records(subscriber, || tracing::event!(target: HELD_UP, Level::INFO, { monotonic_counter.logins = 1_u64 }));
    let root = records.spans().find(|span| span.name == "root").unwrap();
    assert!(root.events.is_empty(), "{:?}", root.events);
}

mod programs {
    use super::*;

    #[test]
    #[ignore = "a program of the test below"]
    fn secret_on_our_own() {
        a_secret_is_masked(on_our_own);
    }

    #[test]
    #[ignore = "a program of the test below"]
    fn secret_on_a_registry() {
        a_secret_is_masked(on_a_registry);
    }

    #[test]
    #[ignore = "a program of the test below"]
    fn measurement_on_our_own() {
        a_measurement_is_no_event(on_our_own);
    }

    #[test]
    #[ignore = "a program of the test below"]
    fn measurement_on_a_registry() {
        a_measurement_is_no_event(on_a_registry);
    }
}

#[test]
fn fields_are_known_in_the_midst_of_a_registration() {
    for program in ["secret_on_our_own", "secret_on_a_registry", "measurement_on_our_own", "measurement_on_a_registry"]
    {
        let mut command = Command::new(std::env::current_exe().unwrap());
        let program = format!("programs::{program}");
        let output = command.args([&program, "--exact", "--ignored", "--test-threads=1"]).output().unwrap();
        assert!(output.status.success(), "{program}: {output:?}");
    }
}
