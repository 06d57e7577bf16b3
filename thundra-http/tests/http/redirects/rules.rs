//! The rules of redirects, for the async and for the blocking client.

use std::net::SocketAddr;
use std::time::Duration;

use super::client::{
    Body, Call, Client, Kind, Policy, Redirects, Settings, apart, our_client, reqwest_client, scope, take,
};
use super::hosts::hosts;
use crate::support::{Record, Seen, attribute, exported, installed};

/// Makes two tests of each function, one for each kind of client.
macro_rules! tests {
    ($($name:ident)*) => {
        mod async_client {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Kind::Async).await;
            })*
        }
        mod blocking_client {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Kind::Blocking).await;
            })*
        }
    };
}
tests! {
    a_redirected_call_equals_that_of_reqwest
    each_host_gets_what_it_may_get
    policies_see_the_whole_chain_and_are_obeyed
    a_limit_counts_all_redirects_of_a_call
    sensitive_headers_do_not_come_back_at_a_foreign_host
    a_configured_client_is_redirected_by_reqwest
    an_error_names_the_url_that_reqwest_names
}

const ITINERARIES: &[&str] = &[
    "301-home/end",
    "302-other/end",
    "303-foreign/end",
    "301-foreign/end",
    "307-foreign/end",
    "308-foreign/end",
    "300-foreign/end",
    "302-other/307-foreign/end",
    "307-other/303-foreign/end",
    "307-other/307-other/307-foreign/end",
    "307-foreign/302-home/end",
    "302-signed/end",
    "307-foreign/307-signed/end",
    "302-relative/end",
    "302-ftp/end",
    "307-foreign/302-ftp/end",
    "302-foreign/302-home/302-relative/end",
    "307-foreign/307-home/307-home/307-home/end",
    "302-foreign/302-other/303-other/302-home/302-home/end",
    "302-foreign/302-home/302-home/302-foreign/302-home/302-home/end",
    "302-signed/302-home/302-home/end",
    "302-foreign/302-refused/end",
    "302-refused/end",
];

fn url(address: SocketAddr, itinerary: &str) -> String {
    format!("http://127.0.0.1:{}/{itinerary}", address.port())
}

/// Returns the requests seen by the hosts, without our headers.
fn without_ours(seen: &[Seen]) -> Vec<String> {
    seen.iter().map(Seen::without_ours).collect()
}

/// Sends a request, and returns the result with the requests seen by the hosts.
async fn sent(client: &Client, call: Call, record: &Record) -> (String, Vec<String>) {
    let result = client.send(&scope(), call).await;
    (result, without_ours(&record.take()))
}

async fn a_redirected_call_equals_that_of_reqwest(kind: Kind) {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let settings = Settings {
        default_headers: vec![("authorization", "Basic ZGVmYXVsdA=="), ("content-type", "text/x"), ("x-default", "d")],
        cookie_store: true,
        user_agent: Some("ua"),
        ..Settings::default()
    };
    let theirs = reqwest_client(kind, address, settings.clone());
    let ours = our_client(kind, address, settings);
    let mut compared = 0;
    for itinerary in ITINERARIES {
        for method in ["GET", "POST", "PUT", "HEAD"] {
            for body in [Body::None, Body::Text, Body::Stream] {
                let method = method.parse().unwrap();
                let mut call = Call { method, body, ..Call::get(&url(address, itinerary)) }.header("x-mine", "m");
                if call.method != "PUT" {
                    // Requests without a `Cookie` header send the cookies of the store.
                    call = call.header("cookie", "mine=1");
                }
                if matches!(body, Body::Text) {
                    call = call.header("content-encoding", "x");
                }
                let expected = sent(&theirs, call.clone(), &record).await;
                let result = sent(&ours, call.clone(), &record).await;
                assert_eq!(result, expected, "{} {itinerary} with body: {body:?}", call.method);
                compared += 1;
            }
        }
    }
    assert_eq!(compared, ITINERARIES.len() * 12);
}

async fn each_host_gets_what_it_may_get(kind: Kind) {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let client = our_client(kind, address, Settings::default());
    let (all, trace, none) = ((true, true), (true, false), (false, false));
    for (itinerary, expected, why) in [
        ("302-home/end", vec![all, all], "our own host"),
        ("302-other/end", vec![all, all], "another host of ours"),
        ("302-home/302-home/302-other/end", vec![all; 4], "hosts of ours"),
        ("302-foreign/end", vec![all, trace], "a foreign host"),
        ("302-other/302-foreign/302-foreign/end", vec![all, all, trace, trace], "a foreign host, later"),
        ("302-foreign/302-home/end", vec![all, trace, trace], "home again by way of a foreign host"),
        ("302-signed/end", vec![all, none], "a presigned URL"),
        ("302-foreign/302-signed/end", vec![all, trace, none], "a presigned URL by way of a foreign host"),
        ("302-signed/302-home/end", vec![all, none, none], "home again by way of a presigned URL"),
    ] {
        let scope = scope();
        let result = client.send(&scope, Call::get(&url(address, itinerary))).await;
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
}

async fn policies_see_the_whole_chain_and_are_obeyed(kind: Kind) {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let redirects = Redirects::default();
    let settings = Settings { policy: Policy::Recording(redirects.clone()), referer: false, ..Settings::default() };
    let theirs = reqwest_client(kind, address, settings.clone());
    let ours = our_client(kind, address, settings);
    for (itinerary, requests) in [
        ("302-home/302-other/end", 3),
        ("302-foreign/302-home/302-foreign/end", 4),
        ("302-foreign/302-home/302-foreign/302-home/end", 4),
        ("302-foreign/302-home/stop", 2),
        ("302-foreign/302-foreign/fail", 2),
        ("302-home/302-foreign/stop", 2),
    ] {
        let call = Call::get(&url(address, itinerary));
        let expected = (sent(&theirs, call.clone(), &record).await, take(&redirects));
        let scope = scope();
        let result = ours.send(&scope, call).await;
        let seen = without_ours(&record.take());
        assert_eq!(seen.len(), requests, "{itinerary}");
        assert_eq!(((result, seen), take(&redirects)), expected, "{itinerary}");
        let spans = exported(scope, &exporter, 2).await;
        let count = attribute(&spans[0], "http.request.resend_count");
        assert_eq!(count, Some((requests - 1).to_string()), "{itinerary}");
    }
    let stay = our_client(kind, address, Settings { policy: Policy::None, ..Settings::default() });
    let url = url(address, "302-foreign/end");
    assert_eq!(stay.get(&url).await, format!("302 Found from {url}"));
    assert_eq!(record.take().len(), 1);
}

async fn a_limit_counts_all_redirects_of_a_call(kind: Kind) {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let settings = Settings { policy: Policy::Limited(2), referer: false, ..Settings::default() };
    let theirs = reqwest_client(kind, address, settings.clone());
    let ours = our_client(kind, address, settings);
    for itinerary in [
        "302-foreign/302-home/end",
        "302-foreign/302-home/302-home/end",
        "302-foreign/302-foreign/302-foreign/end",
        "302-home/302-foreign/302-ftp/end",
    ] {
        let call = Call::get(&url(address, itinerary));
        let expected = sent(&theirs, call.clone(), &record).await;
        assert_eq!(sent(&ours, call, &record).await, expected, "{itinerary}");
    }
}

async fn sensitive_headers_do_not_come_back_at_a_foreign_host(kind: Kind) {
    let (_turn, _exporter) = installed().await;
    let (address, record) = hosts().await;
    let client = our_client(kind, address, Settings::default());
    for (itinerary, expected) in [
        ("302-foreign/302-foreign/end", vec![true, false, false]),
        ("302-foreign/302-home/302-home/302-foreign/end", vec![true, false, false, true, false]),
    ] {
        let call = Call::get(&url(address, itinerary)).header("authorization", "Bearer secret");
        client.send(&scope(), call).await;
        let sent: Vec<_> = record.take().iter().map(|seen| seen.headers.contains_key("authorization")).collect();
        assert_eq!(sent, expected, "{itinerary}");
    }
}

async fn a_configured_client_is_redirected_by_reqwest(kind: Kind) {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let default_headers = vec![("authorization", "Basic x")];
    let settings = Settings { default_headers, referer: false, ..Settings::default() };
    let theirs = reqwest_client(kind, address, settings.clone());
    let ours = our_client(kind, address, Settings { configure: true, ..settings });
    for itinerary in ["302-foreign/end", "302-home/307-foreign/302-home/302-foreign/end", "302-foreign/302-ftp/"] {
        let call = Call::get(&url(address, itinerary));
        let expected = sent(&theirs, call.clone(), &record).await;
        let scope = scope();
        let result = ours.send(&scope, call).await;
        let seen = record.take();
        assert_eq!((result, without_ours(&seen)), expected, "{itinerary}");
        assert!(seen.iter().all(|seen| seen.carries() == (true, true)), "{itinerary}");
        let foreign = seen.iter().find(|seen| seen.host == "foreign.example").unwrap();
        assert!(!foreign.headers.contains_key("authorization"), "{itinerary}");
        let spans = exported(scope, &exporter, 2).await;
        let count = Some((seen.len() - 1).to_string());
        assert_eq!(attribute(&spans[0], "http.request.resend_count"), count, "{itinerary}");
    }
}

async fn an_error_names_the_url_that_reqwest_names(kind: Kind) {
    let (_turn, _exporter) = installed().await;
    let (address, _) = hosts().await;
    let settings = Settings { timeout: Some(Duration::from_millis(200)), ..Settings::default() };
    let theirs = reqwest_client(kind, address, settings.clone());
    let ours = our_client(kind, address, settings);
    for itinerary in ["302-foreign/slow", "302-foreign/302-home/slow", "302-home/slow"] {
        let url = url(address, itinerary);
        let expected = theirs.get(&url).await;
        let result = ours.get(&url).await;
        assert_eq!(result, expected, "{itinerary}");
        assert!(result.contains(&url), "{result}");
    }
}

#[tokio::test]
async fn a_builder_that_becomes_a_blocking_one_keeps_its_settings() {
    let (_turn, exporter) = installed().await;
    let (address, record) = hosts().await;
    let redirects = Redirects::default();
    let settings = Settings {
        default_headers: vec![("authorization", "Basic x")],
        referer: false,
        policy: Policy::Recording(redirects.clone()),
        from_async: true,
        ..Settings::default()
    };
    let theirs = reqwest_client(Kind::Blocking, address, settings.clone());
    let ours = our_client(Kind::Blocking, address, settings);
    for itinerary in ["302-foreign/end", "302-home/302-foreign/302-home/302-home/end", "302-home/stop"] {
        let call = Call::get(&url(address, itinerary));
        let expected = (sent(&theirs, call.clone(), &record).await, take(&redirects));
        let scope = scope();
        let result = ours.send(&scope, call).await;
        let seen = record.take();
        assert_eq!(((result, without_ours(&seen)), take(&redirects)), expected, "{itinerary}");
        assert!(seen.iter().all(|seen| seen.host != "foreign.example" || seen.carries() == (true, false)));
        let spans = exported(scope, &exporter, 2).await;
        let count = Some(seen.len() - 1).filter(|count| *count > 0).map(|count| count.to_string());
        assert_eq!(attribute(&spans[0], "http.request.resend_count"), count, "{itinerary}");
    }
    let builder = thundra_http::ClientBuilder::new().https_only(true);
    let strict = Client::BlockingOurs(apart(|| thundra_http::blocking::ClientBuilder::from(builder).build().unwrap()));
    let result = strict.get(&format!("http://{address}/end")).await;
    assert!(result.starts_with("(false, false, true, "), "{result}");
}
