//! Concurrent calls of a blocking client from one URL: each redirect belongs to one call.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use thundra_core::Scope;

use super::client::{
    Body, Call, Client, Kind, Policy, Settings, blocking_client_with, our_client, reqwest_client, scope,
};
use super::hosts::hosts;
use crate::support::{Record, Seen, attribute, exported, installed};

/// Makes calls that begin at one URL at once and continue on separate itineraries. Returns the result of each call, and
/// its requests.
async fn at_the_fork(
    scope: &Scope,
    client: &Client,
    address: SocketAddr,
    record: &Record,
    itineraries: &[&str],
) -> (BTreeMap<usize, String>, BTreeMap<usize, Vec<Seen>>) {
    let url = format!("http://127.0.0.1:{}/fork", address.port());
    let ready = Arc::new(Barrier::new(itineraries.len()));
    let mut calls = tokio::task::JoinSet::new();
    for (nth, itinerary) in itineraries.iter().enumerate() {
        let call = Call { method: reqwest::Method::POST, body: Body::Text, ..Call::get(&url) }
            .header("x-call", nth)
            .header("x-fork", itinerary)
            .header("authorization", "Bearer secret")
            .header("x-wait", [100, 200, 300, 200][nth % 4]);
        let (call, ready, span) = (client.blocking(call), ready.clone(), scope.span().clone());
        calls.spawn_blocking(move || {
            ready.wait();
            (nth, span.in_scope(call))
        });
    }
    let results = calls.join_all().await.into_iter().collect();
    let mut requests = BTreeMap::<usize, Vec<Seen>>::new();
    for seen in record.take() {
        requests.entry(seen.headers["x-call"].to_str().unwrap().parse().unwrap()).or_default().push(seen);
    }
    (results, requests)
}

fn without_ours(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(Seen::without_ours).collect()
}

#[tokio::test]
async fn concurrent_calls_from_one_url_are_told_apart() {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let itineraries = [
        "/end",
        "/302-home-90/end",
        "/307-home-90/end",
        "/302-foreign-80/end",
        "/308-foreign-80/302-home-60/end",
        "/302-foreign-80/302-home-60/end",
        "/307-home-90/307-home-30/302-other-30/end",
        "/302-home-90/302-home-30/307-foreign-30/end",
    ]
    .repeat(3);
    let theirs = reqwest_client(Kind::Blocking, address, Settings::default());
    let ours = our_client(Kind::Blocking, address, Settings::default());
    let (expected, expected_requests) = at_the_fork(&scope(), &theirs, address, &record, &itineraries).await;
    let scope = scope();
    let (results, requests) = at_the_fork(&scope, &ours, address, &record, &itineraries).await;
    assert_eq!(results, expected);
    let spans = exported(scope, &exporter, itineraries.len() + 1).await;
    for (nth, itinerary) in itineraries.iter().enumerate() {
        let requests = &requests[&nth];
        assert_eq!(without_ours(requests), without_ours(&expected_requests[&nth]), "{itinerary}");
        let foreign = requests.iter().position(|seen| seen.host == "foreign.example").unwrap_or(requests.len());
        for (hop, seen) in requests.iter().enumerate() {
            assert_eq!(seen.carries(), (true, hop < foreign), "{itinerary}, hop {hop}");
        }
        let context = requests[0].headers["traceparent"].to_str().unwrap();
        let span = spans.iter().find(|span| context.contains(&span.context.span_id.to_string())).unwrap();
        let count = Some(requests.len() - 1).filter(|count| *count > 0).map(|count| count.to_string());
        assert_eq!(attribute(span, "http.request.resend_count"), count, "{itinerary}");
        assert!(requests.iter().all(|seen| seen.headers["traceparent"] == context), "{itinerary}");
    }
}

#[tokio::test]
async fn concurrent_calls_from_one_url_have_a_limit_each() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let client = our_client(Kind::Blocking, address, Settings { policy: Policy::Limited(2), ..Settings::default() });
    // The calls meet at the foreign host, some after one hop and some after two, and each call waits there.
    let itineraries = ["/302-foreign/302-foreign-own/end", "/302-home/302-foreign/302-foreign-own/end"].repeat(6);
    let (results, requests) = at_the_fork(&scope(), &client, address, &record, &itineraries).await;
    for (nth, result) in results {
        let (expected, count) = match nth % 2 {
            0 => ("200 OK from ", 3),
            _ => ("(true, false, false, false) at ", 3),
        };
        assert!(result.starts_with(expected), "{nth}: {result}");
        assert!(nth % 2 == 0 || result.ends_with("Some(\"too many redirects\")"), "{result}");
        assert_eq!(requests[&nth].len(), count, "{nth}");
        let leaks = |seen: &&Seen| seen.host == "foreign.example" && seen.headers.contains_key("authorization");
        assert_eq!(requests[&nth].iter().filter(leaks).count(), 0, "{nth}: the first hop removed the header");
    }
}

#[tokio::test]
async fn concurrent_calls_of_a_configured_client_are_redirected_by_reqwest() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let settings = Settings { default_headers: vec![("authorization", "Basic x")], ..Settings::default() };
    let itineraries = ["/302-foreign-50/302-home-50/end"; 4];
    let theirs = reqwest_client(Kind::Blocking, address, settings.clone());
    let ours = our_client(Kind::Blocking, address, Settings { configure: true, ..settings });
    let (expected, expected_requests) = at_the_fork(&scope(), &theirs, address, &record, &itineraries).await;
    let (results, requests) = at_the_fork(&scope(), &ours, address, &record, &itineraries).await;
    assert_eq!(results, expected);
    for (nth, expected) in expected_requests {
        assert_eq!(without_ours(&requests[&nth]), without_ours(&expected), "{nth}");
    }
}

#[tokio::test]
async fn an_ambiguous_call_does_not_follow_redirects_in_a_circle() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let client =
        blocking_client_with(address, Some(Duration::from_secs(3)), |attempt| match attempt.previous().len() {
            ..=30 => attempt.follow(),
            _ => attempt.error("a circle"),
        });
    // The waiting call has the shortest history, so the policy never sees the circle of the other call.
    let itineraries = ["/slow", "/302-again-20/"];
    let (results, requests) = at_the_fork(&scope(), &client, address, &record, &itineraries).await;
    assert!(results[&0].starts_with("(false, true, "), "{results:?}");
    assert!(results[&1].ends_with("Some(\"too many redirects\")"), "{results:?}");
    assert_eq!(requests[&1].len(), 21);
}

#[tokio::test]
async fn calls_that_carry_nothing_of_ours_are_left_to_reqwest() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let hops = Arc::new(Mutex::new(BTreeMap::<_, Vec<usize>>::new()));
    let seen = hops.clone();
    let client = blocking_client_with(address, None, move |attempt| {
        // reqwest runs a request in one task.
        let task = tokio::task::id().to_string();
        seen.lock().unwrap().entry(task).or_default().push(attempt.previous().len());
        attempt.follow()
    });
    let url = format!("http://127.0.0.1:{}/302-foreign-100/302-home-50/302-home/end", address.port());
    let (ready, span) = (Arc::new(Barrier::new(4)), scope().span().clone());
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let (call, ready, span) = (client.blocking(Call::get(&url)), ready.clone(), span.clone());
            tokio::task::spawn_blocking(move || {
                let _suppressed = opentelemetry::Context::enter_telemetry_suppressed_scope();
                ready.wait();
                span.in_scope(call)
            })
        })
        .collect();
    for call in calls {
        assert!(call.await.unwrap().starts_with("200 OK from "));
    }
    assert_eq!(record.take().len(), 16);
    assert_eq!(hops.lock().unwrap().values().collect::<Vec<_>>(), [&vec![1, 2, 3]; 4]);
}

#[tokio::test]
async fn an_untraced_call_beside_traced_ones_is_redirected_as_ever() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let client = our_client(Kind::Blocking, address, Settings::default());
    let url = format!("http://127.0.0.1:{}/302-foreign-50/302-home/end", address.port());
    let calls: Vec<_> = (0..4)
        .map(|nth| {
            let (call, span) = (client.blocking(Call::get(&url).header("x-call", nth)), scope().span().clone());
            thread::spawn(move || {
                let _suppressed = (nth % 2 == 0).then(opentelemetry::Context::enter_telemetry_suppressed_scope);
                span.in_scope(call)
            })
        })
        .collect();
    let joined = tokio::task::spawn_blocking(|| calls.into_iter().map(|call| call.join().unwrap()).collect::<Vec<_>>());
    let end = format!("200 OK from http://127.0.0.1:{}/end", address.port());
    assert_eq!(joined.await.unwrap(), vec![end; 4]);
    let seen = record.take();
    assert_eq!(seen.len(), 12);
    for seen in seen {
        let untraced = ["0", "2"].contains(&seen.headers["x-call"].to_str().unwrap());
        let first = seen.path.starts_with("/302-foreign");
        assert_eq!(seen.carries(), (!untraced, !untraced && first), "{} {}", seen.host, seen.path);
    }
}
