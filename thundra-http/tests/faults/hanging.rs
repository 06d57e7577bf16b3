//! Collectors with late or missing responses, and the cost to the function.

use std::time::Duration;

use crate::collector::{Collector, Deaf, nobody};
use crate::long;
use crate::process::{Program, Report};
use crate::program::THREADS;
use crate::reply::Reply;
use crate::runner::scenarios;

scenarios![
    a_hanging_collector_costs_a_tenth_by_default,
    a_hanging_collector_costs_a_tenth,
    a_hanging_collector_balances_when_it_recovers,
    a_collector_that_never_accepts_costs_a_tenth,
    a_collector_that_cannot_be_connected_to_costs_a_tenth,
    a_handshake_that_hangs_costs_a_tenth,
    a_body_that_hangs_costs_a_tenth,
    a_slow_refusal_costs_a_tenth,
    short_deadlines_cost_a_tenth,
    packing_keeps_nobody_waiting,
    a_refused_connection_costs_next_to_nothing,
    concurrent_invocations_wait_for_one_attempt,
    concurrent_invocations_do_not_queue_where_all_is_well,
    one_of_many_workers_probes,
    a_collector_of_600_ms_gets_each_span_once,
    a_collector_of_2500_ms_gets_each_span_once,
    a_slow_collector_gets_each_span_once_after_a_freeze,
    a_collector_that_becomes_slower_gets_each_span_once,
    a_long_retry_after_costs_a_tenth,
    a_connection_lost_in_a_freeze_costs_half_a_second,
    a_connection_lost_in_a_freeze_to_a_slow_collector,
    a_connection_lost_without_a_freeze_costs_one_attempt,
];

/// 60 s at full size. A shorter run has no larger bound.
fn a_hanging_collector_costs_a_tenth_by_default() {
    let collector = Collector::start(Reply::hang());
    let mut program = Program::lambda(&collector, &[]);
    let seconds = if long() { 60 } else { 13 };
    let waited = waits(&mut program, seconds * 1000);
    let cap = if long() { 6.5 } else { 6.0 };
    assert!(waited.as_secs_f32() < cap, "{waited:?} of {seconds} s, {} attempts", collector.attempts().len());
}

/// A tenth of 10 s, and an attempt that began at the end, at a time-out of 300 ms.
fn a_hanging_collector_costs_a_tenth() {
    let collector = Collector::start(Reply::hang());
    let mut program = Program::lambda(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
    check_a_tenth(&mut program);
}

fn a_collector_that_never_accepts_costs_a_tenth() {
    let deaf = Deaf::start(false);
    let mut program = Program::exporting("lambda", &deaf.url, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
    check_a_tenth(&mut program);
}

/// The TCP handshake begins, and never ends.
fn a_handshake_that_hangs_costs_a_tenth() {
    let deaf = Deaf::start(false);
    let url = deaf.url.replace("http:", "https:");
    let mut program = Program::exporting("lambda", &url, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
    check_a_tenth(&mut program);
}

/// The collector took the request, and the rest of the response never comes.
fn a_body_that_hangs_costs_a_tenth() {
    for reply in [Reply::head_only(), Reply::dripping()] {
        let collector = Collector::start(reply);
        let mut program = Program::lambda(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
        check_a_tenth(&mut program);
        collector.always(Reply::ok());
        let account = program.settle_at(&collector);
        assert_eq!(account.lost, 0, "{account}");
    }
}

fn a_slow_refusal_costs_a_tenth() {
    for status in [500, 413] {
        let collector = Collector::start(Reply::status(status).after(Duration::from_millis(300)));
        let mut program = Program::lambda(&collector, &[]);
        check_a_tenth(&mut program);
        collector.always(Reply::ok());
        program.settle_at(&collector);
    }
}

/// The deadline of an invocation is earlier than the deadline of an attempt.
fn short_deadlines_cost_a_tenth() {
    let collector = Collector::start(Reply::hang());
    let mut program = Program::lambda(&collector, &[]);
    let report = program.order("invoke_for millis=8000 spans=3 pause=20 deadline=400");
    let waited = waited(&report);
    assert!(waited < Duration::from_millis(800 + 400 + 400), "{waited:?} of 8 s");
    program.account(collector.arrived()).check();
}

fn a_collector_that_cannot_be_connected_to_costs_a_tenth() {
    let deaf = Deaf::start(true);
    let mut program = Program::exporting("lambda", &deaf.url, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
    check_a_tenth(&mut program);
}

#[track_caller]
fn check_a_tenth(program: &mut Program) {
    let waited = waits(program, 10_000);
    assert!(waited < Duration::from_millis(1000 + 300 + 300), "{waited:?} of 10 s");
}

/// Returns the time that invocations spent in flushes during `millis` milliseconds.
fn waits(program: &mut Program, millis: u64) -> Duration {
    waited(&program.order(&format!("invoke_for millis={millis} spans=3 pause=20")))
}

/// Flushes that only add to the queue do not count as waiting, even on a busy machine.
fn waited(report: &Report) -> Duration {
    report.flushes.iter().filter(|flush| **flush > Duration::from_millis(50)).sum()
}

fn a_hanging_collector_balances_when_it_recovers() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "300")]);
    program.order("invoke spans=6");
    collector.always(Reply::hang());
    program.order("invoke_for millis=3000 spans=6 pause=20");
    collector.always(Reply::ok());
    let account = program.settle_at(&collector);
    assert_eq!(account.lost, 0, "{account}");
}

fn a_refused_connection_costs_next_to_nothing() {
    let mut program = Program::exporting("lambda", &nobody(), &[]);
    check_a_tenth(&mut program);
}

/// At default settings, where nothing is known of the collector yet.
fn concurrent_invocations_wait_for_one_attempt() {
    let collector = Collector::start(Reply::hang());
    let mut program = Program::lambda(&collector, &[]);
    let first = program.order("concurrent workers=64 spans=6");
    let second = program.order("concurrent workers=64 spans=6");
    for (report, which) in [(&first, "first"), (&second, "second")] {
        assert_eq!(report.flushes.len(), 64);
        assert!(report.longest() < Duration::from_secs(4), "{which}: {:?}", report.longest());
    }
    assert!(second.median() < Duration::from_millis(500), "second: {:?}", second.median());
    // One attempt, or two where they may be in time.
    assert!(collector.attempts().len() <= 64 + 1, "{}", collector.attempts().len());
    let account = program.account(collector.arrived());
    account.check();
}

/// The limit of one attempt at a time is for failing collectors.
fn concurrent_invocations_do_not_queue_where_all_is_well() {
    let collector = Collector::start(Reply::ok().after(Duration::from_millis(300)));
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke spans=6");
    for _ in 0..2 {
        let report = program.order("concurrent workers=32 spans=6");
        assert!(report.elapsed < Duration::from_secs(3), "{:?}", report.elapsed);
    }
    once_each(&mut program, &collector);
}

/// After the first failure, one worker at a time finds out if the collector is back.
fn one_of_many_workers_probes() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "400")]);
    program.order("invoke spans=6");
    collector.always(Reply::hang());
    program.order("invoke spans=6");
    collector.most_in_flight();
    let before = collector.attempts().len();
    let report = program.order("concurrent workers=64 spans=2 millis=9000 pause=50");
    let attempts = collector.attempts().len() - before;
    assert!(collector.most_in_flight() <= 2, "more than one probe at a time, of {attempts}");
    let waited: Duration = report.flushes.iter().filter(|flush| **flush > Duration::from_millis(200)).sum();
    // A tenth of 9 s for one of the 64 workers, with a margin.
    assert!(waited < Duration::from_millis(3000), "{waited:?} in all, {attempts} attempts");
    collector.always(Reply::ok());
    program.settle_at(&collector);
}

/// Asserts that each span arrived once and no span was lost.
fn once_each(program: &mut Program, collector: &Collector) {
    let account = program.settle_at(collector);
    assert_eq!((account.lost, account.arrived), (0, account.made), "{account}");
}

fn a_collector_of_600_ms_gets_each_span_once() {
    let collector = Collector::start(Reply::ok().after(Duration::from_millis(600)));
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke times=4 spans=6");
    program.order("concurrent workers=8 spans=6");
    once_each(&mut program, &collector);
}

fn a_collector_of_2500_ms_gets_each_span_once() {
    let collector = Collector::start(Reply::ok().after(Duration::from_millis(2500)));
    let mut program = Program::lambda(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "5000")]);
    program.order("invoke times=2 spans=6");
    let account = program.account(collector.arrived());
    account.check();
    assert_eq!((account.arrived, account.lost), (12, 0), "{account}");
}

/// The connection lies idle through a freeze, and is alive after the freeze.
fn a_slow_collector_gets_each_span_once_after_a_freeze() {
    for (millis, variables) in [(600, &[][..]), (2500, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "5000")][..])] {
        let collector = Collector::start(Reply::ok().after(Duration::from_millis(millis)));
        let mut program = Program::lambda(&collector, variables);
        program.order("invoke spans=6");
        program.freeze(Duration::from_secs(3));
        program.order("invoke spans=6");
        let account = program.account(collector.arrived());
        account.check();
        assert_eq!((account.arrived, account.lost), (12, 0), "{millis} ms: {account}");
    }
}

/// The collector took no time before the freeze, and takes less than half a second after the freeze.
fn a_collector_that_becomes_slower_gets_each_span_once() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke times=3 spans=6");
    for millis in [250, 700, 1600] {
        collector.always(Reply::ok().after(Duration::from_millis(millis)));
        program.freeze(Duration::from_secs(1));
        program.order("invoke times=2 spans=6");
    }
    once_each(&mut program, &collector);
}

/// An invocation does not wait for a long `Retry-After`.
fn a_long_retry_after_costs_a_tenth() {
    for seconds in ["2", "4"] {
        let collector = Collector::start(Reply::retry_after(503, seconds));
        let mut program = Program::lambda(&collector, &[]);
        let waited = waits(&mut program, 8_000);
        assert!(waited < Duration::from_millis(1600), "{waited:?} of 8 s, Retry-After: {seconds}");
        collector.always(Reply::ok());
        once_each(&mut program, &collector);
    }
}

fn a_connection_lost_in_a_freeze_costs_half_a_second() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke times=3 spans=6");
    for _ in 0..2 {
        collector.swallow();
        program.freeze(Duration::from_secs(3));
        let report = program.order("invoke spans=6");
        assert!(report.longest() < Duration::from_millis(1500), "{:?}", report.longest());
    }
    once_each(&mut program, &collector);
}

/// Four times 300 ms, and the response on a new connection.
fn a_connection_lost_in_a_freeze_to_a_slow_collector() {
    let collector = Collector::start(Reply::ok().after(Duration::from_millis(300)));
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke times=2 spans=6");
    collector.swallow();
    program.freeze(Duration::from_secs(3));
    let report = program.order("invoke spans=6");
    assert!(report.longest() < Duration::from_millis(3 * 1500), "{:?}", report.longest());
    collector.always(Reply::ok());
    once_each(&mut program, &collector);
}

fn a_connection_lost_without_a_freeze_costs_one_attempt() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke times=3 spans=6");
    collector.swallow();
    let report = program.order("invoke_for millis=1000 spans=6 pause=20");
    assert!(report.longest() < Duration::from_secs(3), "{:?}", report.longest());
    once_each(&mut program, &collector);
}

/// One thread serves all tasks. A ticking task beside the flush is hardly delayed.
fn packing_keeps_nobody_waiting() {
    let collector = Collector::start(Reply::ok());
    let variables = [("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"), (THREADS, "1")];
    let mut program = Program::lambda(&collector, &variables);
    program.order("unfinished times=70 spans=10 fill=10000");
    let report = program.order("tick spans=1");
    let (flush, gap) = (report.flushes[0], report.flushes[1]);
    assert!(gap * 5 < flush || gap < Duration::from_millis(100), "{gap:?} of work in a tick of a flush of {flush:?}");
    once_each(&mut program, &collector);
}
