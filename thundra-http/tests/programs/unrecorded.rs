//! Servers that record nothing: their handlers have the ids of a request all the same.

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::BodyExt;
use thundra_http::{Layer, correlation};
use tower::{Layer as _, ServiceExt, service_fn};

use crate::runner::{lines, recorded, run};

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A program that serves three requests.
#[test]
#[ignore = "a program of the tests below"]
fn server() {
    recorded(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for headers in
            [&[][..], &[("x-correlation-order", "o-9")], &[("traceparent", PARENT), ("x-correlation-id", "c-1")]]
        {
            let handler = async |_| {
                let sent = thundra_core::outbound(&tracing::Span::current()).unwrap();
                let parent = sent.pairs().into_iter().find(|(key, _)| *key == "traceparent").map(|(_, value)| value);
                let id = correlation::id().unwrap();
                let id = if id.len() == 36 { "new" } else { &id }.to_owned();
                let order = correlation::get("order").unwrap_or_default();
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(Response::new(format!("{id}|{order}|{}", parent.unwrap_or_default())))
            };
            let mut request = Request::get("/orders").header("user-agent", "test/1");
            for (key, value) in headers {
                request = request.header(*key, *value);
            }
            let response = Layer::server().layer(service_fn(handler)).oneshot(request.body(String::new()).unwrap());
            let body = runtime.block_on(async { response.await.unwrap().into_body().collect().await.unwrap() });
            println!("\nanswer {}", String::from_utf8_lossy(&body.to_bytes()));
        }
    });
}

#[test]
fn a_server_that_records_nothing_passes_on_what_it_received() {
    let served = |variables| {
        let output = run("unrecorded::server", variables);
        assert_eq!(lines(&output, "span").count(), 0, "{output:?}");
        lines(&output, "answer").map(str::to_owned).collect::<Vec<_>>()
    };
    let disabled = served(&[("OTEL_SDK_DISABLED", "true")]);
    assert_eq!(disabled, ["new||", "new|o-9|", &format!("c-1||{PARENT}")]);
    let off = served(&[("OTEL_TRACES_SAMPLER", "always_off")]);
    let [fresh, order, received] = &off[..] else { panic!("{off:?}") };
    let trace = PARENT.get(..36).unwrap();
    assert!(fresh.starts_with("new||00-") && fresh.ends_with("-02"), "{fresh}");
    assert!(order.starts_with("new|o-9|00-") && order.ends_with("-02"), "{order}");
    assert!(received.starts_with(&format!("c-1||{trace}")) && received.ends_with("-00"), "{received}");
    assert!(!received.contains("b7ad6b7169203331"), "the request has a span of its own: {received}");
}
