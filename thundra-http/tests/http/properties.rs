//! A server extracts the context injected by a client, and other headers do not change.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use futures_util::FutureExt;
use http_body_util::Empty;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use thundra_core::propagation::{Inbound, Outbound, Propagators, Trust, USER_AGENT};
use thundra_core::{Scope, flush, outbound};
use thundra_http::Layer;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use tracing::Span;

use crate::support::{attribute, installed, is_ours};

/// Sends a request with headers in a scope. Returns the sent headers, and the context of the call's span.
type Send = fn(HeaderMap, &Scope) -> (HeaderMap, Outbound);

const CLIENTS: [(&str, Send); 2] = [("Layer::client()", with_layer), ("reqwest", with_reqwest)];
const URL: &str = "http://orders.internal/7?q=1";

fn with_layer(headers: HeaderMap, scope: &Scope) -> (HeaderMap, Outbound) {
    let seen = Seen::default();
    let keep = seen.clone();
    let service = service_fn(move |request: Request<()>| {
        keep.keep(request.headers());
        async { Ok::<_, Infallible>(Response::new(())) }
    });
    let client = ServiceBuilder::new().layer(Layer::client()).service(service);
    let mut request = Request::get(URL).body(()).unwrap();
    *request.headers_mut() = headers;
    scope.run(client.oneshot(request)).now_or_never().unwrap().unwrap();
    seen.take()
}

/// Sends with the service that shares the code of our own client.
fn with_reqwest(headers: HeaderMap, scope: &Scope) -> (HeaderMap, Outbound) {
    let seen = Seen::default();
    let keep = seen.clone();
    let service = service_fn(move |request: reqwest::Request| {
        keep.keep(request.headers());
        async { Ok(reqwest::Response::from(Response::new(""))) }
    });
    let client = ServiceBuilder::new().layer(Layer::client()).service(service);
    let mut request = reqwest::Request::new(reqwest::Method::GET, URL.parse().unwrap());
    *request.headers_mut() = headers;
    scope.run(client.oneshot(request)).now_or_never().unwrap().unwrap();
    seen.take()
}

/// The headers sent by a client, seen inside the call.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Option<(HeaderMap, Outbound)>>>);

impl Seen {
    fn keep(&self, headers: &HeaderMap) {
        *self.0.lock().unwrap() = Some((headers.clone(), outbound(&Span::current()).unwrap()));
    }

    fn take(&self) -> (HeaderMap, Outbound) {
        self.0.lock().unwrap().take().unwrap()
    }
}

fn captured(headers: &HeaderMap) -> Inbound {
    let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap()));
    Inbound::extract(pairs, Propagators::default(), Trust::Full)
}

/// Returns the pairs without the ids of the caller's span and without the user agent.
fn ids(outbound: &Outbound) -> Vec<(&str, String)> {
    let own = ["traceparent", "x-correlation-traceparent", "call-chain-length", USER_AGENT];
    outbound.pairs().into_iter().filter(|(key, _)| !own.contains(key)).collect()
}

/// Generates the context of a caller, up to the limits of a server and of one request.
fn inbound() -> impl Strategy<Value = Inbound> {
    sent_with("[!-~]([ -~]{0,58}[!-~])?", 12)
}

/// Generates a larger context, possibly without room in one request.
fn large_inbound() -> impl Strategy<Value = Inbound> {
    sent_with("[!-~]([ -~]{0,254}[!-~])?", 38)
}

/// Generates the context of a caller, with ids of the given value.
fn sent_with(value: &'static str, most_ids: usize) -> impl Strategy<Value = Inbound> {
    let member = ("[a-z]{1,8}[0-9]{0,3}", "[a-z0-9]{1,8}").prop_map(|(key, value)| format!("{key}={value}"));
    let members = |most| btree_map("[a-z]{1,8}[0-9]{0,3}", "[a-z0-9]{1,8}", 0..=most);
    let context = ("[0-9a-f]{31}[1-9a-f]", "[0-9a-f]{15}[1-9a-f]", any::<bool>(), members(32));
    let ids = (value, btree_map("[a-z0-9-]{1,12}[a-z0-9]", value, 0..=most_ids));
    let others = (0_u32..1000, any::<bool>(), vec(member, 0..=64));
    (context, ids, others).prop_map(|((trace, span, sampled, state), (id, others), (length, debug, baggage))| {
        let state: Vec<_> = state.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        let mut pairs = vec![
            ("traceparent".to_owned(), format!("00-{trace}-{span}-0{}", u8::from(sampled))),
            ("tracestate".to_owned(), state.join(",")),
            ("baggage".to_owned(), baggage.join(",")),
            ("x-correlation-id".to_owned(), id),
            ("call-chain-length".to_owned(), length.to_string()),
            ("debug-log-enabled".to_owned(), debug.to_string()),
        ];
        let others = others.into_iter().filter(|(key, _)| key != "id" && key != "traceparent");
        pairs.extend(others.map(|(key, value)| (format!("x-correlation-{key}"), value)));
        Inbound::extract(pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())), Propagators::default(), Trust::Full)
    })
}

/// Generates headers of any bytes, some with our names, some with several values.
fn headers() -> impl Strategy<Value = HeaderMap> {
    let name = prop_oneof![
        "[a-z][a-z0-9-]{0,12}",
        "x-correlation-[a-z-]{0,4}",
        prop::sample::select(vec![
            "traceparent",
            "tracestate",
            "baggage",
            "x-amzn-trace-id",
            "call-chain-length",
            "debug-log-enabled",
            "x-correlation-id",
            "x-correlation-traceparent",
            "authorization",
            "host",
            "user-agent",
            "content-type",
            "forwarded",
            "x-forwarded-for",
        ])
        .prop_map(str::to_owned),
    ];
    let value = prop_oneof![
        vec(any::<u8>(), 0..48),
        "[ -~]{0,300}".prop_map(String::into_bytes),
        "0[0-9a-f]-[0-9a-f]{30,32}-[0-9a-f]{14,16}-0[0-3]".prop_map(String::into_bytes),
        "(Root=1-[0-9a-f]{8}-[0-9a-f]{24}|Parent=[0-9a-f]{16}|Sampled=[01?]|;|=){0,6}".prop_map(String::into_bytes),
        "([a-z%]{0,3}[=,;]){0,70}".prop_map(String::into_bytes),
    ];
    vec((name, value), 0..12).prop_map(|pairs| {
        let pairs = pairs.iter().filter_map(|(name, value)| {
            Some((HeaderName::try_from(name.as_str()).ok()?, HeaderValue::from_bytes(value).ok()?))
        });
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name, value);
        }
        headers
    })
}

#[tokio::test]
async fn an_injected_context_is_extracted_unchanged() {
    let (_turn, _exporter) = installed().await;
    proptest!(|(inbound in inbound())| {
        let trace = inbound.parent.as_ref().map(|parent| parent.trace_id);
        for (client, send) in CLIENTS {
            let scope = Scope::builder("caller").parent(inbound.clone()).begin();
            let own = scope.context().map(|context| context.span_id);
            let (headers, sender) = send(HeaderMap::new(), &scope);
            let captured = captured(&headers);
            prop_assert_eq!(captured.parent.as_ref(), Some(&sender.context), "{}", client);
            prop_assert_eq!(Some(sender.context.trace_id), trace, "{}", client);
            // An unsampled call has no span.
            let of_call = Some(sender.context.span_id) != own;
            prop_assert_eq!(of_call, sender.context.sampled, "{}", client);
            prop_assert_eq!(&captured.baggage, &inbound.baggage, "{}", client);
            let receiver = Scope::builder("server").parent(captured).begin();
            let receiver = receiver.enter(|| outbound(&Span::none()).unwrap());
            let longer = sender.correlation.chain_length() + 1;
            prop_assert_eq!(receiver.correlation.chain_length(), longer, "{}", client);
            prop_assert_eq!(ids(&receiver), ids(&sender), "{}", client);
            prop_assert!(receiver.correlation.iter().eq(inbound.correlation.iter()), "{}", client);
        }
    });
}

#[tokio::test]
async fn injected_headers_keep_the_limit_and_the_most_important_ones() {
    const MAX_BYTES: usize = 4096;
    let (_turn, exporter) = installed().await;
    proptest!(|(inbound in large_inbound())| {
        for (client, send) in CLIENTS {
            let scope = Scope::builder("caller").parent(inbound.clone()).begin();
            let (headers, sender) = send(HeaderMap::new(), &scope);
            let bytes = |(name, value): (&str, &str)| name.len() + value.len() + ": \r\n".len();
            let of = |(name, value): (&HeaderName, &HeaderValue)| bytes((name.as_str(), value.to_str().unwrap()));
            prop_assert!(headers.iter().map(of).sum::<usize>() <= MAX_BYTES, "{}: {:?}", client, headers);
            let (mut room, mut left_out) = (MAX_BYTES, 0);
            for (nth, (name, value)) in sender.header_pairs().iter().enumerate() {
                prop_assert!(nth > 0 || *name == "traceparent", "{}: {}", client, name);
                let fits = room.checked_sub(bytes((name, value)));
                prop_assert_eq!(headers.contains_key(*name), fits.is_some(), "{}: {}", client, name);
                left_out += usize::from(fits.is_none());
                room = fits.unwrap_or(room);
            }
            let trace = scope.context().unwrap().trace_id;
            flush(scope.finish(), None).now_or_never().unwrap();
            let spans = exporter.spans();
            let spans = spans.iter().filter(|span| span.context.trace_id == trace);
            for span in spans {
                let said = ["thundra.injection.incomplete_messages", "thundra.injection.skipped"];
                let said = said.map(|key| attribute(span, key).unwrap_or_default());
                match (span.name.as_str(), left_out) {
                    ("caller", 0) => {}
                    // The count includes earlier unrecorded scopes.
                    ("caller", _) => prop_assert!(said[0].parse::<u32>().unwrap() >= 1, "{}", client),
                    (_, 0) => prop_assert_eq!(said, ["", ""].map(str::to_owned), "{}", client),
                    _ => prop_assert_eq!(said, ["1", "over the size limit"].map(str::to_owned), "{}", client),
                }
            }
            exporter.clear();
        }
    });
}

#[tokio::test]
async fn existing_headers_do_not_change() {
    let (_turn, _exporter) = installed().await;
    proptest!(|(inbound in inbound(), before in headers())| {
        for (client, send) in CLIENTS {
            let scope = Scope::builder("caller").parent(inbound.clone()).begin();
            let (mut after, _) = send(before.clone(), &scope);
            for name in before.keys() {
                let values = |headers: &HeaderMap| headers.get_all(name).iter().cloned().collect::<Vec<_>>();
                prop_assert_eq!(values(&after), values(&before), "{}: {}", client, name);
            }
            before.keys().for_each(|name| drop(after.remove(name)));
            prop_assert!(after.keys().all(|name| is_ours(name.as_str())), "{}: {:?}", client, after);
        }
    });
}

#[tokio::test]
async fn any_headers_are_handled_without_panic() {
    let (_turn, _exporter) = installed().await;
    proptest!(|(headers in headers(), trusted in any::<bool>())| {
        let layer = if trusted { Layer::server().trusted() } else { Layer::server() };
        let response = service_fn(|_| async { Ok::<_, Infallible>(Response::new(Empty::<axum::body::Bytes>::new())) });
        let server = ServiceBuilder::new().layer(layer).service(response);
        let mut request = Request::get("/orders").body(()).unwrap();
        *request.headers_mut() = headers;
        prop_assert!(server.oneshot(request).now_or_never().unwrap().is_ok());
    });
}
