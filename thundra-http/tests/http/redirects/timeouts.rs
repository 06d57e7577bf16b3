//! Timeouts of redirected calls.

use std::time::{Duration, Instant};

use super::client::{Call, Kind, Settings, our_client, scope};
use super::hosts::hosts;
use crate::support::installed;

#[tokio::test]
async fn a_timeout_covers_all_redirects() {
    let (_turn, _exporter) = installed().await;
    let (address, _) = hosts().await;
    let total = Duration::from_millis(400);
    let (of_client, of_request) = (Some(total), None);
    let url = format!("http://127.0.0.1:{}/302-foreign-300/slow", address.port());
    for (kind, timeout, request_timeout, from_async, why) in [
        (Kind::Async, of_client, None, false, "of an async client"),
        (Kind::Async, of_request, Some(total), false, "of an async request"),
        (Kind::Blocking, of_request, Some(total), false, "of a blocking request"),
        (Kind::Blocking, of_client, None, true, "of a blocking client whose builder was async"),
    ] {
        let client = our_client(kind, address, Settings { timeout, from_async, ..Settings::default() });
        let call = Call { timeout: request_timeout, ..Call::get(&url) };
        let started = Instant::now();
        let result = client.send(&scope(), call).await;
        let took = started.elapsed();
        assert!(result.starts_with("(false, true, "), "{why}: {result}");
        assert!(took >= total && took < Duration::from_millis(650), "{why}: {took:?}");
    }
}

#[tokio::test]
async fn the_timeout_of_a_blocking_client_covers_one_wait() {
    let (_turn, _exporter) = installed().await;
    let (address, _) = hosts().await;
    let timeout = Some(Duration::from_millis(400));
    let client = our_client(Kind::Blocking, address, Settings { timeout, ..Settings::default() });
    let url = format!("http://127.0.0.1:{}/fork", address.port());
    for (itinerary, outcome, longest) in [
        ("/end", "200 OK from ", 300),
        // Earlier calls from the same URL do not make the new call ambiguous.
        ("/302-home-300/slow", "(false, true, ", 650),
        ("/302-foreign-300/slow", "(false, true, ", 950),
    ] {
        let started = Instant::now();
        let result = client.send(&scope(), Call::get(&url).header("x-fork", itinerary)).await;
        let took = started.elapsed();
        assert!(result.starts_with(outcome), "{result}");
        assert!(took < Duration::from_millis(longest), "{itinerary}: {took:?}");
    }
}
