//! The spans that a collector does not take go to standard output: *made = arrived + spilled + counted*, by reason.

use std::time::{Duration, Instant};

use crate::account::{Account, Arrived, Written, lines};
use crate::collector::{Collector, Deaf, nobody};
use crate::long;
use crate::process::{Output, Program};
use crate::reply::{ALL, Reply};
use crate::runner::scenarios;

scenarios![
    every_kind_of_collector_balances_with_and_without_a_spill,
    a_partial_success_is_counted_under_its_reason,
    what_is_refused_is_spilled_up_to_the_limit_of_each_invocation,
    roots_are_spilled_first,
    what_has_no_room_is_spilled,
    at_the_end_of_a_program_what_waits_is_spilled,
    at_the_end_of_a_program_a_collector_that_hangs_leaves_time_for_the_spill,
    an_unread_stdout_keeps_nobody_waiting,
    a_closed_or_full_stdout_is_counted,
    the_users_own_lines_stay_whole_beside_a_spill,
    concurrent_invocations_spill_once_each,
    a_service_spills_from_its_background,
    no_header_is_in_a_line,
    any_mixture_of_faults_balances_with_a_spill,
];

const PLENTY: (&str, &str) = ("THUNDRA_SPILL", "4MiB");
const LITTLE: (&str, &str) = ("THUNDRA_SPILL", "8KiB");
const SHORT: (&str, &str) = ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000");

fn spilled(program: &Program) -> Arrived {
    Arrived::through(&program.stdout.bytes(), Written::Lines)
}

/// Returns the account of a program with a collector and a spill.
#[track_caller]
fn settle(program: &mut Program, collector: &Collector) -> Account {
    program.settle(|program| collector.arrived().and_spilled(spilled(program)))
}

/// Slow, hanging, resetting, refusing, half-closed collectors, and others. No collector takes spans without a response,
/// except the kinds that lead to a second request.
fn every_kind_of_collector_balances_with_and_without_a_spill() {
    let refusing = |status| (Reply::status(status), Some("refused"));
    let kinds = [
        (Reply::ok().after(Duration::from_millis(50)), None),
        (Reply::hang(), None),
        (Reply::reset(), None),
        (Reply::then_close(), None),
        (Reply::no_http(), None),
        (Reply::status(429), None),
        (Reply::retry_after(503, "1"), None),
        refusing(500),
        refusing(400),
        refusing(401),
        (Reply::status(413), Some("too_large")),
        (Reply::partial(ALL, 6, "all"), Some("partial_success")),
        (Reply::ok().body(b"\x0a\x7f"), None),
    ];
    let check = |reply: &Reply, reason: Option<&str>, spills: bool| {
        let collector = Collector::start(Reply::ok());
        let mut program = Program::lambda(&collector, if spills { &[SHORT, PLENTY] } else { &[SHORT] });
        program.order("invoke");
        collector.allow_repeats();
        collector.always(reply.clone());
        program.order("invoke times=3 spans=6 fill=300");
        collector.always(Reply::ok());
        let account = settle(&mut program, &collector);
        // A slow refusal on a busy machine is followed by a pause. Spans kept in the pause arrive in the end.
        let is_expected = |(found, _): &(String, u64)| !spills && reason == Some(found);
        assert!(account.reasons.iter().all(is_expected), "{reply:?}\n{account}");
        assert!(account.spilled == 0 || spills && reason.is_some(), "{reply:?}\n{account}");
    };
    std::thread::scope(|threads| {
        for (reply, reason) in &kinds {
            threads.spawn(|| [false, true].map(|spills| check(reply, *reason, spills)));
        }
    });
}

/// The collector does not name the rejected spans. Therefore no span is spilled.
fn a_partial_success_is_counted_under_its_reason() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[PLENTY]);
    collector.next([Reply::partial(2, 2, "two are too old")]);
    program.order("invoke spans=6");
    let account = settle(&mut program, &collector);
    assert_eq!((account.spilled, account.reasons.clone()), (0, vec![("partial_success".to_owned(), 2)]), "{account}");
}

/// Each invocation has more than may be spilled.
fn what_is_refused_is_spilled_up_to_the_limit_of_each_invocation() {
    let collector = Collector::start(Reply::status(400));
    let mut program = Program::lambda(&collector, &[LITTLE]);
    for times in 1..=4 {
        program.order("invoke spans=40 fill=1000");
        let bytes = program.stdout.bytes().len();
        assert!(bytes <= times * (8 << 10), "{bytes} bytes after {times} invocations");
    }
    collector.always(Reply::ok());
    let account = settle(&mut program, &collector);
    assert_eq!(account.reasons, [("spill_limit".to_owned(), account.lost)], "{account}");
    assert!(account.spilled > 4 && account.lost > 20, "{account}");
    assert!(program.stdout.bytes().len() > 4 << 10, "a line takes as much as fits: {account}");
    let stderr = String::from_utf8(program.stderr.bytes()).unwrap();
    for (text, count) in
        [("THUNDRA_SPILL allows: the collector responded 400", 1), ("THUNDRA_SPILL allows 8192 bytes", 1)]
    {
        assert_eq!(stderr.lines().filter(|line| line.contains(text)).count(), count, "{text}: {stderr}");
    }
}

/// A root span is the last span of an invocation to end, and would not fit.
fn roots_are_spilled_first() {
    let collector = Collector::start(Reply::status(400));
    let mut program = Program::lambda(&collector, &[LITTLE]);
    program.order("invoke spans=200 fill=300");
    wait_for_lines(&program);
    let spans: Vec<_> = lines(&program.stdout.bytes()).flatten().collect();
    assert_eq!((spans[0].name.as_str(), spans.len() < 100), ("root", true));
}

fn what_has_no_room_is_spilled() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[PLENTY]);
    collector.leave();
    // 10 MB.
    program.order("invoke times=100 spans=10 fill=10000");
    collector.come_back();
    let account = settle(&mut program, &collector);
    assert!(account.spilled > 400 && account.lost == 0, "{account}");
    let longest = program.stdout.bytes().split(|byte| *byte == b'\n').map(<[u8]>::len).max();
    assert!(longest < Some(256 << 10), "{longest:?}");
}

fn at_the_end_of_a_program_what_waits_is_spilled() {
    for (limit, all) in [(PLENTY, true), (LITTLE, false)] {
        let mut program = Program::exporting("background", &nobody(), &[limit]);
        program.order("requests times=20 spans=6 fill=500");
        program.order("drop");
        let ended = program.end();
        let lines = Arrived::through(&ended.stdout, Written::Lines);
        let account = ended.account(Arrived::default().and_spilled(lines));
        account.check();
        assert_eq!(account.spilled == account.made, all, "{account}");
        assert!(account.spilled > 0 && (account.named > 0) != all, "{account}");
    }
}

fn at_the_end_of_a_program_a_collector_that_hangs_leaves_time_for_the_spill() {
    let check = |url: &str, pause: &str| {
        let mut program = Program::exporting("background", url, &[PLENTY, ("OTEL_EXPORTER_OTLP_TIMEOUT", "4000")]);
        program.order(&format!("defer times=2 spans=6{pause}"));
        program.order("drop");
        let ended = program.end();
        let account = ended.account(Arrived::default().and_spilled(Arrived::through(&ended.stdout, Written::Lines)));
        account.check();
        assert_eq!(account.spilled, account.made, "{account}");
    };
    let (deaf, collector) = (Deaf::start(false), Collector::start(Reply::hang()));
    std::thread::scope(|threads| {
        for url in [deaf.url.clone(), collector.url()] {
            // The attempt of the last flush, and an attempt under way at the drop of the guard.
            for pause in ["", " pause=1200"] {
                let url = url.clone();
                threads.spawn(move || check(&url, pause));
            }
        }
    });
}

fn an_unread_stdout_keeps_nobody_waiting() {
    let collector = Collector::start(Reply::status(400));
    let mut program = Program::start("lambda", &with(&collector, &[PLENTY]), Output::Unread, Output::Read);
    // 4 MB; the pipe holds 64 KiB, and the deadline is far.
    let report = program.order("invoke times=40 spans=10 fill=10000 deadline=900000");
    assert!(report.total() < Duration::from_secs(4), "{:?}", report.total());
    // More than may wait.
    program.order("invoke times=60 spans=10 fill=10000");
    collector.always(Reply::ok());
    let (arrived, until) = (collector.arrived().spans(), Instant::now() + Duration::from_secs(20));
    while collector.arrived().spans() < arrived + 3 {
        assert!(Instant::now() < until, "the collector is held up");
        program.order("invoke spans=3 pause=10");
    }
    assert!(program.memory() < 150 << 20, "{} bytes", program.memory());
    program.stdout.read();
    settle(&mut program, &collector);
}

fn a_closed_or_full_stdout_is_counted() {
    for output in [Output::Closed, Output::Full] {
        let collector = Collector::start(Reply::status(400));
        let mut program = Program::start("lambda", &with(&collector, &[PLENTY]), output, Output::Read);
        program.order("invoke times=5 spans=6");
        collector.always(Reply::ok());
        let account = program.settle_at(&collector);
        assert_eq!(account.reasons, [("refused".to_owned(), account.lost)], "{account}");
        let stderr = String::from_utf8(program.stderr.bytes()).unwrap();
        assert_eq!(stderr.lines().filter(|line| line.contains("standard output: ")).count(), 1, "{stderr}");
    }
}

fn the_users_own_lines_stay_whole_beside_a_spill() {
    let collector = Collector::start(Reply::status(400));
    let mut program = Program::start("lambda", &with(&collector, &[PLENTY]), Output::Unread, Output::Read);
    program.stdout.read_slowly(4 << 10, Duration::from_millis(2));
    for _ in 0..10 {
        program.order("println");
        program.order("invoke times=2 spans=6 fill=4000 deadline=200");
    }
    collector.always(Reply::ok());
    settle(&mut program, &collector);
    let text = String::from_utf8(program.end().stdout).unwrap();
    assert_eq!(text.lines().filter(|line| *line == "a line of the user's").count(), 10);
    assert!(text.lines().all(|line| line.starts_with("{\"__otel") || line.starts_with("a line of")));
}

fn concurrent_invocations_spill_once_each() {
    let collector = Collector::start(Reply::status(400));
    let mut program = Program::lambda(&collector, &[("THUNDRA_SPILL", "64KiB")]);
    let invocations = program.order("concurrent workers=16 millis=700 spans=30 fill=200 pause=5").flushes.len();
    let bytes = program.stdout.bytes().len();
    assert!(bytes <= invocations * (64 << 10), "{bytes} bytes of {invocations} invocations");
    collector.always(Reply::ok());
    let account = settle(&mut program, &collector);
    assert!(account.spilled > 0, "{account}");
}

fn a_service_spills_from_its_background() {
    let collector = Collector::start(Reply::status(400));
    let mut program = Program::background(&collector, &[PLENTY]);
    program.order("requests times=50 spans=6");
    program.order("drop");
    let ended = program.end();
    let account = ended.account(collector.arrived().and_spilled(Arrived::through(&ended.stdout, Written::Lines)));
    account.check();
    assert_eq!(account.spilled, account.made, "{account}");
}

fn no_header_is_in_a_line() {
    let collector = Collector::start(Reply::status(401));
    let variables = [
        PLENTY,
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=k3y"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=zoo,vendor.token=t0k,store=redis://u:pwd@h"),
    ];
    let mut program = Program::lambda(&collector, &variables);
    program.order("invoke spans=2");
    wait_for_lines(&program);
    let stdout = program.stdout.bytes();
    assert_eq!(spilled(&program).spans(), 2);
    let unpacked = crate::account::unpacked(&stdout);
    for secret in ["k3y", "t0k", "pwd", &collector.url()["http://".len()..]] {
        let is_in = |bytes: &[u8]| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!is_in(&stdout) && !unpacked.iter().any(|request| is_in(request)), "{secret}");
    }
}

fn any_mixture_of_faults_balances_with_a_spill() {
    for seed in 200..if long() { 240 } else { 204 } {
        let collector = Collector::start(Reply::ok());
        let limit = [PLENTY, LITTLE, ("THUNDRA_SPILL", "1KiB"), ("THUNDRA_SPILL", "100")][seed % 4];
        let mut program = Program::lambda(&collector, &[limit, ("THUNDRA_MAX_SPANS", "12")]);
        collector.next(crate::keeping::mixture(seed as u64, 25));
        for _ in 0..8 {
            program.order("invoke times=4 spans=15 pause=10");
            program.order("incomplete messages=2 spans=3");
            program.order("late spans=20");
            program.order("unfinished times=2 spans=3");
            program.order("nested times=2 spans=4");
        }
        collector.always(Reply::ok());
        settle(&mut program, &collector);
    }
}

/// Waits for the reader of standard output on the other thread.
fn wait_for_lines(program: &Program) {
    let until = Instant::now() + Duration::from_secs(10);
    while program.stdout.bytes().is_empty() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Returns the given variables, and the variable of the collector.
fn with<'a>(collector: &Collector, variables: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let url: &'static str = collector.url().leak();
    [("OTEL_EXPORTER_OTLP_ENDPOINT", url)].iter().chain(variables).copied().collect()
}
