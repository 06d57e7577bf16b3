//! Settings of the builder.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::HeaderMap;
use thundra_http::{Client, blocking};
use tower::ServiceBuilder;

use crate::support::{Record, installed, serve};

use super::keeping;

#[tokio::test]
async fn settings_of_the_builder_reach_the_client() {
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let connections = Arc::new(AtomicUsize::new(0));
    let count = connections.clone();
    let counting = tower::layer::layer_fn(move |connector| {
        let count = count.clone();
        ServiceBuilder::new()
            .map_request(move |asked| {
                count.fetch_add(1, Ordering::Relaxed);
                asked
            })
            .service(connector)
    });
    let client = Client::builder()
        .user_agent("a test")
        .default_headers([("x-default".parse().unwrap(), "d".parse().unwrap())].into_iter().collect())
        .connector_layer(counting)
        .connector_layer(tower::timeout::TimeoutLayer::new(Duration::from_secs(5)))
        .configure(|builder| builder.http1_only())
        .dns_resolver(Arc::new(Everywhere))
        .build()
        .unwrap();
    let url = format!("http://anywhere.internal:{}/", address.port());
    assert_eq!(client.get(url).bearer_auth("t").send().await.unwrap().text().await.unwrap(), "kept");
    let headers = record.take().remove(0).headers;
    let named = ["user-agent", "x-default", "authorization"].map(|name| headers[name].to_str().unwrap().to_owned());
    assert_eq!(named, ["a test", "d", "Bearer t"]);
    assert_eq!(connections.load(Ordering::Relaxed), 1);
    assert!(format!("{client:?}").starts_with("Client {"), "{client:?}");
}

/// A resolver that resolves every name to loopback.
struct Everywhere;

impl thundra_http::dns::Resolve for Everywhere {
    fn resolve(&self, _: thundra_http::dns::Name) -> thundra_http::dns::Resolving {
        let addresses: thundra_http::dns::Addrs = Box::new(std::iter::once(([127, 0, 0, 1], 0).into()));
        Box::pin(async { Ok(addresses) })
    }
}

#[test]
fn debug_shows_no_credentials() {
    const URL: &str = "http://user:s3cr3t@a.example/x?q=s3cr3t";
    let mut headers = HeaderMap::new();
    for name in ["x-api-key", "authorization"] {
        headers.insert(name, "s3cr3t".parse().unwrap());
    }
    let builder = Client::builder().default_headers(headers.clone());
    let mut shown = format!("{builder:?} {builder:#?}");
    let client = builder.build().unwrap();
    let request = client.get(URL).headers(headers.clone());
    shown += &format!("{client:?} {client:#?} {request:?} {request:#?}");
    let builder = blocking::Client::builder().default_headers(headers.clone());
    shown += &format!("{builder:?}");
    let client = builder.build().unwrap();
    let request = client.get(URL).headers(headers);
    shown += &format!("{client:?} {request:?} {request:#?}");
    assert!(!shown.contains("s3cr3t") && shown.contains("a.example"), "{shown}");
}
