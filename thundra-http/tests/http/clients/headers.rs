//! Headers: the headers for each host, and the precedence among headers of one name.

use axum::http::HeaderMap;
use thundra_core::{Scope, correlation};
use thundra_http::{Client, blocking};

use crate::support::{Record, installed, serve};

use super::keeping;

#[tokio::test]
async fn foreign_hosts_get_the_trace_and_no_ids() {
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let port = address.port();
    let client = Client::builder().resolve("foreign.example", address).build().unwrap();
    let sent = async |url: String, header: Option<(&'static str, &'static str)>| {
        let mut request = client.get(url);
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.send().await.unwrap();
        record.take().remove(0).headers
    };
    let names = ["traceparent", "x-correlation-id", "call-chain-length", "x-amzn-trace-id"];
    let carried = |headers: HeaderMap| names.map(|name| headers.contains_key(name));
    Scope::builder("caller")
        .begin()
        .run(async {
            assert_eq!(carried(sent(format!("http://{address}/"), None).await), [true; 4], "loopback is ours");
            let foreign = sent(format!("http://foreign.example:{port}/"), None).await;
            assert_eq!(carried(foreign), [true, false, false, false]);
            let presigned = sent(format!("http://{address}/?X-Amz-Signature=x"), None).await;
            assert_eq!(carried(presigned), [false; 4], "presigned");
            let signed = Some(("authorization", "AWS4-HMAC-SHA256 Credential=x"));
            assert_eq!(carried(sent(format!("http://{address}/"), signed).await), [false; 4], "signed");
            let mine = sent(format!("http://{address}/"), Some(("x-correlation-id", "mine"))).await;
            assert_eq!(mine["x-correlation-id"], "mine", "the header of the request wins");
            let context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            let theirs = sent(format!("http://{address}/"), Some(("traceparent", context))).await;
            assert_eq!(theirs["traceparent"], context);
            for name in ["x-amzn-trace-id", "x-correlation-traceparent"] {
                assert!(!theirs.contains_key(name), "{name}: a context of the caller's own is not mixed with ours");
            }
            assert!(theirs.contains_key("x-correlation-id"));
        })
        .await;
    assert_eq!(carried(sent(format!("http://{address}/"), None).await), [false; 4], "outside of a scope");
}

#[tokio::test]
async fn default_headers_win_over_ours() {
    const CONTEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let (_turn, _exporter) = installed().await;
    let record = Record::default();
    let address = serve(keeping(&record)).await;
    let url = format!("http://{address}/");
    let ids = [
        ("x-correlation-id", "batch-7"),
        ("x-correlation-order", "o-1"),
        ("baggage", "tenant=8"),
        ("call-chain-length", "4"),
        ("debug-log-enabled", "true"),
        ("x-amzn-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793"),
    ];
    let context = [("traceparent", CONTEXT), ("tracestate", "a=1")];
    for defaults in [&ids[..], &context[..], &context[..1]] {
        let headers = || -> HeaderMap {
            let pairs = defaults.iter().chain(&[("x-default", "d")]);
            pairs.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
        };
        let client = Client::builder().default_headers(headers()).build().unwrap();
        let scope = Scope::builder("caller").begin();
        scope
            .run(async {
                correlation::set("order", "o-9");
                client.get(&url).send().await.unwrap();
                client.get(&url).header("x-correlation-id", "mine").send().await.unwrap();
            })
            .await;
        let span = scope.span().clone();
        let (ours, theirs) = (headers(), headers());
        let url = url.clone();
        let blocking = move || {
            let client = blocking::Client::builder().default_headers(ours).build().unwrap();
            client.get(&url).send().unwrap();
            let (client, request) = client.get(&url).build_split();
            client.execute(request.unwrap()).unwrap();
            let builder = thundra_http::ClientBuilder::new().default_headers(theirs);
            blocking::ClientBuilder::from(builder).build().unwrap().get(&url).send().unwrap();
        };
        tokio::task::spawn_blocking(move || span.in_scope(blocking)).await.unwrap();
        let seen = record.take();
        assert_eq!(seen.len(), 5);
        for (nth, seen) in seen.iter().enumerate() {
            for (name, value) in headers().iter().filter(|(name, _)| nth != 1 || *name != "x-correlation-id") {
                let values: Vec<_> = seen.headers.get_all(name).iter().collect();
                assert_eq!(values, [value], "request {nth}: {name}");
            }
            if defaults[0].0 == "traceparent" {
                let mixed = seen.headers.contains_key("x-amzn-trace-id")
                    || seen.headers.contains_key("x-correlation-traceparent")
                    || seen.headers.contains_key("tracestate") != (defaults.len() > 1);
                assert!(!mixed, "request {nth}: a context of the caller's own is not mixed with ours");
            }
        }
        assert_eq!(seen[1].headers["x-correlation-id"], "mine", "a request's own wins over the defaults");
    }
}
