//! The work, done in a separate process.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, UNIX_EPOCH};

use thundra_aws::Context;
use thundra_bench_work::{chains, events, in_turn, spawned, varied, workload_a};
use thundra_core::Scope;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use tracing::level_filters::LevelFilter;
use tracing::{Span, debug, info, info_span};
use tracing_subscriber::Registry;
use tracing_subscriber::layer::SubscriberExt;

use crate::setup::{install, install_gzip, install_logs, install_metrics, install_on_registry, runtime, scope};
use crate::{calls, function, service};

/// The work of `size` units a turn, for a number of turns.
type Work = fn(size: u64, turns: u64);

const ALL: &[(&str, Work)] = &[
    ("registry", registry),
    ("registry_open", registry_open),
    ("recorded", recorded),
    ("on_registry", recorded_on_registry),
    ("open_on_registry", open_on_registry),
    ("unsampled", unsampled),
    ("undecided", undecided),
    ("outside", outside),
    ("varied", varied_spans),
    ("open", open),
    ("in_turn", futures_in_turn),
    ("spawned", tasks_spawned),
    ("event_outside", event_outside),
    ("event_off", event_off),
    ("event_off_here", event_off_here),
    ("flushed", flushed),
    ("flushed_varied", |spans, turns| flush_varied(install, spans, turns)),
    ("packed", |spans, turns| flush_varied(|_| install_gzip(), spans, turns)),
    ("watched", watched),
    ("log", log),
    ("log_kept", log_kept),
    ("log_record", log_record),
    ("counter", counter),
    ("histogram", histogram),
    ("metric_event", metric_event),
    ("metric_event_off", metric_event_off),
    ("sns", |bytes, turns| recognise(&events::sns(bytes as usize), turns)),
    ("api_gateway", |bytes, turns| recognise(&events::api_gateway(bytes as usize), turns)),
    ("sqs", |records, turns| recognise(&events::sqs(records as usize), turns)),
    ("kinesis", |records, turns| recognise(&events::kinesis(records as usize), turns)),
    ("kinesis_aggregated", |records, turns| recognise(&events::kinesis_aggregated(records as usize), turns)),
    ("activemq", |records, turns| recognise(&events::batch_of("activemq", records as usize), turns)),
    ("documentdb", |records, turns| recognise(&events::batch_of("documentdb", records as usize), turns)),
    ("dynamodb", |records, turns| recognise(&events::batch_of("dynamodb", records as usize), turns)),
    ("firehose", |records, turns| recognise(&events::batch_of("firehose", records as usize), turns)),
    ("kafka", |records, turns| recognise(&events::batch_of("kafka", records as usize), turns)),
    ("kinesis_analytics", |records, turns| recognise(&events::batch_of("kinesis_analytics", records as usize), turns)),
    ("pipe", |records, turns| recognise(&events::batch_of("pipe", records as usize), turns)),
    ("rabbitmq", |records, turns| recognise(&events::batch_of("rabbitmq", records as usize), turns)),
    ("s3", |records, turns| recognise(&events::batch_of("s3", records as usize), turns)),
    ("s3_batch", |records, turns| recognise(&events::batch_of("s3_batch", records as usize), turns)),
    ("refused", refused),
    ("queue_attribute", |scopes, turns| after_wait(scopes, turns, false)),
    ("queue_span", |scopes, turns| after_wait(scopes, turns, true)),
    ("splice", splice),
];

/// Does the work called `name`.
pub(crate) fn run(name: &str, size: &str, turns: &str) -> ExitCode {
    let work = [ALL, calls::ALL, function::ALL, service::ALL].into_iter().flatten().find(|(known, _)| *known == name);
    let (Some((_, work)), Ok(size), Ok(turns)) = (work, size.parse(), turns.parse()) else {
        eprintln!("no such work: {name} {size} {turns}");
        return ExitCode::from(2);
    };
    work(size, turns);
    ExitCode::SUCCESS
}

/// Runs `tracing` alone, the floor of every layer.
fn registry(spans: u64, turns: u64) {
    bare_registry();
    (0..turns).for_each(|_| workload_a(spans));
}

fn registry_open(spans: u64, turns: u64) {
    bare_registry();
    (0..turns).for_each(|_| open_at_once(spans));
}

/// Sets a registry with a level filter, because a registry without any layer frees no span.
fn bare_registry() {
    let subscriber = Registry::default().with(LevelFilter::INFO);
    tracing::subscriber::set_global_default(subscriber).expect("nothing else sets one");
}

/// Records and encodes; a small scope warms up for the large scopes.
fn recorded(spans: u64, turns: u64) {
    install(&[]);
    turns_of(1, || chains(10));
    turns_of(turns, || chains(spans));
}

/// Records as [`recorded`] does, with our layer on a registry of the program.
fn recorded_on_registry(spans: u64, turns: u64) {
    install_on_registry();
    turns_of(1, || chains(10));
    turns_of(turns, || chains(spans));
}

fn unsampled(spans: u64, turns: u64) {
    install(&[("OTEL_TRACES_SAMPLER", "always_off")]);
    turns_of(turns, || chains(spans));
}

/// Records in scopes that are dropped at the end.
fn undecided(spans: u64, turns: u64) {
    install(&[("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_KEEP", "errors,slow:1m,cold")]);
    turns_of(1, || chains(10));
    turns_of(turns, || chains(spans));
}

fn outside(spans: u64, turns: u64) {
    install(&[]);
    (0..turns).for_each(|_| chains(spans));
}

fn varied_spans(spans: u64, turns: u64) {
    install(&[]);
    turns_of(turns, || varied(spans));
}

/// Records spans that are all open at the same time.
fn open(spans: u64, turns: u64) {
    install(&[]);
    turns_of(turns, || open_at_once(spans));
}

fn open_on_registry(spans: u64, turns: u64) {
    install_on_registry();
    turns_of(turns, || open_at_once(spans));
}

fn open_at_once(spans: u64) {
    let spans: Vec<Span> = (0..spans).map(|i| info_span!("request", id = i, db.system = "dynamodb")).collect();
    drop(black_box(spans));
}

fn futures_in_turn(spans: u64, turns: u64) {
    install(&[]);
    let runtime = runtime();
    for _ in 0..turns {
        let scope = scope();
        runtime.block_on(scope.run(in_turn(spans)));
        black_box(scope.finish());
    }
}

fn tasks_spawned(spans: u64, turns: u64) {
    install(&[]);
    let runtime = runtime();
    for _ in 0..turns {
        let scope = scope();
        runtime.block_on(scope.run(spawned(spans)));
        black_box(scope.finish());
    }
}

fn event_outside(events: u64, turns: u64) {
    install(&[]);
    (0..turns * events).for_each(|item| info!(item, "cache miss"));
}

fn event_off(events: u64, turns: u64) {
    install(&[]);
    turns_of(turns, || (0..events).for_each(|item| debug!(item, "cache miss")));
}

/// Makes events of a disabled level in scopes without debug logs, after a scope with debug logs.
fn event_off_here(events: u64, turns: u64) {
    install(&[("RUST_LOG", "info"), ("OTEL_TRACES_SAMPLER", "always_off")]);
    let caller = Inbound::extract([("debug-log-enabled", "true")], Propagators::default(), Trust::Full);
    black_box(Scope::builder("other").parent(caller).begin().finish());
    turns_of(turns, || (0..events).for_each(|item| debug!(item, "cache miss")));
}

/// Records, encodes and flushes to an exporter that sends nothing.
fn flushed(spans: u64, turns: u64) {
    install(&[]);
    let flush = async {
        for _ in 0..turns {
            let scope = scope();
            scope.enter(|| chains(spans));
            thundra_core::flush(scope.finish(), None).await;
        }
    };
    runtime().block_on(flush);
}

/// Flushes varied spans.
fn flush_varied(install: impl FnOnce(&[(&str, &str)]), spans: u64, turns: u64) {
    install(&[]);
    let flush = async {
        for _ in 0..turns {
            let scope = scope();
            scope.enter(|| varied(spans));
            thundra_core::flush(scope.finish(), None).await;
        }
    };
    runtime().block_on(flush);
}

/// Begins and ends the watch of invocations with a distant deadline, so that the watchdog stays asleep.
fn watched(invocations: u64, turns: u64) {
    install(&[]);
    let mut context = Context::default();
    let deadline = UNIX_EPOCH.elapsed().expect("the clock is set") + Duration::from_secs(600);
    context.deadline = deadline.as_millis() as u64;
    let watched = scope();
    (0..turns * invocations).for_each(|_| thundra_aws::bench_support::watch(&watched, black_box(&context)));
    black_box(watched.finish());
}

/// Writes log lines with the ids of an unsampled scope, so that only the line is counted.
fn log(lines: u64, turns: u64) {
    install(&[("RUST_LOG", "info"), ("OTEL_TRACES_SAMPLER", "always_off")]);
    turns_of(turns, || (0..lines).for_each(|item| info!(item, order = "order-00000042", "order priced")));
}

/// Keeps log lines in the full buffer of a scope that succeeds.
fn log_kept(lines: u64, turns: u64) {
    install(&[("RUST_LOG", "info"), ("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_LOG_BUFFER", "20KiB")]);
    turns_of(turns, || (0..lines).for_each(|item| debug!(item, order = "order-00000042", "order priced")));
}

/// Encodes log records, and hands the records to an exporter after each scope. Nothing writes lines.
fn log_record(records: u64, turns: u64) {
    install_logs(&[("RUST_LOG", "info"), ("OTEL_TRACES_SAMPLER", "always_off")]);
    let runtime = runtime();
    for _ in 0..turns {
        let scope = scope();
        scope.enter(|| (0..records).for_each(|item| info!(item, order = "order-00000042", "order priced")));
        runtime.block_on(thundra_core::flush(scope.finish(), None));
    }
}

/// Increments a counter of the `metrics` crate.
fn counter(increments: u64, turns: u64) {
    install_metrics();
    turns_of(turns, || (0..increments).for_each(|_| metrics::counter!("orders", "country" => "de").increment(1)));
}

/// Records in a histogram of the `metrics` crate.
fn histogram(records: u64, turns: u64) {
    install_metrics();
    let record = |item: u64| metrics::histogram!("price", "country" => "de").record((item % 100) as f64);
    turns_of(turns, || (0..records).for_each(record));
}

/// Increments a counter by the field of an event.
fn metric_event(events: u64, turns: u64) {
    install_metrics();
    turns_of(turns, || (0..events).for_each(|_| info!(monotonic_counter.orders = 1_u64, country = "de")));
}

/// Makes an event with nothing but an unrecorded measurement.
fn metric_event_off(events: u64, turns: u64) {
    install(&[]);
    turns_of(turns, || (0..events).for_each(|_| info!(monotonic_counter.orders = 1_u64, country = "de")));
}

fn recognise(event: &str, turns: u64) {
    for _ in 0..turns {
        black_box(thundra_aws::bench_support::recognise(black_box(event.as_bytes())));
    }
}

/// Begins and ends invocations by a batch that is unreadable as the handler's type.
fn refused(records: u64, turns: u64) {
    install(&[]);
    let event = events::kinesis(records as usize).into();
    (0..turns).for_each(|_| thundra_aws::bench_support::refuse(black_box(&event)));
}

/// Runs scopes after a wait in a queue.
fn after_wait(scopes: u64, turns: u64, as_span: bool) {
    install(&[]);
    (0..turns * scopes).for_each(|_| thundra_aws::bench_support::scope_after_wait(as_span));
}

fn splice(bytes: u64, turns: u64) {
    let payload = events::payload(bytes as usize);
    let context = r#"{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#;
    for _ in 0..turns {
        black_box(thundra_aws::bench_support::splice(black_box(payload.as_bytes()), context));
    }
}

/// Runs work in one scope after the other, and finishes each scope.
fn turns_of(turns: u64, work: impl Fn()) {
    for _ in 0..turns {
        let scope = scope();
        scope.enter(&work);
        black_box(scope.finish());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_of_a_batch_is_a_message() {
        let messages = |event: String| thundra_aws::bench_support::recognise(event.as_bytes());
        for source in [
            "activemq",
            "documentdb",
            "dynamodb",
            "firehose",
            "kafka",
            "kinesis_analytics",
            "pipe",
            "rabbitmq",
            "s3",
            "s3_batch",
        ] {
            assert_eq!(messages(events::batch_of(source, 7)), 7, "{source}");
        }
        assert_eq!(messages(events::kinesis_aggregated(70)), 70);
    }
}
