//! Spans that wait for a collector, and counts that wait for a root.

use std::time::Duration;

use crate::account::{Arrived, Written};
use crate::collector::{Collector, nobody};
use crate::long;
use crate::process::{Output, Program};
use crate::reply::{ALL, Reply};
use crate::runner::scenarios;

scenarios![
    an_outage_balances,
    an_outage_of_large_spans_balances,
    waiting_spans_cost_an_invocation_nothing,
    what_waits_is_sent_in_pieces,
    a_request_that_is_too_large_is_split,
    a_span_that_is_too_large_is_counted,
    retry_after_zero_is_no_order_to_hurry,
    spans_over_the_limit_that_begin_late_are_counted,
    dropped_spans_of_lost_roots_are_counted,
    incomplete_messages_of_lost_roots_are_counted,
    unfinished_scopes_balance,
    deadlines_that_cut_a_flush_lose_nothing,
    cancelled_flushes_lose_nothing,
    each_exporter_has_an_account_of_its_own,
    counts_survive_the_limit_of_attributes,
    a_collector_that_takes_nothing_at_all_is_left_alone,
    nested_scopes_balance,
    tasks_that_outlive_a_nested_scope_balance,
    incomplete_messages_of_unrecorded_scopes_are_counted,
    memory_stays_bounded_in_an_outage,
    any_mixture_of_faults_balances,
    concurrent_invocations_balance_under_any_mixture,
];

/// The largest request that is still fair to a collector.
const LARGEST_REQUEST: usize = 4_200_000;

fn largest(collector: &Collector) -> usize {
    collector.attempts().into_iter().max().unwrap_or_default()
}

/// At full size 50,000 invocations, as many as a busy function has in some hours.
fn an_outage_balances() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke times=3 spans=2");
    collector.leave();
    let (rounds, times) = if long() { (50, 1000) } else { (2, 1500) };
    for _ in 0..rounds {
        program.order(&format!("invoke times={times} spans=5 fill=300"));
    }
    collector.come_back();
    program.settle_at(&collector);
}

/// More than may wait.
fn an_outage_of_large_spans_balances() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    collector.leave();
    program.order("invoke times=100 spans=10 fill=10000");
    // A span larger than the whole queue.
    program.order("invoke spans=2 fill=5000000");
    program.order("invoke times=10 spans=3");
    collector.come_back();
    let account = program.settle_at(&collector);
    assert!(account.lost > 0, "{account}");
    assert!(largest(&collector) < LARGEST_REQUEST, "{}", largest(&collector));
}

/// The circuit is open. A flush only adds to the queue.
fn waiting_spans_cost_an_invocation_nothing() {
    let mut program = Program::exporting("lambda", &nobody(), &[]);
    // Enough failures to have a long pause.
    let little = program.order("invoke times=300").median();
    // 4 MiB of small spans, and more.
    let spans = program.order("invoke times=6 spans=9900").waiting;
    assert!(spans > 10_000, "{spans}");
    let much = program.order("invoke times=300").median();
    assert!(much <= little * 10 + Duration::from_micros(100), "{little:?} with little, {much:?} with 4 MiB");
}

fn what_waits_is_sent_in_pieces() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    collector.leave();
    // 3.5 MB wait, and 7 MB come late.
    program.order("invoke times=35 spans=10 fill=10000");
    program.order("unfinished times=70 spans=10 fill=10000");
    // The next flush takes everything in the queue, and tries.
    std::thread::sleep(Duration::from_secs(3));
    collector.come_back();
    program.settle_at(&collector);
    assert!(largest(&collector) < LARGEST_REQUEST, "{}", largest(&collector));
}

fn a_request_that_is_too_large_is_split() {
    for most in [100_000, 13_000] {
        let collector = Collector::start(Reply::ok());
        let mut program = Program::lambda(&collector, &[]);
        collector.take_at_most(most);
        collector.leave();
        program.order("invoke times=10 spans=10 fill=10000");
        collector.come_back();
        let account = program.settle_at(&collector);
        assert_eq!(account.lost, 0, "each span alone is small enough: {account}");
    }
}

/// One span among many in the queue.
fn a_span_that_is_too_large_is_counted() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    collector.take_at_most(9_000);
    collector.leave();
    program.order("invoke times=3 spans=4");
    program.order("invoke fill=10000");
    program.order("invoke times=3 spans=4");
    collector.come_back();
    let account = program.settle_at(&collector);
    assert_eq!(account.lost, 1, "{account}");
}

fn retry_after_zero_is_no_order_to_hurry() {
    for status in [503, 429] {
        let collector = Collector::start(Reply::retry_after(status, "0"));
        let mut program = Program::lambda(&collector, &[]);
        program.order("invoke times=30 spans=6");
        let attempts = collector.attempts().len();
        assert!(attempts <= 12, "{attempts} requests in 30 invocations");
        collector.always(Reply::ok());
        let account = program.settle_at(&collector);
        assert_eq!(account.lost, 0, "{account}");
    }
}

fn spans_over_the_limit_that_begin_late_are_counted() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[("THUNDRA_MAX_SPANS", "10")]);
    program.order("late spans=51");
    program.settle_at(&collector);
    // Both roots are lost, and the second root carries the counts of the first task.
    collector.next([Reply::status(500), Reply::status(500)]);
    program.order("late spans=20");
    program.order("late spans=5");
    let account = program.settle_at(&collector);
    assert!(account.dropped + account.lost >= 42, "{account}");
}

fn dropped_spans_of_lost_roots_are_counted() {
    let collector = Collector::start(Reply::status(500));
    let mut program = Program::lambda(&collector, &[("THUNDRA_MAX_SPANS", "10")]);
    program.order("invoke times=3 spans=20");
    collector.always(Reply::ok());
    program.order("invoke spans=15");
    let account = program.settle_at(&collector);
    // A slow refusal on a busy machine is followed by a pause. Spans kept in the pause are not refused.
    assert_eq!(account.dropped, 3 * 10 + 5, "{account}");
}

fn incomplete_messages_of_lost_roots_are_counted() {
    let collector = Collector::start(Reply::status(500));
    let mut program = Program::lambda(&collector, &[]);
    program.order("incomplete messages=3 spans=2");
    program.order("incomplete messages=4");
    collector.always(Reply::ok());
    program.order("incomplete messages=1");
    let account = program.settle_at(&collector);
    assert_eq!(account.incomplete, (8, 8), "{account}");
}

/// More than the queue holds, from dropped scopes.
fn unfinished_scopes_balance() {
    let collector = Collector::start(Reply::status(500));
    let mut program = Program::lambda(&collector, &[]);
    program.order("unfinished times=3 spans=4");
    program.order("invoke spans=2");
    program.order("unfinished times=120 fill=100000");
    collector.always(Reply::ok());
    let account = program.settle_at(&collector);
    assert!(account.lost > 14, "{account}");
}

fn deadlines_that_cut_a_flush_lose_nothing() {
    let collector = Collector::start(Reply::ok().after(Duration::from_millis(600)));
    collector.allow_repeats();
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke times=4 spans=6 deadline=100");
    // No time is left at all.
    program.order("invoke times=4 spans=6 deadline=0");
    collector.always(Reply::ok());
    let account = program.settle_at(&collector);
    assert_eq!(account.lost, 0, "{account}");
}

fn cancelled_flushes_lose_nothing() {
    let collector = Collector::start(Reply::ok().after(Duration::from_millis(300)));
    collector.allow_repeats();
    let mut program = Program::lambda(&collector, &[]);
    program.order("cancel times=10 spans=6 patience=20");
    program.order("cancel times=10 spans=6 patience=0");
    collector.always(Reply::ok());
    let account = program.settle_at(&collector);
    assert_eq!(account.lost, 0, "{account}");
}

fn each_exporter_has_an_account_of_its_own() {
    for exporters in ["otlp,stdout", "stdout,otlp"] {
        let collector = Collector::start(Reply::status(500));
        let url = collector.url();
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_TRACES_EXPORTER", exporters)];
        let mut program = Program::start("lambda", &variables, Output::Read, Output::Read);
        program.order("invoke times=2 spans=6");
        program.order("incomplete messages=2");
        collector.always(Reply::ok());
        program.settle_at(&collector);
        let account = program.settle(|program| Arrived::through(&program.stdout.bytes(), Written::Lines));
        assert_eq!((account.lost, account.arrived), (0, account.made), "standard output took everything: {account}");
    }
}

fn counts_survive_the_limit_of_attributes() {
    for limit in ["0", "1", "2"] {
        let collector = Collector::start(Reply::status(500));
        let variables = [("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", limit), ("THUNDRA_MAX_SPANS", "4")];
        let mut program = Program::lambda(&collector, &variables);
        program.order("invoke times=2 spans=6");
        program.order("incomplete messages=3");
        program.order("late spans=6");
        collector.always(Reply::ok());
        program.order("invoke spans=6");
        program.settle_at(&collector);
    }
}

/// A 413 for every request, however small.
fn a_collector_that_takes_nothing_at_all_is_left_alone() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    collector.take_at_most(0);
    program.order("invoke times=10 spans=200");
    let attempts = collector.attempts().len();
    collector.take_at_most(ALL);
    program.settle_at(&collector);
    assert!(attempts < 500, "{attempts} requests in 10 invocations");
}

/// The records of a batch, within the limit of the invocation.
fn nested_scopes_balance() {
    for limit in ["10", "1", "0", "1000"] {
        let collector = Collector::start(Reply::ok());
        let mut program = Program::lambda(&collector, &[("THUNDRA_MAX_SPANS", limit)]);
        program.order("nested times=3 spans=6");
        program.settle_at(&collector);
        collector.next([Reply::status(500), Reply::status(500)]);
        program.order("nested times=4 spans=5");
        program.order("nested times=2 spans=2");
        program.settle_at(&collector);
    }
}

/// The task of a record goes on within the invocation, and after the invocation.
fn tasks_that_outlive_a_nested_scope_balance() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[("THUNDRA_MAX_SPANS", "10")]);
    program.order("late_nested spans=51");
    program.settle_at(&collector);
    collector.next([Reply::status(500), Reply::status(500)]);
    program.order("late_nested spans=20");
    program.order("late_nested spans=3");
    program.settle_at(&collector);
}

/// The next root span carries the counts, and may be lost as well.
fn incomplete_messages_of_unrecorded_scopes_are_counted() {
    let collector = Collector::start(Reply::status(400));
    let mut program = Program::lambda(&collector, &[]);
    program.order("unrecorded messages=5");
    program.order("invoke spans=2");
    program.order("unrecorded messages=2");
    program.order("invoke spans=2");
    collector.always(Reply::ok());
    let account = program.settle_at(&collector);
    assert_eq!(account.incomplete, (7, 7), "{account}");
}

/// 100 MB are made.
fn memory_stays_bounded_in_an_outage() {
    let mut program = Program::exporting("lambda", &nobody(), &[]);
    let before = program.memory();
    program.order("invoke times=1000 spans=10 fill=10000");
    let grown = program.memory().saturating_sub(before);
    assert!(grown < 100 << 20, "{grown} bytes");
}

/// Replies in an order that no scenario above has. A reply that takes spans always confirms the spans, because a
/// request stored without a response and then refused would count as lost and arrived.
pub(crate) fn mixture(seed: u64, count: usize) -> Vec<Reply> {
    let mut state = seed;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let reply = |index| match random(12) {
        // Some response is slow, so that an exporter on a busy machine is patient with the next ones.
        _ if index % 6 == 0 => Reply::ok().after(Duration::from_millis(500)),
        0 => Reply::status(500),
        1 => Reply::status(400),
        2 => Reply::status(413),
        3 => Reply::status(503),
        4 => Reply::retry_after(429, "0"),
        5 => Reply::retry_after(503, "1"),
        6 => Reply::partial(ALL, i64::MAX, "all"),
        7 => Reply::partial(0, -1, "none"),
        8 => Reply::reset(),
        9 => Reply::status(307).header("location", "http://127.0.0.1:9/"),
        _ => Reply::ok().after(Duration::from_millis(random(40))),
    };
    (0..count).map(reply).collect()
}

fn any_mixture_of_faults_balances() {
    for seed in 0..if long() { 50 } else { 2 } {
        let collector = Collector::start(Reply::ok());
        let mut program = Program::lambda(&collector, &[("THUNDRA_MAX_SPANS", "12")]);
        collector.next(mixture(seed, 25));
        for _ in 0..10 {
            program.order("invoke times=4 spans=15 pause=10");
            program.order("incomplete messages=2 spans=3");
            program.order("late spans=20");
            program.order("unfinished times=2 spans=3");
            program.order("nested times=2 spans=4");
        }
        collector.always(Reply::ok());
        program.settle_at(&collector);
    }
}

fn concurrent_invocations_balance_under_any_mixture() {
    for seed in 100..if long() { 150 } else { 102 } {
        let collector = Collector::start(Reply::ok());
        let mut program = Program::lambda(&collector, &[]);
        collector.next(mixture(seed, 60));
        program.order("concurrent workers=24 millis=3000 spans=5 pause=15");
        collector.always(Reply::ok());
        program.settle_at(&collector);
    }
}
