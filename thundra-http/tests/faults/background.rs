//! The exporter of `init()`: services at full speed, outages, and the end of a program.

use std::sync::Mutex;
use std::time::Duration;

use crate::account::{Account, Arrived};
use crate::collector::{Collector, Deaf, nobody};
use crate::long;
use crate::process::Program;
use crate::reply::Reply;
use crate::runner::scenarios;

scenarios![
    fourteen_large_requests_lose_nothing,
    a_request_longer_than_what_may_wait_loses_nothing,
    a_burst_balances,
    more_scopes_than_there_are_places_balance,
    full_speed_balances,
    an_outage_at_full_speed_balances,
    faults_in_the_background_balance,
    the_last_flush_tries_though_the_circuit_is_open,
    the_last_line_names_all_that_is_lost,
    the_last_line_names_what_ends_in_the_last_flush,
    the_guard_is_bounded_where_the_collector_hangs,
    the_guard_is_bounded_in_the_middle_of_a_flush,
    the_guard_is_bounded_where_nothing_accepts,
    an_hour_of_retry_after_does_not_outlast_the_guard,
    limits_and_counts_reach_the_end,
];

/// The turn of a scenario that needs a whole processor.
static HEAVY: Mutex<()> = Mutex::new(());

fn ended(mut program: Program, collector: &Collector) -> Account {
    program.order("drop");
    program.end().account(collector.arrived())
}

/// Invocations in turn, at full speed.
fn fourteen_large_requests_lose_nothing() {
    let _turn = HEAVY.lock();
    let collector = Collector::start(Reply::ok());
    let mut program = Program::background(&collector, &[]);
    program.order("requests times=14 spans=9001");
    let account = ended(program, &collector);
    account.check();
    assert_eq!((account.made, account.lost + account.named), (14 * 9001, 0), "{account}");
}

/// 13 MB of spans end at once.
fn a_request_longer_than_what_may_wait_loses_nothing() {
    let _turn = HEAVY.lock();
    let collector = Collector::start(Reply::ok());
    let mut program = Program::background(&collector, &[]);
    program.order("requests spans=9001 fill=1500");
    let account = ended(program, &collector);
    account.check();
    assert_eq!((account.made, account.lost + account.named), (9001, 0), "{account}");
}

/// All scopes end at the same moment, with more spans than the backlog keeps.
fn a_burst_balances() {
    let _turn = HEAVY.lock();
    let collector = Collector::start(Reply::ok());
    let mut program = Program::background(&collector, &[]);
    program.order("burst times=14 spans=9001");
    program.settle_background(&collector);
    program.order("burst times=200 spans=10 fill=10000");
    program.settle_background(&collector);
    ended(program, &collector).check();
}

/// 65,536 scopes can be open.
fn more_scopes_than_there_are_places_balance() {
    let _turn = HEAVY.lock();
    let collector = Collector::start(Reply::ok());
    let mut program = Program::background(&collector, &[]);
    program.order("burst times=66000");
    program.settle_background(&collector);
    program.order("burst times=66000 spans=2");
    program.settle_background(&collector);
    ended(program, &collector).check();
}

fn full_speed_balances() {
    let _turn = HEAVY.lock();
    let collector = Collector::start(Reply::ok());
    let mut program = Program::background(&collector, &[]);
    let millis = if long() { 30_000 } else { 4000 };
    program.order(&format!("requests_for millis={millis} threads=2 spans=2"));
    let account = program.settle_background(&collector);
    assert!(account.arrived >= account.made / 2, "the collector is well:\n{account}");
    ended(program, &collector).check();
}

fn an_outage_at_full_speed_balances() {
    let _turn = HEAVY.lock();
    let collector = Collector::start(Reply::ok());
    let mut program = Program::background(&collector, &[]);
    program.order("requests_for millis=500 threads=2 spans=3 fill=300 pause=1");
    collector.leave();
    program.order("requests_for millis=4000 threads=4 spans=20 fill=2000 pause=1");
    collector.come_back();
    program.settle_background(&collector);
    let largest = collector.attempts().into_iter().max();
    assert!(largest < Some(4_200_000), "{largest:?}");
    ended(program, &collector).check();
}

fn faults_in_the_background_balance() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::background(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "1000")]);
    collector.next([
        Reply::status(500),
        Reply::status(400),
        Reply::reset(),
        Reply::partial(2, 2, "two"),
        Reply::retry_after(503, "0"),
        Reply::retry_after(429, "1"),
        Reply::close(),
        Reply::hang(),
        Reply::broken_off(),
    ]);
    program.order("requests_for millis=6000 spans=4 pause=20");
    program.settle_background(&collector);
    ended(program, &collector).check();
}

/// The collector is away for a second and comes back just before the end.
fn the_last_flush_tries_though_the_circuit_is_open() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::background(&collector, &[]);
    collector.leave();
    program.order("defer times=32 pause=60");
    collector.come_back();
    let account = ended(program, &collector);
    account.check();
    assert_eq!((account.arrived, account.named), (32, 0), "{account}");
}

fn the_last_line_names_all_that_is_lost() {
    for reply in
        [Reply::status(500), Reply::status(503), Reply::status(413), Reply::hang(), Reply::retry_after(429, "3600")]
    {
        let collector = Collector::start(reply);
        let mut program = Program::background(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "500")]);
        program.order("requests times=10 spans=7 pause=150");
        let account = ended(program, &collector);
        account.check();
        assert_eq!((account.arrived, account.named), (0, 70), "{account}");
    }
    let mut program = Program::exporting("background", &nobody(), &[]);
    // More than may wait.
    program.order("burst times=150 spans=10 fill=10000");
    program.order("drop");
    let account = program.end().account(Arrived::default());
    account.check();
}

fn the_last_line_names_what_ends_in_the_last_flush() {
    let collector = Collector::start(Reply::hang());
    let mut program = Program::background(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "3000")]);
    program.order("requests spans=7");
    program.order("drop_beside spans=5 pause=1000");
    let account = program.end().account(collector.arrived());
    account.check();
    assert_eq!((account.arrived, account.named), (0, 12), "{account}");
}

/// The bound is the time-out. A busy machine may exceed the time-out a little.
fn check_bound(program: &mut Program, timeout: f32) {
    let dropped = program.order("drop").elapsed.as_secs_f32();
    assert!(dropped < timeout * 1.6, "dropping the guard took {dropped} s at a time-out of {timeout} s");
}

fn the_guard_is_bounded_where_the_collector_hangs() {
    let collector = Collector::start(Reply::hang());
    let mut program = Program::background(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "2000")]);
    program.order("burst times=40 spans=10 fill=10000");
    check_bound(&mut program, 2.0);
    program.end().account(collector.arrived()).check();
}

/// The worker waits for a response when the guard is dropped.
fn the_guard_is_bounded_in_the_middle_of_a_flush() {
    let collector = Collector::start(Reply::hang());
    let mut program = Program::background(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "4000")]);
    program.order("requests times=3 spans=5");
    while collector.attempts().is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
    check_bound(&mut program, 4.0);
    program.end().account(collector.arrived()).check();
}

fn the_guard_is_bounded_where_nothing_accepts() {
    for full in [false, true] {
        let deaf = Deaf::start(full);
        let variables = [("OTEL_EXPORTER_OTLP_TIMEOUT", "2000")];
        let mut program = Program::exporting("background", &deaf.url, &variables);
        program.order("requests times=3 spans=5 pause=600");
        check_bound(&mut program, 2.0);
        program.end().account(Arrived::default()).check();
    }
}

fn an_hour_of_retry_after_does_not_outlast_the_guard() {
    let collector = Collector::start(Reply::retry_after(503, "3600"));
    let mut program = Program::background(&collector, &[("OTEL_EXPORTER_OTLP_TIMEOUT", "3000")]);
    program.order("requests times=3 spans=5 pause=600");
    collector.always(Reply::ok());
    check_bound(&mut program, 3.0);
    let account = program.end().account(collector.arrived());
    account.check();
    assert_eq!(account.named, 0, "{account}");
}

/// Counts without a root span belong to the last line.
fn limits_and_counts_reach_the_end() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::background(&collector, &[("THUNDRA_MAX_SPANS", "10")]);
    program.order("late spans=51");
    program.order("requests times=3 spans=20");
    program.order("unfinished times=2 spans=15");
    ended(program, &collector).check();
}
