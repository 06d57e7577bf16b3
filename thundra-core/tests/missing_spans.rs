//! Programs of which nothing is recorded say so once. Each test below runs its program in a process of its own.

#![allow(clippy::unwrap_used)]

use std::process::Command;
use std::sync::{Arc, Mutex};

use thundra_core::{Scope, report_missing_scope};
use tracing::level_filters::LevelFilter;
use tracing::{Dispatch, Subscriber, info, info_span, warn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

/// Runs a program of those below and returns the lines of ours that it wrote on standard error.
fn lines(program: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([program, "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env_remove("RUST_LOG").env_remove("THUNDRA_SPANS").envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    text.lines().filter(|line| line.starts_with("thundra: ")).map(str::to_owned).collect()
}

/// Makes spans in a scope below this subscriber.
fn work(subscriber: impl Subscriber + Send + Sync) {
    tracing::dispatcher::with_default(&Dispatch::new(subscriber), || {
        let scope = Scope::builder("root").begin();
        scope.enter(|| info_span!("span").in_scope(|| info!("event")));
        scope.finish();
    });
}

mod programs {
    use super::*;

    #[test]
    #[ignore = "a program of the tests below"]
    fn filter_first() {
        let build = || registry().with(EnvFilter::from_default_env()).with(fmt::layer()).with(thundra_core::layer());
        work(build());
        work(build());
    }

    #[test]
    #[ignore = "a program of the tests below"]
    fn level_first() {
        work(registry().with(LevelFilter::WARN).with(thundra_core::layer()));
    }

    #[test]
    #[ignore = "a program of the tests below"]
    fn filter_of_a_layer() {
        let text = fmt::layer().with_filter(EnvFilter::from_default_env());
        work(registry().with(text).with(thundra_core::layer()));
    }

    #[test]
    #[ignore = "a program of the tests below"]
    fn layer_of_a_lower_level_first() {
        work(registry().with(fmt::layer().with_filter(LevelFilter::ERROR)).with(thundra_core::layer()));
    }

    #[test]
    #[ignore = "a program of the tests below"]
    fn spans_without_a_scope() {
        work_without_scope();
        report_missing_scope();
        report_missing_scope();
    }

    #[test]
    #[ignore = "a program of the tests below"]
    fn spans_without_a_scope_and_then_in_one() {
        work_without_scope();
        work(thundra_core::subscriber(thundra_core::config()));
        report_missing_scope();
    }

    #[test]
    #[ignore = "a program of the tests below"]
    fn nothing_at_all() {
        tracing::subscriber::with_default(thundra_core::subscriber(thundra_core::config()), || {
            info!("an event");
            drop(tracing::debug_span!("that nobody asks for"));
        });
        report_missing_scope();
    }

    fn work_without_scope() {
        tracing::subscriber::with_default(thundra_core::subscriber(thundra_core::config()), || {
            drop(info_span!("span"));
        });
    }
}

#[test]
fn a_filter_that_hides_the_spans_asked_for_is_reported_once() {
    for (program, variables, level) in [
        ("filter_first", &[][..], "error"),
        ("filter_first", &[("RUST_LOG", "warn")], "warn"),
        ("filter_first", &[("RUST_LOG", "info"), ("THUNDRA_SPANS", "debug")], "info"),
        ("level_first", &[], "warn"),
    ] {
        let lines = lines(&format!("programs::{program}"), variables);
        let expected = format!("more detailed than {level}, ");
        assert!(lines.len() == 1 && lines[0].contains(&expected), "{program} {variables:?}: {lines:?}");
        assert!(lines[0].contains("with_filter(EnvFilter::from_default_env())"), "the remedy: {lines:?}");
    }
}

#[test]
fn a_filter_that_hides_no_span_asked_for_is_not_reported() {
    for (program, variables) in [
        ("filter_first", &[("RUST_LOG", "info")][..]),
        ("filter_first", &[("RUST_LOG", "app=info")]),
        ("filter_first", &[("RUST_LOG", "off,app=debug")]),
        ("filter_first", &[("THUNDRA_SPANS", "error")]),
        ("filter_of_a_layer", &[]),
        ("filter_of_a_layer", &[("RUST_LOG", "off")]),
        ("layer_of_a_lower_level_first", &[]),
    ] {
        let lines = lines(&format!("programs::{program}"), variables);
        assert_eq!(lines, [""; 0], "{program} {variables:?}");
    }
}

#[test]
fn a_program_that_opens_no_scope_is_told_when_it_ends() {
    let found = lines("programs::spans_without_a_scope", &[]);
    assert!(found.len() == 1 && found[0].contains("thundra_http::scope"), "{found:?}");
    assert_eq!(lines("programs::spans_without_a_scope_and_then_in_one", &[]), [""; 0]);
    assert_eq!(lines("programs::nothing_at_all", &[]), [""; 0]);
    assert_eq!(lines("programs::nothing_at_all", &[("RUST_LOG", "debug"), ("THUNDRA_SPANS", "info")]), [""; 0]);
}

/// What a layer's filter was asked about must not count for the next event.
#[test]
fn looking_for_filters_takes_no_event_from_other_layers() {
    #[derive(Clone, Default)]
    struct Events(Arc<Mutex<Vec<tracing::Level>>>);

    impl<S: Subscriber> Layer<S> for Events {
        fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
            self.0.lock().unwrap().push(*event.metadata().level());
        }
    }

    let (of_ours, seen) =
        ("missing_spans=warn".parse::<tracing_subscriber::filter::Targets>().unwrap(), Events::default());
    let subscriber = registry().with(seen.clone().with_filter(of_ours)).with(thundra_core::layer());
    tracing::subscriber::with_default(subscriber, || {
        warn!("first");
        warn!("second");
    });
    assert_eq!(*seen.0.lock().unwrap(), [tracing::Level::WARN; 2]);
}
