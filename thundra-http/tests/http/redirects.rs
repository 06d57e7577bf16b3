//! Redirects: nothing changes against reqwest, but who gets our context.
//!
//! The path of a request is its itinerary: `/302-stranger/307-home/end` is redirected with 302 to `stranger.example`,
//! with 307 to 127.0.0.1, and answered there.
//!
//! The client that waits and the one that blocks are tested in the same words: a test is a macro, and is given the
//! kind of client.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use thundra_core::Scope;
use thundra_core::propagation::{Inbound, Propagators, Trust};

use crate::support::{Record, Seen, attribute, exported, installed, serve};

/// A server that sends its callers from host to host.
async fn hosts() -> (SocketAddr, Record) {
    let record = Record::default();
    let keep = record.clone();
    let port = Arc::new(Mutex::new(0));
    let own = port.clone();
    let app = Router::new().fallback(move |request: Request| {
        let (keep, port) = (keep.clone(), *own.lock().unwrap());
        async move {
            let (head, body) = request.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let path = head.uri.path_and_query().unwrap().to_string();
            let host = head.headers["host"].to_str().unwrap().split(':').next().unwrap().to_owned();
            // From there on each goes his own way.
            let fork = head.headers.get("x-fork").filter(|_| path == "/fork").cloned();
            let way = fork.as_ref().map_or(head.uri.path(), |way| way.to_str().unwrap()).to_owned();
            let wait = head.headers.get("x-wait").map_or(0, |wait| wait.to_str().unwrap().parse().unwrap());
            keep.keep(Seen { method: head.method.to_string(), host, path, headers: head.headers, body });
            answer(&way, port, wait).await
        }
    });
    let address = serve(app).await;
    *port.lock().unwrap() = address.port();
    (address, record)
}

async fn answer(path: &str, port: u16, own_wait: u64) -> Response {
    let (step, rest) = path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_start_matches('/'), ""));
    let mut parts = step.split('-');
    let response = Response::builder().header("set-cookie", format!("jar={}; Path=/", path.len()));
    let Ok(status) = parts.next().unwrap().parse::<u16>() else {
        if step == "slow" {
            std::future::pending::<()>().await;
        }
        return response.body(Body::from("the end")).unwrap();
    };
    let location = match parts.next().unwrap() {
        "home" => format!("http://127.0.0.1:{port}/{rest}"),
        "signed" => format!("http://127.0.0.1:{port}/{rest}?X-Amz-Signature=x"),
        "other" => format!("http://other.internal:{port}/{rest}"),
        "stranger" => format!("http://stranger.example:{port}/{rest}"),
        "refused" => format!("http://127.0.0.1:1/{rest}"),
        "ftp" => format!("ftp://stranger.example/{rest}"),
        "again" => "/fork".to_owned(),
        relative => format!("/{relative}/{rest}"),
    };
    if let Some(wait) = parts.next() {
        let wait = if wait == "own" { own_wait } else { wait.parse().unwrap() };
        tokio::time::sleep(Duration::from_millis(wait)).await;
    }
    response.status(StatusCode::from_u16(status).unwrap()).header("location", location).body(Body::empty()).unwrap()
}

/// What must not be made or dropped where a runtime waits.
struct Apart<T: Send>(Option<T>);

fn apart<T: Send>(make: impl FnOnce() -> T + Send) -> Apart<T> {
    Apart(Some(thread::scope(|scope| scope.spawn(make).join().unwrap())))
}

impl<T: Send> Deref for Apart<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().unwrap()
    }
}

impl<T: Send> Drop for Apart<T> {
    fn drop(&mut self) {
        let inner = self.0.take();
        thread::scope(|scope| drop(scope.spawn(move || drop(inner)).join()));
    }
}

/// Builds a client of either crate and kind in the same words.
macro_rules! client {
    (waiting $krate:ident $($rest:tt)*) => { client!($krate::Client, $($rest)*) };
    (blocking $krate:ident $($rest:tt)*) => { apart(|| client!($krate::blocking::Client, $($rest)*)) };
    ($client:ty, , $address:expr $(, $setting:ident($($argument:expr),*))*) => {
        <$client>::builder()
            .no_proxy()
            .resolve("other.internal", $address)
            .resolve("stranger.example", $address)
            $(.$setting($($argument),*))*
            .build()
            .unwrap()
    };
}

/// Sends a request in a scope, and says in words what came of it.
macro_rules! sent {
    (waiting $scope:expr, $request:expr) => {
        outcome!($scope.run($request.send()).await)
    };
    (blocking $scope:expr, $request:expr) => {{
        let (request, span) = ($request, $scope.span().clone());
        let sending = tokio::task::spawn_blocking(move || outcome!(span.in_scope(|| request.send())));
        sending.await.unwrap()
    }};
}

macro_rules! outcome {
    ($result:expr) => {
        outcome($result.map(|response| format!("{} from {}", response.status(), response.url())))
    };
}

macro_rules! stream {
    (waiting) => {
        reqwest::Body::wrap_stream(futures_util::stream::iter([Ok::<_, std::io::Error>("pay"), Ok("load")]))
    };
    (blocking) => {
        // Without a size hyper may drop it unread, and reqwest then fails now and again.
        reqwest::blocking::Body::sized(std::io::Cursor::new("payload"), 7)
    };
}

/// Does the same with two clients of different types.
macro_rules! both_clients {
    ($first:ident, $second:ident, |$client:ident| $body:block) => {
        let $client = &$first;
        $body
        let $client = &$second;
        $body
    };
}

/// What came of a request, in words.
fn outcome(result: reqwest::Result<String>) -> String {
    result.unwrap_or_else(|error| {
        let kinds = (error.is_redirect(), error.is_timeout(), error.is_builder(), error.is_request());
        format!(
            "{kinds:?} at {:?}: {:?}",
            error.url().map(ToString::to_string),
            std::error::Error::source(&error).map(ToString::to_string)
        )
    })
}

fn scope() -> Scope {
    let pairs = [("baggage", "tenant=7"), ("x-correlation-id", "c-1")];
    Scope::builder("caller").parent(Inbound::extract(pairs, Propagators::default(), Trust::Full)).begin()
}

const ITINERARIES: &[&str] = &[
    "301-home/end",
    "302-other/end",
    "303-stranger/end",
    "301-stranger/end",
    "307-stranger/end",
    "308-stranger/end",
    "300-stranger/end",
    "302-other/307-stranger/end",
    "307-other/303-stranger/end",
    "307-other/307-other/307-stranger/end",
    "307-stranger/302-home/end",
    "302-signed/end",
    "307-stranger/307-signed/end",
    "302-relative/end",
    "302-ftp/end",
    "307-stranger/302-ftp/end",
    "302-stranger/302-home/302-relative/end",
    "307-stranger/307-home/307-home/307-home/end",
    "302-stranger/302-other/303-other/302-home/302-home/end",
    "302-stranger/302-home/302-home/302-stranger/302-home/302-home/end",
    "302-signed/302-home/302-home/end",
    "302-stranger/302-refused/end",
    "302-refused/end",
];

type Ways = Arc<Mutex<Vec<(StatusCode, reqwest::Url, Vec<reqwest::Url>)>>>;

/// A policy of one's own that keeps what it sees.
macro_rules! custom {
    ($krate:ident, $ways:expr) => {{
        let ways: Ways = $ways.clone();
        $krate::redirect::Policy::custom(move |attempt| {
            let way = (attempt.status(), attempt.url().clone(), attempt.previous().to_vec());
            ways.lock().unwrap().push(way);
            match attempt.url().path() {
                "/stop" => attempt.stop(),
                "/fail" => attempt.error("no further"),
                _ => $krate::redirect::Policy::limited(3).redirect(attempt),
            }
        })
    }};
}

macro_rules! a_redirected_call_is_the_one_that_reqwest_makes {
    ($kind:ident) => {{
        let (_turn, _exporter) = installed().await;
        let (address, record) = hosts().await;
        let defaults = || {
            let pairs = [("authorization", "Basic ZGVmYXVsdA=="), ("content-type", "text/x"), ("x-default", "d")];
            pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
        };
        let genuine = client!($kind reqwest, address, default_headers(defaults()), cookie_store(true), user_agent("ua"));
        let ours =
            client!($kind thundra_http, address, default_headers(defaults()), cookie_store(true), user_agent("ua"));
        let mut compared = 0;
        for itinerary in ITINERARIES {
            for method in ["GET", "POST", "PUT", "HEAD"] {
                for body in ["none", "text", "stream"] {
                    let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
                    let mut results = Vec::new();
                    both_clients!(genuine, ours, |client| {
                        let mut request = client.request(method.parse().unwrap(), &url).header("x-mine", "m");
                        if method != "PUT" {
                            // The others send what the jar holds.
                            request = request.header("cookie", "mine=1");
                        }
                        match body {
                            "text" => request = request.header("content-encoding", "x").body("payload"),
                            "stream" => request = request.body(stream!($kind)),
                            _ => {}
                        }
                        let result = sent!($kind scope(), request);
                        let seen: Vec<_> = record.take().iter().map(Seen::theirs).collect();
                        results.push((result, seen));
                    });
                    assert_eq!(results[1], results[0], "{method} {itinerary} with body: {body}");
                    compared += 1;
                }
            }
        }
        assert_eq!(compared, ITINERARIES.len() * 12);
    }};
}

macro_rules! no_host_is_redirected_more_than_it_may_know {
    ($kind:ident) => {{
        let (_turn, exporter) = installed().await;
        let (address, record) = hosts().await;
        let client = client!($kind thundra_http, address);
        let (all, trace, none) = ((true, true), (true, false), (false, false));
        for (itinerary, expected, why) in [
            ("302-home/end", vec![all, all], "our own host"),
            ("302-other/end", vec![all, all], "another host of ours"),
            ("302-home/302-home/302-other/end", vec![all; 4], "hosts of ours"),
            ("302-stranger/end", vec![all, trace], "a stranger"),
            ("302-other/302-stranger/302-stranger/end", vec![all, all, trace, trace], "a stranger, later"),
            ("302-stranger/302-home/end", vec![all, trace, trace], "home again by way of a stranger"),
            ("302-signed/end", vec![all, none], "a presigned address"),
            ("302-stranger/302-signed/end", vec![all, trace, none], "a presigned address by way of a stranger"),
            ("302-signed/302-home/end", vec![all, none, none], "home again by way of a presigned address"),
        ] {
            let scope = scope();
            let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
            let result = sent!($kind scope, client.get(&url));
            assert!(result.starts_with("200 OK from ") && result.contains("/end"), "{result}");
            let seen = record.take();
            assert_eq!(seen.iter().map(Seen::carries).collect::<Vec<_>>(), expected, "{itinerary}: {why}");
            let spans = exported(scope, &exporter, 2).await;
            let count = (expected.len() - 1).to_string();
            assert_eq!(attribute(&spans[0], "http.request.resend_count"), Some(count), "{itinerary}");
            let sent = spans[0].context.span_id.to_string();
            let headers = seen.iter().filter_map(|seen| seen.headers.get("traceparent"));
            assert!(headers.into_iter().all(|h| h.to_str().unwrap().contains(&sent)), "one span for one call");
        }
    }};
}

macro_rules! policies_see_the_whole_way_and_are_obeyed {
    ($kind:ident) => {{
        let (_turn, exporter) = installed().await;
        let (address, record) = hosts().await;
        let ways = Ways::default();
        let genuine = client!($kind reqwest, address, redirect(custom!(reqwest, ways)), referer(false));
        let ours = client!($kind thundra_http, address, redirect(custom!(thundra_http, ways)), referer(false));
        for (itinerary, requests) in [
            ("302-home/302-other/end", 3),
            ("302-stranger/302-home/302-stranger/end", 4),
            ("302-stranger/302-home/302-stranger/302-home/end", 4),
            ("302-stranger/302-home/stop", 2),
            ("302-stranger/302-stranger/fail", 2),
            ("302-home/302-stranger/stop", 2),
        ] {
            let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
            let expected = (sent!($kind scope(), genuine.get(&url)), std::mem::take(&mut *ways.lock().unwrap()));
            let theirs: Vec<_> = record.take().iter().map(Seen::theirs).collect();
            let scope = scope();
            let result = (sent!($kind scope, ours.get(&url)), std::mem::take(&mut *ways.lock().unwrap()));
            assert_eq!(result, expected, "{itinerary}");
            let own: Vec<_> = record.take().iter().map(Seen::theirs).collect();
            assert_eq!(own, theirs, "{itinerary}");
            assert_eq!(own.len(), requests, "{itinerary}");
            let spans = exported(scope, &exporter, 2).await;
            let count = attribute(&spans[0], "http.request.resend_count");
            assert_eq!(count, Some((requests - 1).to_string()), "{itinerary}");
        }
        let stay = client!($kind thundra_http, address, redirect(thundra_http::redirect::Policy::none()));
        let url = format!("http://127.0.0.1:{}/302-stranger/end", address.port());
        assert_eq!(sent!($kind scope(), stay.get(&url)), format!("302 Found from {url}"));
        assert_eq!(record.take().len(), 1);
    }};
}

macro_rules! a_limit_is_one_for_the_whole_way {
    ($kind:ident) => {{
        let (_turn, _exporter) = installed().await;
        let (address, record) = hosts().await;
        let genuine = client!($kind reqwest, address, redirect(reqwest::redirect::Policy::limited(2)), referer(false));
        let two = thundra_http::redirect::Policy::limited(2);
        let ours = client!($kind thundra_http, address, redirect(two), referer(false));
        for itinerary in [
            "302-stranger/302-home/end",
            "302-stranger/302-home/302-home/end",
            "302-stranger/302-stranger/302-stranger/end",
            "302-home/302-stranger/302-ftp/end",
        ] {
            let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
            let mut results = Vec::new();
            both_clients!(genuine, ours, |client| {
                let result = sent!($kind scope(), client.get(&url));
                results.push((result, record.take().iter().map(Seen::theirs).collect::<Vec<_>>()));
            });
            assert_eq!(results[1], results[0], "{itinerary}");
        }
    }};
}

macro_rules! a_stranger_is_not_told_on_the_next_hop_what_the_first_one_kept_from_him {
    ($kind:ident) => {{
        let (_turn, _exporter) = installed().await;
        let (address, record) = hosts().await;
        let client = client!($kind thundra_http, address);
        for (itinerary, expected) in [
            ("302-stranger/302-stranger/end", vec![true, false, false]),
            ("302-stranger/302-home/302-home/302-stranger/end", vec![true, false, false, true, false]),
        ] {
            let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
            sent!($kind scope(), client.get(&url).bearer_auth("secret"));
            let told: Vec<_> = record.take().iter().map(|seen| seen.headers.contains_key("authorization")).collect();
            assert_eq!(told, expected, "{itinerary}");
        }
    }};
}

macro_rules! a_configured_client_is_redirected_as_reqwest_does_it {
    ($kind:ident) => {{
        let (_turn, exporter) = installed().await;
        let (address, record) = hosts().await;
        let defaults = || [("authorization".parse().unwrap(), "Basic x".parse().unwrap())].into_iter().collect();
        let genuine = client!($kind reqwest, address, default_headers(defaults()), referer(false));
        let ours =
            client!($kind thundra_http, address, configure(|inner| inner.default_headers(defaults()).referer(false)));
        for itinerary in ["302-stranger/end", "302-home/307-stranger/302-home/302-stranger/end", "302-stranger/302-ftp/"] {
            let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
            let expected = sent!($kind scope(), genuine.get(&url));
            let theirs: Vec<_> = record.take().iter().map(Seen::theirs).collect();
            let scope = scope();
            assert_eq!(sent!($kind scope, ours.get(&url)), expected, "{itinerary}");
            let seen = record.take();
            assert_eq!(seen.iter().map(Seen::theirs).collect::<Vec<_>>(), theirs, "{itinerary}");
            assert!(seen.iter().all(|seen| seen.carries() == (true, true)), "{itinerary}");
            let stranger = seen.iter().find(|seen| seen.host == "stranger.example").unwrap();
            assert!(!stranger.headers.contains_key("authorization"), "{itinerary}");
            let spans = exported(scope, &exporter, 2).await;
            let count = Some((seen.len() - 1).to_string());
            assert_eq!(attribute(&spans[0], "http.request.resend_count"), count, "{itinerary}");
        }
    }};
}

macro_rules! an_error_names_the_address_that_reqwest_names {
    ($kind:ident) => {{
        let (_turn, _exporter) = installed().await;
        let (address, _) = hosts().await;
        let genuine = client!($kind reqwest, address, timeout(Duration::from_millis(200)));
        let ours = client!($kind thundra_http, address, timeout(Duration::from_millis(200)));
        for itinerary in ["302-stranger/slow", "302-stranger/302-home/slow", "302-home/slow"] {
            let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
            let expected = sent!($kind scope(), genuine.get(&url));
            let result = sent!($kind scope(), ours.get(&url));
            assert_eq!(result, expected, "{itinerary}");
            assert!(result.contains(&url), "{result}");
        }
    }};
}

/// Makes tests of these macros, one for each kind of client.
macro_rules! tests {
    ($kind:ident: $($name:ident)*) => {
        mod $kind {
            use super::*;

            $(#[tokio::test]
            async fn $name() {
                $name!($kind);
            })*
        }
    };
    ($($name:ident)*) => {
        tests!(waiting: $($name)*);
        tests!(blocking: $($name)*);
    };
}
tests! {
    a_redirected_call_is_the_one_that_reqwest_makes
    no_host_is_redirected_more_than_it_may_know
    policies_see_the_whole_way_and_are_obeyed
    a_limit_is_one_for_the_whole_way
    a_stranger_is_not_told_on_the_next_hop_what_the_first_one_kept_from_him
    a_configured_client_is_redirected_as_reqwest_does_it
    an_error_names_the_address_that_reqwest_names
}

#[tokio::test]
async fn a_builder_that_becomes_one_that_blocks_keeps_what_it_was_told() {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let ways = Ways::default();
    let headers = || [("authorization".parse().unwrap(), "Basic x".parse().unwrap())].into_iter().collect();
    macro_rules! client {
        ($krate:ident) => {
            apart(|| {
                let builder = $krate::ClientBuilder::new().no_proxy().resolve("stranger.example", address);
                let builder = builder.default_headers(headers()).referer(false).redirect(custom!($krate, ways));
                $krate::blocking::ClientBuilder::from(builder).build().unwrap()
            })
        };
    }
    let (genuine, ours) = (client!(reqwest), client!(thundra_http));
    for itinerary in ["302-stranger/end", "302-home/302-stranger/302-home/302-home/end", "302-home/stop"] {
        let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
        let expected = (sent!(blocking scope(), genuine.get(&url)), std::mem::take(&mut *ways.lock().unwrap()));
        let theirs: Vec<_> = record.take().iter().map(Seen::theirs).collect();
        let scope = scope();
        let result = (sent!(blocking scope, ours.get(&url)), std::mem::take(&mut *ways.lock().unwrap()));
        assert_eq!(result, expected, "{itinerary}");
        let seen = record.take();
        assert_eq!(seen.iter().map(Seen::theirs).collect::<Vec<_>>(), theirs, "{itinerary}");
        assert!(seen.iter().all(|seen| seen.host != "stranger.example" || seen.carries() == (true, false)));
        let spans = exported(scope, &exporter, 2).await;
        let count = Some(seen.len() - 1).filter(|count| *count > 0).map(|count| count.to_string());
        assert_eq!(attribute(&spans[0], "http.request.resend_count"), count, "{itinerary}");
    }
    let builder = thundra_http::ClientBuilder::new().https_only(true);
    let strict = apart(|| thundra_http::blocking::ClientBuilder::from(builder).build().unwrap());
    let result = sent!(blocking scope(), strict.get(format!("http://{address}/end")));
    assert!(result.starts_with("(false, false, true, "), "{result}");
}

#[tokio::test]
async fn a_timeout_is_one_for_the_whole_way() {
    let (_turn, _exporter) = installed().await;
    let (address, _) = hosts().await;
    let patient = client!(waiting thundra_http, address);
    let hasty = client!(waiting thundra_http, address, timeout(Duration::from_millis(400)));
    let blocking = client!(blocking thundra_http, address, timeout(None));
    let hasty_blocking = apart(|| {
        let builder = thundra_http::Client::builder().no_proxy().timeout(Duration::from_millis(400));
        let builder = builder.resolve("stranger.example", address);
        thundra_http::blocking::ClientBuilder::from(builder).build().unwrap()
    });
    let url = format!("http://127.0.0.1:{}/302-stranger-300/slow", address.port());
    let total = Duration::from_millis(400);
    macro_rules! timed_out {
        ($kind:ident $request:expr) => {
            let started = Instant::now();
            let result = sent!($kind scope(), $request);
            let took = started.elapsed();
            assert!(result.starts_with("(false, true, "), "{result}");
            assert!(took >= total && took < Duration::from_millis(650), "{took:?}");
        };
    }
    timed_out!(waiting hasty.get(&url));
    timed_out!(waiting patient.get(&url).timeout(total));
    timed_out!(blocking blocking.get(&url).timeout(total));
    timed_out!(blocking hasty_blocking.get(&url));
}

#[tokio::test]
async fn the_timeout_of_a_blocking_client_is_that_of_one_wait() {
    let (_turn, _exporter) = installed().await;
    let (address, _) = hosts().await;
    let client = client!(blocking thundra_http, address, timeout(Duration::from_millis(400)));
    let url = format!("http://127.0.0.1:{}/fork", address.port());
    for (way, outcome, longest) in [
        ("/end", "200 OK from ", 300),
        // Calls that are over are not in the way of this one.
        ("/302-home-300/slow", "(false, true, ", 650),
        ("/302-stranger-300/slow", "(false, true, ", 950),
    ] {
        let started = Instant::now();
        let result = sent!(blocking scope(), client.get(&url).header("x-fork", way));
        let took = started.elapsed();
        assert!(result.starts_with(outcome), "{result}");
        assert!(took < Duration::from_millis(longest), "{way}: {took:?}");
    }
}

/// Calls that begin at one address at once, and go ways of their own from there. What comes of each call, and what
/// was asked in it.
macro_rules! at_the_fork {
    ($scope:expr, $client:expr, $address:expr, $record:expr, $ways:expr) => {{
        let url = format!("http://127.0.0.1:{}/fork", $address.port());
        let ready = Arc::new(Barrier::new($ways.len()));
        let mut calls = tokio::task::JoinSet::new();
        for (nth, way) in $ways.iter().enumerate() {
            let request = $client.post(&url).header("x-call", nth).header("x-fork", *way).body("payload");
            let request = request.bearer_auth("secret").header("x-wait", [100, 200, 300, 200][nth % 4]);
            let (ready, span) = (ready.clone(), $scope.span().clone());
            calls.spawn_blocking(move || {
                ready.wait();
                (nth, outcome!(span.in_scope(|| request.send())))
            });
        }
        let results: BTreeMap<_, _> = calls.join_all().await.into_iter().collect();
        let mut asked = BTreeMap::<usize, Vec<Seen>>::new();
        for seen in $record.take() {
            asked.entry(seen.headers["x-call"].to_str().unwrap().parse().unwrap()).or_default().push(seen);
        }
        (results, asked)
    }};
}

#[tokio::test]
async fn calls_at_once_with_one_address_are_told_apart() {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    const WAYS: [&str; 8] = [
        "/end",
        "/302-home-90/end",
        "/307-home-90/end",
        "/302-stranger-80/end",
        "/308-stranger-80/302-home-60/end",
        "/302-stranger-80/302-home-60/end",
        "/307-home-90/307-home-30/302-other-30/end",
        "/302-home-90/302-home-30/307-stranger-30/end",
    ];
    let ways: Vec<_> = WAYS.repeat(3);
    let genuine = client!(blocking reqwest, address);
    let ours = client!(blocking thundra_http, address);
    let (expected, theirs) = at_the_fork!(scope(), genuine, address, record, ways);
    let scope = scope();
    let (results, asked) = at_the_fork!(scope, ours, address, record, ways);
    assert_eq!(results, expected);
    let spans = exported(scope, &exporter, ways.len() + 1).await;
    for (nth, way) in ways.iter().enumerate() {
        let (asked, theirs) = (&asked[&nth], &theirs[&nth]);
        let told = |seen: &[Seen]| seen.iter().map(Seen::theirs).collect::<Vec<_>>();
        assert_eq!(told(asked), told(theirs), "{way}");
        let stranger = asked.iter().position(|seen| seen.host == "stranger.example").unwrap_or(asked.len());
        for (hop, seen) in asked.iter().enumerate() {
            assert_eq!(seen.carries(), (true, hop < stranger), "{way}, hop {hop}");
        }
        let context = asked[0].headers["traceparent"].to_str().unwrap();
        let span = spans.iter().find(|span| context.contains(&span.context.span_id.to_string())).unwrap();
        let count = Some(asked.len() - 1).filter(|count| *count > 0).map(|count| count.to_string());
        assert_eq!(attribute(span, "http.request.resend_count"), count, "{way}");
        assert!(asked.iter().all(|seen| seen.headers["traceparent"] == context), "{way}");
    }
}

#[tokio::test]
async fn calls_at_once_with_one_address_have_a_limit_each() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let two = thundra_http::redirect::Policy::limited(2);
    let client = client!(blocking thundra_http, address, redirect(two));
    // At the stranger's they meet, some after one hop and some after two, and each is made to wait.
    let ways = ["/302-stranger/302-stranger-own/end", "/302-home/302-stranger/302-stranger-own/end"].repeat(6);
    let (results, asked) = at_the_fork!(scope(), client, address, record, ways);
    for (nth, result) in results {
        let (expected, requests) = match nth % 2 {
            0 => ("200 OK from ", 3),
            _ => ("(true, false, false, false) at ", 3),
        };
        assert!(result.starts_with(expected), "{nth}: {result}");
        assert!(nth % 2 == 0 || result.ends_with("Some(\"too many redirects\")"), "{result}");
        assert_eq!(asked[&nth].len(), requests, "{nth}");
        let told = |seen: &&Seen| seen.host == "stranger.example" && seen.headers.contains_key("authorization");
        assert_eq!(asked[&nth].iter().filter(told).count(), 0, "{nth}: the first one kept it from him");
    }
}

#[tokio::test]
async fn calls_at_once_of_a_configured_client_are_redirected_as_reqwest_does_it() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let defaults = || [("authorization".parse().unwrap(), "Basic x".parse().unwrap())].into_iter().collect();
    let ways = ["/302-stranger-50/302-home-50/end"; 4];
    let genuine = client!(blocking reqwest, address, default_headers(defaults()));
    let ours = client!(blocking thundra_http, address, configure(|inner| inner.default_headers(defaults())));
    let (expected, theirs) = at_the_fork!(scope(), genuine, address, record, ways);
    let (results, asked) = at_the_fork!(scope(), ours, address, record, ways);
    assert_eq!(results, expected);
    for (nth, theirs) in theirs {
        let told = |seen: &[Seen]| seen.iter().map(Seen::theirs).collect::<Vec<_>>();
        assert_eq!(told(&asked[&nth]), told(&theirs), "{nth}");
    }
}

#[tokio::test]
async fn a_call_that_may_be_another_one_does_not_go_in_a_circle() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let policy = thundra_http::redirect::Policy::custom(|attempt| match attempt.previous().len() {
        ..=30 => attempt.follow(),
        _ => attempt.error("a circle"),
    });
    let client = client!(blocking thundra_http, address, redirect(policy), timeout(Duration::from_secs(3)));
    // The one that waits there has gone no way yet.
    let (results, asked) = at_the_fork!(scope(), client, address, record, ["/slow", "/302-again-20/"]);
    assert!(results[&0].starts_with("(false, true, "), "{results:?}");
    assert!(results[&1].ends_with("Some(\"too many redirects\")"), "{results:?}");
    assert_eq!(asked[&1].len(), 21);
}

#[tokio::test]
async fn blocking_calls_that_have_nothing_of_ours_are_left_to_reqwest() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let hops = Arc::new(Mutex::new(BTreeMap::<_, Vec<usize>>::new()));
    let seen = hops.clone();
    let policy = thundra_http::redirect::Policy::custom(move |attempt| {
        // reqwest runs a request in one task.
        let task = tokio::task::id().to_string();
        seen.lock().unwrap().entry(task).or_default().push(attempt.previous().len());
        attempt.follow()
    });
    let client = client!(blocking thundra_http, address, redirect(policy));
    let url = format!("http://127.0.0.1:{}/302-stranger-100/302-home-50/302-home/end", address.port());
    let (ready, span) = (Arc::new(Barrier::new(4)), scope().span().clone());
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let (request, ready, span) = (client.get(&url), ready.clone(), span.clone());
            tokio::task::spawn_blocking(move || {
                let _suppressed = opentelemetry::Context::enter_telemetry_suppressed_scope();
                ready.wait();
                outcome!(span.in_scope(|| request.send()))
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
async fn a_blocking_call_that_is_not_traced_is_redirected_as_ever() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let client = client!(blocking thundra_http, address);
    let url = format!("http://127.0.0.1:{}/302-stranger-50/302-home/end", address.port());
    let calls: Vec<_> = (0..4)
        .map(|nth| {
            let (request, span) = (client.get(&url).header("x-call", nth), scope().span().clone());
            thread::spawn(move || {
                let _suppressed = (nth % 2 == 0).then(opentelemetry::Context::enter_telemetry_suppressed_scope);
                outcome!(span.in_scope(|| request.send()))
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
        let first = seen.path.starts_with("/302-stranger");
        assert_eq!(seen.carries(), (!untraced, !untraced && first), "{} {}", seen.host, seen.path);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_may_make_calls_of_its_own() {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let (asking, question) =
        (client!(waiting thundra_http, address), format!("http://127.0.0.1:{}/302-home/end", address.port()));
    let policy = thundra_http::redirect::Policy::custom(move |attempt| {
        // Not traced: so it has no way of its own.
        let _suppressed = opentelemetry::Context::enter_telemetry_suppressed_scope();
        let ask = || tokio::runtime::Handle::current().block_on(asking.get(&question).send());
        if tokio::task::block_in_place(ask).is_ok() { attempt.follow() } else { attempt.stop() }
    });
    let client = client!(waiting thundra_http, address, redirect(policy));
    let url = format!("http://127.0.0.1:{}/302-stranger/end", address.port());
    let scope = scope();
    let call = tokio::time::timeout(Duration::from_secs(20), scope.run(client.get(url).send()));
    assert_eq!(call.await.unwrap().unwrap().text().await.unwrap(), "the end");
    let seen: Vec<_> = record.take().into_iter().map(|seen| format!("{}{}", seen.host, seen.path)).collect();
    let expected = ["127.0.0.1/302-stranger/end", "127.0.0.1/302-home/end", "127.0.0.1/end", "stranger.example/end"];
    assert_eq!(seen, expected);
    let spans = exported(scope, &exporter, 2).await;
    assert_eq!(attribute(&spans[0], "http.request.resend_count").as_deref(), Some("1"));
}

#[tokio::test]
async fn a_client_of_reqwests_own_hands_ids_on() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let genuine = client!(waiting reqwest, address);
    let url = format!("http://127.0.0.1:{}/302-stranger/end", address.port());
    for _ in 0..2 {
        let traced = thundra_http::RequestBuilderExt::send_traced(genuine.get(&url));
        scope().run(traced).await.unwrap();
        let converted = thundra_http::Client::from(genuine.clone());
        scope().run(converted.get(&url).send()).await.unwrap();
    }
    let seen = record.take();
    assert_eq!(seen.iter().filter(|seen| seen.host == "stranger.example" && seen.carries() == (true, true)).count(), 4);
}

/// Its process is one of its own, so that nobody else has said it.
#[test]
fn ids_that_were_handed_on_are_told_of_once() {
    for test in [
        "a_client_of_reqwests_own_hands_ids_on",
        "waiting::a_configured_client_is_redirected_as_reqwest_does_it",
        "blocking::a_configured_client_is_redirected_as_reqwest_does_it",
    ] {
        let (exe, test) = (std::env::current_exe().unwrap(), format!("redirects::{test}"));
        let output = std::process::Command::new(exe).args(["--exact", &test, "--nocapture"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<_> = said.lines().filter(|line| line.contains("a redirect took correlation ids")).collect();
        assert!(lines.len() == 1 && lines[0].contains("\"stranger.example\""), "{test}: {said}");
    }
}
