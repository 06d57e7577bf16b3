//! The cases of W3C's [validation suite] for Trace Context, under the names of the suite, at the strict level.
//!
//! The service is a server with our layer. The handler calls back with our client. The same cases run for the other
//! carriers: message attributes, and the `__context__` of a JSON payload.
//!
//! [validation suite]: https://github.com/w3c/trace-context/blob/main/test/test.py

mod malformed;
mod traceparent;
mod tracestate;

use axum::Router;
use axum::extract::Request;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Scope, outbound};
use thundra_http::{Client, Layer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing::info_span;

use crate::support::{Record, Seen, installed, serve};

const TRACE: &str = "12345678901234567890123456789012";

const PARENT: &str = "1234567890123456";

const SAMPLED: &str = "00-12345678901234567890123456789012-1234567890123456-01";

const UNSAMPLED: &str = "00-12345678901234567890123456789012-1234567890123456-00";

/// Headers, or the pairs of another carrier.
type Pairs = Vec<(String, String)>;

/// The context returned by each carrier, for each call.
struct Returned(Vec<(&'static str, Vec<Context>)>);

/// The context of a call.
#[derive(Debug)]
struct Context {
    trace_id: String,
    parent_id: String,
    flags: u8,
    state: Vec<(String, String)>,
}

impl Context {
    fn of(pairs: &Pairs, why: &str) -> Self {
        let values = |name| pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str());
        let parents: Vec<_> = values("traceparent").collect();
        let [parent] = parents.as_slice() else { panic!("one traceparent: {parents:?}: {why}") };
        let parts: Vec<_> = parent.split('-').collect();
        let [version, trace_id, parent_id, flags] = parts.as_slice() else { panic!("four parts: {parent}: {why}") };
        let hex = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        assert!(parts.iter().all(|part| hex(part)), "{parent}: {why}");
        assert_eq!((*version, trace_id.len(), parent_id.len(), flags.len()), ("00", 32, 16, 2), "{parent}: {why}");
        assert!(trace_id.contains(|digit| digit != '0') && parent_id.contains(|digit| digit != '0'), "{parent}: {why}");
        let members = values("tracestate").flat_map(|list| list.split(','));
        let state = members.map(|member| member.split_once('=').unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned()));
        let (trace_id, parent_id) = ((*trace_id).to_owned(), (*parent_id).to_owned());
        Context { trace_id, parent_id, flags: u8::from_str_radix(flags, 16).unwrap(), state: state.collect() }
    }

    fn member(&self, key: &str) -> Option<&str> {
        self.state.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

/// Sends a request to a service that makes `count` calls.
async fn make_request(headers: &[(&str, &str)], count: usize) -> Returned {
    let (_turn, _exporter) = installed().await;
    let sent: Pairs = headers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let calls = [
        ("HTTP", over_http(&sent, count).await),
        ("attributes", in_a_scope(&sent, count, |outbound| owned(outbound.pairs()))),
        ("payload", in_a_scope(&sent, count, |outbound| text(outbound.payload_pairs()))),
    ];
    let contexts = calls.map(|(carrier, calls)| {
        assert_eq!(calls.len(), count, "{carrier}");
        (carrier, calls.iter().map(|pairs| Context::of(pairs, carrier)).collect())
    });
    Returned(contexts.into())
}

/// Sends a request byte for byte over HTTP, and returns the headers that the service sends on.
async fn over_http(headers: &Pairs, count: usize) -> Vec<Pairs> {
    let record = Record::default();
    let keep = record.clone();
    let harness = serve(Router::new().fallback(move |request: Request| {
        let headers = request.headers().clone();
        keep.keep(Seen {
            method: String::new(),
            host: String::new(),
            path: String::new(),
            headers,
            body: Default::default(),
        });
        async {}
    }))
    .await;
    let service = Router::new().fallback(move || async move {
        for call in 0..count {
            Client::new().post(format!("http://{harness}/{call}")).send().await.unwrap();
        }
    });
    let service = serve(service.layer(Layer::server())).await;
    let mut request = format!("POST /test HTTP/1.1\r\nhost: {service}\r\nconnection: close\r\ncontent-length: 0\r\n");
    headers.iter().for_each(|(name, value)| request.push_str(&format!("{name}: {value}\r\n")));
    request.push_str("\r\n");
    let mut stream = TcpStream::connect(service).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    let pairs = |seen: Seen| {
        let pairs = seen.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
        pairs.collect()
    };
    record.take().into_iter().map(pairs).collect()
}

/// Returns the pairs of a scope's calls, for a scope that received the given pairs.
fn in_a_scope(
    received: &Pairs,
    count: usize,
    sent: impl Fn(&thundra_core::propagation::Outbound) -> Pairs,
) -> Vec<Pairs> {
    let pairs = received.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let scope = Scope::builder("service").parent(Inbound::extract(pairs, Propagators::default(), Trust::Edge)).begin();
    scope.enter(|| (0..count).map(|_| sent(&outbound(&info_span!("call")).unwrap())).collect())
}

fn owned(pairs: Vec<(&str, String)>) -> Pairs {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

fn text(pairs: Vec<(&str, String)>) -> Pairs {
    let text = |json: String| serde_json::from_str::<String>(&json).unwrap_or(json);
    pairs.into_iter().map(|(key, json)| (key.to_owned(), text(json))).collect()
}

/// Sends a request to a service that makes one call, and checks the context from each carrier.
async fn each(headers: &[(&str, &str)], check: impl Fn(&Context, &str)) {
    for (carrier, contexts) in make_request(headers, 1).await.0 {
        check(&contexts[0], carrier);
    }
}

/// Asserts that the trace goes on.
async fn continued(headers: &[(&str, &str)]) {
    each(headers, |context, carrier| {
        assert_eq!(context.trace_id, TRACE, "{carrier}: {headers:?}");
        assert_ne!(context.parent_id, PARENT, "{carrier}: {headers:?}");
    })
    .await;
}

/// Asserts that a new trace begins.
async fn restarted(traceparent: &str) {
    restarted_by(&[("traceparent", traceparent)]).await;
}

async fn restarted_by(headers: &[(&str, &str)]) {
    each(headers, |context, carrier| {
        let known = headers.iter().any(|(_, value)| value.contains(&context.trace_id));
        assert!(!known && context.trace_id != TRACE, "{carrier}: {headers:?}: {context:?}");
    })
    .await;
}

/// Asserts that the trace goes on with the expected state and no other member.
async fn inherited(states: &[&str], expected: &[(&str, &str)]) {
    let states_of = states.iter().map(|state| ("tracestate", *state));
    let headers: Vec<_> = [("traceparent", UNSAMPLED)].into_iter().chain(states_of).collect();
    each(&headers, |context, carrier| {
        assert_eq!(context.trace_id, TRACE, "{carrier}: {states:?}");
        let state: Vec<_> = context.state.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(state, expected, "{carrier}: {states:?}");
    })
    .await;
}
