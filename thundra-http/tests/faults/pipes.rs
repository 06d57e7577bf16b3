//! Outputs with a slow reader, with no reader, or closed.

use std::time::Duration;

use crate::account::{Account, Arrived, Written};
use crate::collector::Collector;
use crate::process::{Output, Program};
use crate::reply::Reply;
use crate::runner::scenarios;

scenarios![
    an_unread_stdout_does_not_stop_invocations,
    an_unread_stderr_does_not_stop_invocations,
    an_unread_pipe_costs_little_at_a_distant_deadline,
    a_slow_reader_of_stdout_balances,
    a_slow_reader_of_stderr_balances,
    the_guard_returns_though_nobody_reads_stdout,
    the_guard_returns_though_nobody_reads_stderr,
    the_last_line_is_exact_where_a_reader_stops,
    cancelled_flushes_write_each_line_once,
    spans_too_long_for_a_line_are_counted,
    a_closed_stdout_is_no_trouble_of_the_collector,
    a_closed_stdout_is_named_at_the_end,
    a_full_stdout_is_named_at_the_end,
    a_full_stderr_stops_nothing,
    the_users_own_lines_stay_whole,
];

const NONBLOCKING: u32 = 0o4000;
const STDOUT: [(&str, &str); 1] = [("OTEL_TRACES_EXPORTER", "stdout")];
const CONSOLE: [(&str, &str); 1] = [("OTEL_TRACES_EXPORTER", "console")];
/// As long as the invocations would take without exporters, many times over.
const PATIENCE: Duration = Duration::from_secs(15);

fn of_stdout(program: &Program) -> Arrived {
    Arrived::through(&program.stdout.bytes(), Written::Lines)
}

fn of_stderr(program: &Program) -> Arrived {
    Arrived::through(&program.stderr.bytes(), Written::Trees)
}

#[track_caller]
fn done(program: &mut Program, order: &str) {
    assert!(program.order_within(order, PATIENCE).is_some(), "{order:?} waits for the reader of a pipe");
}

/// A pipe holds 64 KiB. The deadline is the deadline of a short function.
fn an_unread_stdout_does_not_stop_invocations() {
    let mut program = Program::start("lambda", &STDOUT, Output::Unread, Output::Read);
    done(&mut program, "invoke times=20 spans=6 fill=4000 deadline=200");
    assert_eq!(program.flags_of(1) & NONBLOCKING, 0);
    // More than may wait.
    done(&mut program, "unfinished times=100 fill=100000");
    done(&mut program, "invoke times=5 spans=6 fill=4000 deadline=200");
    assert!(program.memory() < 150 << 20, "{} bytes", program.memory());
    program.stdout.read();
    program.settle(of_stdout);
}

fn an_unread_stderr_does_not_stop_invocations() {
    let mut program = Program::start("lambda", &CONSOLE, Output::Read, Output::Unread);
    done(&mut program, "invoke times=20 spans=6 fill=4000 deadline=200");
    assert_eq!(program.flags_of(2) & NONBLOCKING, 0);
    done(&mut program, "unfinished times=100 fill=100000");
    done(&mut program, "invoke times=5 spans=6 fill=4000 deadline=200");
    program.stderr.read();
    program.settle(of_stderr);
}

/// The cap of a flush is not paid each time.
fn an_unread_pipe_costs_little_at_a_distant_deadline() {
    for (exporter, stdout, stderr) in [(STDOUT, Output::Unread, Output::Read), (CONSOLE, Output::Read, Output::Unread)]
    {
        let mut program = Program::start("lambda", &exporter, stdout, stderr);
        done(&mut program, "invoke times=20 spans=6 fill=4000 deadline=900000");
    }
}

fn a_slow_reader_of_stdout_balances() {
    let mut program = Program::start("lambda", &STDOUT, Output::Unread, Output::Read);
    program.stdout.read_slowly(8 << 10, Duration::from_millis(10));
    done(&mut program, "invoke times=30 spans=6 fill=8000 deadline=300");
    program.settle(of_stdout);
}

fn a_slow_reader_of_stderr_balances() {
    let mut program = Program::start("lambda", &CONSOLE, Output::Read, Output::Unread);
    program.stderr.read_slowly(8 << 10, Duration::from_millis(10));
    done(&mut program, "invoke times=30 spans=6 fill=8000 deadline=300");
    program.settle(of_stderr);
}

/// The guard is dropped at the time-out, the process ends, and the last line counts the spans outside of the pipe.
fn the_guard_returns_though_nobody_reads_stdout() {
    let variables = [STDOUT[0], ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000")];
    let mut program = Program::start("background", &variables, Output::Unread, Output::Read);
    // The first spans go into the pipe.
    done(&mut program, "defer spans=6 pause=1500");
    done(&mut program, "defer times=40 spans=6 fill=4000 pause=40");
    let dropped = program.order_within("drop", PATIENCE).map(|report| report.elapsed);
    assert!(dropped.is_some_and(|dropped| dropped < Duration::from_millis(3200)), "{dropped:?}");
    let ended = program.end();
    let account: Account = ended.account(Arrived::through(&ended.stdout, Written::Lines));
    account.check();
    assert!(account.arrived > 0 && account.named > 0, "{account}");
}

/// Nobody reads the last line either.
fn the_guard_returns_though_nobody_reads_stderr() {
    let variables = [CONSOLE[0], ("OTEL_EXPORTER_OTLP_TIMEOUT", "2000")];
    let mut program = Program::start("background", &variables, Output::Read, Output::Unread);
    done(&mut program, "defer times=40 spans=6 fill=4000 pause=40");
    let dropped = program.order_within("drop", PATIENCE).map(|report| report.elapsed);
    assert!(dropped.is_some_and(|dropped| dropped < Duration::from_millis(3200)), "{dropped:?}");
    drop(program.end());
}

/// The reader takes some lines at the end of the program, and never the rest.
fn the_last_line_is_exact_where_a_reader_stops() {
    for bytes in [100_000, 300_000, 700_000] {
        let variables = [STDOUT[0], ("OTEL_EXPORTER_OTLP_TIMEOUT", "1500")];
        let mut program = Program::start("background", &variables, Output::Unread, Output::Read);
        done(&mut program, "defer times=60 spans=6 fill=8000");
        program.stdout.read_only(bytes);
        done(&mut program, "drop");
        let ended = program.end();
        let account = ended.account(Arrived::through(&ended.stdout, Written::Lines));
        account.check();
        assert!(account.named > 0, "{account}");
    }
}

fn cancelled_flushes_write_each_line_once() {
    let mut program = Program::start("lambda", &STDOUT, Output::Unread, Output::Read);
    done(&mut program, "cancel times=30 spans=6 fill=4000 patience=5");
    done(&mut program, "cancel times=10 spans=6 patience=0");
    program.stdout.read();
    done(&mut program, "cancel times=30 spans=6 fill=4000 patience=1");
    program.settle(of_stdout);
}

/// 256 KiB hold no span of 600 KiB, and hold the smaller spans beside the large one.
fn spans_too_long_for_a_line_are_counted() {
    let mut program = Program::start("lambda", &STDOUT, Output::Read, Output::Read);
    done(&mut program, "unfinished times=3 spans=2");
    done(&mut program, "unfinished fill=600000");
    done(&mut program, "unfinished times=3 spans=2");
    done(&mut program, "invoke spans=3 fill=600000");
    let account = program.settle(of_stdout);
    assert_eq!(account.lost, 4, "{account}");
}

/// The exporter to the collector works, and the exporter to standard output loses everything.
fn a_closed_stdout_is_no_trouble_of_the_collector() {
    for stdout in [Output::Closed, Output::Full] {
        let collector = Collector::start(Reply::ok());
        let url = collector.url();
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_TRACES_EXPORTER", "stdout,otlp")];
        let mut program = Program::start("lambda", &variables, stdout, Output::Read);
        done(&mut program, "invoke times=10 spans=6");
        let account = program.settle_at(&collector);
        assert_eq!((account.lost, account.arrived), (0, account.made), "{account}");
    }
}

fn a_closed_stdout_is_named_at_the_end() {
    named_at_the_end(Output::Closed);
}

fn a_full_stdout_is_named_at_the_end() {
    named_at_the_end(Output::Full);
}

/// Counts cannot arrive where nothing arrives.
fn named_at_the_end(stdout: Output) {
    let mut program = Program::start("background", &STDOUT, stdout, Output::Read);
    done(&mut program, "defer times=30 spans=6 pause=50");
    done(&mut program, "drop");
    let account = program.end().account(Arrived::default());
    account.check();
    assert_eq!(account.named, 180, "{account}");
}

fn a_full_stderr_stops_nothing() {
    for output in [Output::Full, Output::Closed] {
        let mut program = Program::start("background", &CONSOLE, Output::Read, output);
        done(&mut program, "defer times=30 spans=6 pause=50");
        done(&mut program, "drop");
        drop(program.end());
    }
}

/// The program prints to the same file while an exporter writes spans.
fn the_users_own_lines_stay_whole() {
    let mut program = Program::start("lambda", &STDOUT, Output::Unread, Output::Read);
    // Lines of more than a reader takes at a time.
    program.stdout.read_slowly(4 << 10, Duration::from_millis(4));
    for _ in 0..10 {
        done(&mut program, "println");
        done(&mut program, "invoke times=2 spans=6 fill=4000 deadline=200");
    }
    program.settle(of_stdout);
    let ended = program.end();
    let text = String::from_utf8(ended.stdout).unwrap();
    let theirs = text.lines().filter(|line| *line == "a line of the user's").count();
    assert_eq!(theirs, 10);
    assert!(text.lines().all(|line| line.starts_with("{\"__otel") || line.starts_with("a line of")));
}
