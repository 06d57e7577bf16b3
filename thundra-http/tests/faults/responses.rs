//! All responses of a collector to a Lambda function.

use std::time::Duration;

use crate::account::Account;
use crate::collector::Collector;
use crate::process::Program;
use crate::reply::{ALL, Reply};
use crate::runner::scenarios;

scenarios![
    refused_roots_hand_their_counts_on,
    every_status_balances,
    partial_success_counts_what_was_refused,
    partial_success_of_everything_hands_counts_on,
    a_partial_success_is_believed_up_to_what_was_sent,
    a_warning_loses_nothing,
    unreadable_bodies_lose_nothing,
    partial_success_in_json,
    redirects_are_not_followed,
    requests_that_are_cut_off_are_sent_again,
    missing_responses_send_again,
    broken_responses_lose_nothing,
    endless_responses_end,
    informational_responses_are_skipped,
    slow_readers_get_each_span_once,
    closed_connections_are_opened_again,
    other_protocols_lose_nothing,
    packed_requests_balance,
    retry_after_of_any_form,
    retry_after_an_hour_keeps,
];

/// Returns the account after one good invocation, one invocation of six spans for each scripted reply, and good
/// invocations until all counts arrived.
fn account_after(replies: Vec<Reply>, variables: &[(&str, &str)]) -> Account {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, variables);
    program.order("invoke");
    let times = replies.len();
    collector.next(replies);
    program.order(&format!("invoke times={times} spans=6"));
    program.settle_at(&collector)
}

/// Two invocations of six spans are refused. The second root carries the count of the first.
fn refused_roots_hand_their_counts_on() {
    for times in [1, 2, 5] {
        let collector = Collector::start(Reply::status(500));
        let mut program = Program::lambda(&collector, &[]);
        program.order(&format!("invoke times={times} spans=6"));
        collector.always(Reply::ok());
        program.order("invoke times=2");
        program.order("invoke spans=2");
        program.settle_at(&collector);
    }
}

fn every_status_balances() {
    let statuses = [400, 401, 403, 404, 408, 413, 415, 429, 500, 501, 502, 503, 504, 505, 204, 299];
    for half in statuses.chunks(8) {
        // A 2xx takes all sent spans.
        let reply = |status: &u16| if status / 100 == 2 { Reply::taken(*status) } else { Reply::status(*status) };
        account_after(half.iter().map(reply).collect(), &[]);
    }
}

fn partial_success_counts_what_was_refused() {
    let account = account_after(vec![Reply::partial(2, 2, "two are too old"), Reply::partial(1, 1, "")], &[]);
    assert_eq!(account.lost, 3, "{account}");
}

fn partial_success_of_everything_hands_counts_on() {
    account_after(vec![Reply::status(500), Reply::partial(ALL, 6, "none"), Reply::partial(ALL, 6, "")], &[]);
}

fn a_partial_success_is_believed_up_to_what_was_sent() {
    for claim in [7, 1000, i64::from(u32::MAX), i64::MAX] {
        let account = account_after(vec![Reply::partial(ALL, claim, "more than all")], &[]);
        assert_eq!(account.lost, 6, "{account}");
    }
    // 2^63 on the wire, a negative number in the protocol's signed integer.
    for (refused, claim) in [(0, i64::MIN), (0, -1), (0, -5)] {
        let collector = Collector::start(Reply::ok());
        let mut program = Program::lambda(&collector, &[]);
        collector.next([Reply::partial(refused, claim, "a negative number")]);
        program.order("invoke spans=6");
        program.order("invoke times=3");
        let account = program.account(collector.arrived());
        assert!([0, 6].contains(&account.lost), "{claim}\n{account}");
    }
}

fn a_warning_loses_nothing() {
    let account = account_after(vec![Reply::partial(0, 0, "a warning"), Reply::partial(0, 0, "")], &[]);
    assert_eq!(account.lost, 0, "{account}");
}

fn unreadable_bodies_lose_nothing() {
    let bodies: [&[u8]; 5] =
        [b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"{}", b"<html>", b"\x0a\x7f", &[0; 3000]];
    let account = account_after(bodies.map(|body| Reply::ok().body(body)).to_vec(), &[]);
    assert_eq!(account.lost, 0, "{account}");
}

fn partial_success_in_json() {
    let json = [("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")];
    let partial = |refused, rejected: &str| {
        let body = format!(r#"{{"partialSuccess":{{"rejectedSpans":{rejected},"errorMessage":"x"}}}}"#);
        Reply::partial(refused, 0, "").header("content-type", "application/json").body(body.as_bytes())
    };
    let account =
        account_after(vec![partial(2, r#""2""#), partial(1, "1"), partial(0, "\"0\""), partial(0, "null")], &json);
    assert_eq!(account.lost, 3, "{account}");
    let account = account_after(vec![partial(ALL, r#""9000000000000000000""#), partial(0, r#""-3""#)], &json);
    assert_eq!(account.lost, 6, "{account}");
}

fn redirects_are_not_followed() {
    let other = Collector::start(Reply::ok());
    let redirect = |status| Reply::status(status).header("location", &other.url());
    account_after([301, 302, 303, 307, 308].map(redirect).to_vec(), &[]);
    assert!(other.attempts().is_empty());
}

fn requests_that_are_cut_off_are_sent_again() {
    let account = account_after(vec![Reply::reset(), Reply::reset()], &[]);
    assert_eq!(account.lost, 0, "{account}");
}

/// The collector took the spans without a response. Spans may therefore arrive twice.
fn missing_responses_send_again() {
    let account = account_after(vec![Reply::close(), Reply::close()], &[]);
    assert_eq!(account.lost, 0, "{account}");
}

fn broken_responses_lose_nothing() {
    let account = account_after(vec![Reply::broken_off(), Reply::broken_off()], &[]);
    assert_eq!(account.lost, 0, "{account}");
}

fn endless_responses_end() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    collector.next([Reply::endless()]);
    let report = program.order("invoke spans=6");
    assert!(report.longest() < Duration::from_secs(6), "{:?}", report.longest());
    let account = program.settle_at(&collector);
    assert_eq!(account.lost, 0, "{account}");
}

fn informational_responses_are_skipped() {
    let account = account_after(vec![Reply::after_continue(), Reply::after_continue()], &[]);
    assert_eq!(account.lost, 0, "{account}");
}

/// 100 KiB take some 0.3 s.
fn slow_readers_get_each_span_once() {
    let collector = Collector::start(Reply::slow_reader());
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke times=3 spans=10 fill=10000");
    let account = program.settle_at(&collector);
    assert_eq!((account.lost, account.arrived), (0, account.made), "{account}");
}

/// Each response is the last on the connection, announced or not. No retry follows, because nothing was sent in vain.
fn closed_connections_are_opened_again() {
    for reply in [Reply::ok().header("connection", "close"), Reply::then_close()] {
        let collector = Collector::start(reply);
        let mut program = Program::lambda(&collector, &[]);
        program.order("invoke times=10 spans=6 pause=30");
        let account = program.account(collector.arrived());
        account.check();
        assert_eq!((account.arrived, account.lost), (60, 0), "{account}");
    }
}

fn other_protocols_lose_nothing() {
    let account = account_after(vec![Reply::no_http(), Reply::no_http()], &[]);
    assert_eq!(account.lost, 0, "{account}");
}

fn packed_requests_balance() {
    let packed = [("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")];
    account_after(vec![Reply::status(500), Reply::status(503), Reply::partial(1, 1, "one"), Reply::reset()], &packed);
}

fn retry_after_of_any_form() {
    let values = ["1", "x", "-1", "1.5", "", "Thu, 01 Jan 1970 00:00:00 GMT", "99999999999999999999999"];
    for (value, status) in values.into_iter().zip([429, 503, 502, 504, 429, 503, 400]) {
        account_after(vec![Reply::retry_after(status, value)], &[]);
    }
}

/// The collector wants to be left alone for longer than the scenario lasts.
fn retry_after_an_hour_keeps() {
    let collector = Collector::start(Reply::ok());
    let mut program = Program::lambda(&collector, &[]);
    program.order("invoke");
    collector.always(Reply::retry_after(503, "3600"));
    let report = program.order("invoke times=50 spans=6");
    assert!(report.total() < Duration::from_secs(3), "{:?}", report.total());
    let account = program.account(collector.arrived());
    account.check();
    assert_eq!(account.waiting, 300, "{account}");
    assert!(collector.attempts().len() <= 4, "{}", collector.attempts().len());
}
