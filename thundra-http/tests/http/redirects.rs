//! Redirects: nothing changes against reqwest, but who gets our context.
//!
//! The path of a request is its itinerary: `/302-stranger/307-home/end` is redirected with 302 to `stranger.example`,
//! with 307 to 127.0.0.1, and answered there.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
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
            keep.keep(Seen { method: head.method.to_string(), host, path, headers: head.headers, body });
            answer(head.uri.path(), port).await
        }
    });
    let address = serve(app).await;
    *port.lock().unwrap() = address.port();
    (address, record)
}

async fn answer(path: &str, port: u16) -> Response {
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
        relative => format!("/{relative}/{rest}"),
    };
    if let Some(wait) = parts.next() {
        tokio::time::sleep(Duration::from_millis(wait.parse().unwrap())).await;
    }
    response.status(StatusCode::from_u16(status).unwrap()).header("location", location).body(Body::empty()).unwrap()
}

/// Builds a client of either kind in the same words.
macro_rules! client {
    ($krate:ident, $address:expr $(, $setting:ident($($argument:expr),*))*) => {
        $krate::Client::builder()
            .no_proxy()
            .resolve("other.internal", $address)
            .resolve("stranger.example", $address)
            $(.$setting($($argument),*))*
            .build()
            .unwrap()
    };
}

fn scope() -> Scope {
    let pairs = [("baggage", "tenant=7"), ("x-correlation-id", "c-1")];
    Scope::builder("caller").parent(Inbound::extract(pairs, Propagators::default(), Trust::Full)).begin()
}

/// What came of a request, in words.
fn outcome(result: Result<reqwest::Response, reqwest::Error>) -> String {
    match result {
        Ok(response) => format!("{} from {}", response.status(), response.url()),
        Err(error) => {
            let kinds = (error.is_redirect(), error.is_timeout(), error.is_builder(), error.is_request());
            format!(
                "{kinds:?} at {:?}: {:?}",
                error.url().map(ToString::to_string),
                std::error::Error::source(&error).map(ToString::to_string)
            )
        }
    }
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

#[tokio::test]
async fn a_redirected_call_is_the_one_that_reqwest_makes() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let defaults = || {
        let pairs = [("authorization", "Basic ZGVmYXVsdA=="), ("content-type", "text/x"), ("x-default", "d")];
        pairs.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    };
    let genuine = client!(reqwest, address, default_headers(defaults()), cookie_store(true), user_agent("ua"));
    let ours = client!(thundra_http, address, default_headers(defaults()), cookie_store(true), user_agent("ua"));
    let mut compared = 0;
    for itinerary in ITINERARIES {
        for method in ["GET", "POST", "PUT", "HEAD"] {
            for body in ["none", "text", "stream"] {
                let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
                macro_rules! call {
                    ($client:ident) => {{
                        let mut request = $client.request(method.parse().unwrap(), &url).header("x-mine", "m");
                        if method != "PUT" {
                            // The others send what the jar holds.
                            request = request.header("cookie", "mine=1");
                        }
                        match body {
                            "text" => request = request.header("content-encoding", "x").body("payload"),
                            "stream" => {
                                let parts = futures_util::stream::iter([Ok::<_, std::io::Error>("pay"), Ok("load")]);
                                request = request.body(reqwest::Body::wrap_stream(parts));
                            }
                            _ => {}
                        }
                        let result = outcome(request.send().await);
                        (result, record.take())
                    }};
                }
                let (expected, theirs) = call!(genuine);
                let (result, seen) = scope().run(async { call!(ours) }).await;
                let case = format!("{method} {itinerary} with body: {body}");
                assert_eq!(result, expected, "{case}");
                let theirs: Vec<_> = theirs.iter().map(Seen::theirs).collect();
                let own: Vec<_> = seen.iter().map(Seen::theirs).collect();
                assert_eq!(own, theirs, "{case}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, ITINERARIES.len() * 12);
}

#[tokio::test]
async fn no_host_is_redirected_more_than_it_may_know() {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let client = client!(thundra_http, address);
    let (all, trace, none) = ((true, true), (true, false), (false, false));
    for (itinerary, expected, why) in [
        ("302-home/end", vec![all, all], "our own host"),
        ("302-other/end", vec![all, all], "another host of ours"),
        ("302-stranger/end", vec![all, trace], "a stranger"),
        ("302-other/302-stranger/302-stranger/end", vec![all, all, trace, trace], "a stranger, later"),
        ("302-stranger/302-home/end", vec![all, trace, trace], "home again by way of a stranger"),
        ("302-signed/end", vec![all, none], "a presigned address"),
        ("302-stranger/302-signed/end", vec![all, trace, none], "a presigned address by way of a stranger"),
        ("302-signed/302-home/end", vec![all, none, none], "home again by way of a presigned address"),
    ] {
        let scope = scope();
        let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
        let response = scope.run(client.get(url).send()).await.unwrap();
        assert_eq!(response.text().await.unwrap(), "the end");
        let seen = record.take();
        assert_eq!(seen.iter().map(Seen::carries).collect::<Vec<_>>(), expected, "{itinerary}: {why}");
        let spans = exported(scope, &exporter, 2).await;
        let count = (expected.len() - 1).to_string();
        assert_eq!(attribute(&spans[0], "http.request.resend_count"), Some(count), "{itinerary}");
        let sent = spans[0].context.span_id.to_string();
        let headers = seen.iter().filter_map(|seen| seen.headers.get("traceparent"));
        assert!(headers.into_iter().all(|header| header.to_str().unwrap().contains(&sent)), "one span for one call");
    }
}

#[tokio::test]
async fn policies_see_the_whole_way_and_are_obeyed() {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let ways = Arc::new(Mutex::new(Vec::new()));
    macro_rules! custom {
        ($krate:ident) => {{
            let ways = ways.clone();
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
    let genuine = client!(reqwest, address, redirect(custom!(reqwest)), referer(false));
    let ours = client!(thundra_http, address, redirect(custom!(thundra_http)), referer(false));
    for (itinerary, requests) in [
        ("302-home/302-other/end", 3),
        ("302-stranger/302-home/302-stranger/end", 4),
        ("302-stranger/302-home/302-stranger/302-home/end", 4),
        ("302-stranger/302-home/stop", 2),
        ("302-stranger/302-stranger/fail", 2),
        ("302-home/302-stranger/stop", 2),
    ] {
        let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
        let expected = (outcome(genuine.get(&url).send().await), std::mem::take(&mut *ways.lock().unwrap()));
        let theirs: Vec<_> = record.take().iter().map(Seen::theirs).collect();
        let scope = scope();
        let result = scope.run(async { outcome(ours.get(&url).send().await) }).await;
        assert_eq!((result, std::mem::take(&mut *ways.lock().unwrap())), expected, "{itinerary}");
        let own: Vec<_> = record.take().iter().map(Seen::theirs).collect();
        assert_eq!(own, theirs, "{itinerary}");
        assert_eq!(own.len(), requests, "{itinerary}");
        let spans = exported(scope, &exporter, 2).await;
        assert_eq!(attribute(&spans[0], "http.request.resend_count"), Some((requests - 1).to_string()), "{itinerary}");
    }
    let stay = client!(thundra_http, address, redirect(thundra_http::redirect::Policy::none()));
    let url = format!("http://127.0.0.1:{}/302-stranger/end", address.port());
    assert_eq!(scope().run(stay.get(url).send()).await.unwrap().status(), StatusCode::FOUND);
    assert_eq!(record.take().len(), 1);
}

#[tokio::test]
async fn a_timeout_is_one_for_the_whole_way() {
    let (_turn, _exporter) = installed().await;
    let (address, _) = hosts().await;
    let patient = client!(thundra_http, address);
    let hasty = client!(thundra_http, address, timeout(Duration::from_millis(400)));
    let url = format!("http://127.0.0.1:{}/302-stranger-300/slow", address.port());
    for request in [hasty.get(&url), patient.get(&url).timeout(Duration::from_millis(400))] {
        let started = Instant::now();
        let error = scope().run(request.send()).await.unwrap_err();
        assert!(error.is_timeout(), "{error:?}");
        let took = started.elapsed();
        assert!(took >= Duration::from_millis(400) && took < Duration::from_millis(650), "{took:?}");
    }
}

#[tokio::test]
async fn a_stranger_is_not_told_on_the_next_hop_what_the_first_one_kept_from_him() {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let client = client!(thundra_http, address);
    for (itinerary, expected) in [
        ("302-stranger/302-stranger/end", vec![true, false, false]),
        ("302-stranger/302-home/302-home/302-stranger/end", vec![true, false, false, true, false]),
    ] {
        let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
        scope().run(client.get(url).bearer_auth("secret").send()).await.unwrap();
        let told: Vec<_> = record.take().iter().map(|seen| seen.headers.contains_key("authorization")).collect();
        assert_eq!(told, expected, "{itinerary}");
    }
}

#[tokio::test]
async fn an_error_names_the_address_that_reqwest_names() {
    let (_turn, _exporter) = installed().await;
    let (address, _) = hosts().await;
    let genuine = client!(reqwest, address, timeout(Duration::from_millis(200)));
    let ours = client!(thundra_http, address, timeout(Duration::from_millis(200)));
    for itinerary in ["302-stranger/slow", "302-stranger/302-home/slow", "302-home/slow"] {
        let url = format!("http://127.0.0.1:{}/{itinerary}", address.port());
        let expected = outcome(genuine.get(&url).send().await);
        let result = scope().run(async { outcome(ours.get(&url).send().await) }).await;
        assert_eq!(result, expected, "{itinerary}");
        assert!(result.contains(&url), "{result}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_may_make_calls_of_its_own() {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let (asking, question) =
        (client!(thundra_http, address), format!("http://127.0.0.1:{}/302-home/end", address.port()));
    let policy = thundra_http::redirect::Policy::custom(move |attempt| {
        // Not traced: so it has no way of its own.
        let _suppressed = opentelemetry::Context::enter_telemetry_suppressed_scope();
        let ask = || tokio::runtime::Handle::current().block_on(asking.get(&question).send());
        if tokio::task::block_in_place(ask).is_ok() { attempt.follow() } else { attempt.stop() }
    });
    let client = client!(thundra_http, address, redirect(policy));
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
