//! The cases of W3C's [validation suite] for Trace Context, under the names that they have there, at its strict level.
//!
//! The service is a server with our layer, whose handler calls back with our client. The same cases are put to what the
//! other carriers read and write: message attributes, and the `__context__` of a JSON payload.
//!
//! [validation suite]: https://github.com/w3c/trace-context/blob/main/test/test.py

use axum::Router;
use axum::extract::Request;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Records, Scope, SpanData, flush, outbound};
use thundra_http::{Client, Layer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tracing::info_span;

use crate::support::{Record, Seen, attribute, installed, serve};

const TRACE: &str = "12345678901234567890123456789012";
const PARENT: &str = "1234567890123456";
const SAMPLED: &str = "00-12345678901234567890123456789012-1234567890123456-01";
const UNSAMPLED: &str = "00-12345678901234567890123456789012-1234567890123456-00";

/// Headers, or the pairs of another carrier.
type Pairs = Vec<(String, String)>;

/// What each carrier brought back, for each call that was made.
struct Answers(Vec<(&'static str, Vec<Context>)>);

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

/// Sends a request, and has the service make this many calls.
async fn make_request(headers: &[(&str, &str)], count: usize) -> Answers {
    let (_turn, _exporter) = installed().await;
    let sent: Pairs = headers.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let answers = [
        ("HTTP", over_http(&sent, count).await),
        ("attributes", in_a_scope(&sent, count, |outbound| owned(outbound.pairs()))),
        ("payload", in_a_scope(&sent, count, |outbound| text(outbound.payload_pairs()))),
    ];
    let contexts = answers.map(|(carrier, calls)| {
        assert_eq!(calls.len(), count, "{carrier}");
        (carrier, calls.iter().map(|pairs| Context::of(pairs, carrier)).collect())
    });
    Answers(contexts.into())
}

/// The request as it stands, to the byte, and what the service sends on.
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

/// What a scope that received these pairs sends with its calls.
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

/// Sends a request, has the service make one call, and checks what every carrier made of it.
async fn each(headers: &[(&str, &str)], check: impl Fn(&Context, &str)) {
    for (carrier, contexts) in make_request(headers, 1).await.0 {
        check(&contexts[0], carrier);
    }
}

/// The trace goes on.
async fn continued(headers: &[(&str, &str)]) {
    each(headers, |context, carrier| {
        assert_eq!(context.trace_id, TRACE, "{carrier}: {headers:?}");
        assert_ne!(context.parent_id, PARENT, "{carrier}: {headers:?}");
    })
    .await;
}

/// A new trace begins.
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

/// The trace goes on with this state and no other member.
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

#[tokio::test]
async fn test_both_traceparent_and_tracestate_missing() {
    each(&[], |context, _| assert!(context.state.is_empty())).await;
}

#[tokio::test]
async fn test_traceparent_included_tracestate_missing() {
    continued(&[("traceparent", SAMPLED)]).await;
}

#[tokio::test]
async fn test_traceparent_duplicated() {
    restarted_by(&[
        ("traceparent", "00-12345678901234567890123456789011-1234567890123456-01"),
        ("traceparent", "00-12345678901234567890123456789012-1234567890123456-01"),
    ])
    .await;
    // As a proxy or API Gateway joins them.
    restarted(&format!("00-12345678901234567890123456789011-1234567890123456-01, {SAMPLED}")).await;
}

#[tokio::test]
async fn test_traceparent_header_name() {
    restarted_by(&[("trace-parent", SAMPLED)]).await;
    restarted_by(&[("trace.parent", SAMPLED)]).await;
}

#[tokio::test]
async fn test_traceparent_header_name_valid_casing() {
    for name in ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"] {
        continued(&[(name, SAMPLED)]).await;
    }
}

#[tokio::test]
async fn test_traceparent_version_0x00() {
    restarted(&format!("{SAMPLED}.")).await;
    restarted(&format!("{SAMPLED}-what-the-future-will-be-like")).await;
}

#[tokio::test]
async fn test_traceparent_version_0xcc() {
    let future = SAMPLED.replacen("00", "cc", 1);
    continued(&[("traceparent", &future)]).await;
    continued(&[("traceparent", &format!("{future}-what-the-future-will-be-like"))]).await;
    restarted(&format!("{future}.what-the-future-will-be-like")).await;
}

#[tokio::test]
async fn test_traceparent_version_0xff() {
    restarted(&SAMPLED.replacen("00", "ff", 1)).await;
}

#[tokio::test]
async fn test_traceparent_version_illegal_characters() {
    restarted(&SAMPLED.replacen("00", ".0", 1)).await;
    restarted(&SAMPLED.replacen("00", "0.", 1)).await;
}

#[tokio::test]
async fn test_traceparent_version_too_long() {
    restarted(&format!("0{SAMPLED}")).await;
    restarted(&format!("00{SAMPLED}")).await;
}

#[tokio::test]
async fn test_traceparent_version_too_short() {
    restarted(&SAMPLED[1..]).await;
}

#[tokio::test]
async fn test_traceparent_trace_id_all_zero() {
    restarted(&SAMPLED.replace(TRACE, &"0".repeat(32))).await;
}

#[tokio::test]
async fn test_traceparent_trace_id_illegal_characters() {
    restarted(&SAMPLED.replace(TRACE, ".2345678901234567890123456789012")).await;
    restarted(&SAMPLED.replace(TRACE, "1234567890123456789012345678901.")).await;
}

#[tokio::test]
async fn test_traceparent_trace_id_too_long() {
    restarted(&SAMPLED.replace(TRACE, "123456789012345678901234567890123")).await;
}

#[tokio::test]
async fn test_traceparent_trace_id_too_short() {
    restarted(&SAMPLED.replace(TRACE, "1234567890123456789012345678901")).await;
}

#[tokio::test]
async fn test_traceparent_parent_id_all_zero() {
    restarted("00-12345678901234567890123456789012-0000000000000000-01").await;
}

#[tokio::test]
async fn test_traceparent_parent_id_illegal_characters() {
    restarted("00-12345678901234567890123456789012-.234567890123456-01").await;
    restarted("00-12345678901234567890123456789012-123456789012345.-01").await;
}

#[tokio::test]
async fn test_traceparent_parent_id_too_long() {
    restarted("00-12345678901234567890123456789012-12345678901234567-01").await;
}

#[tokio::test]
async fn test_traceparent_parent_id_too_short() {
    restarted("00-12345678901234567890123456789012-123456789012345-01").await;
}

#[tokio::test]
async fn test_traceparent_trace_flags_illegal_characters() {
    restarted("00-12345678901234567890123456789012-1234567890123456-.0").await;
    restarted("00-12345678901234567890123456789012-1234567890123456-0.").await;
}

#[tokio::test]
async fn test_traceparent_trace_flags_too_long() {
    restarted("00-12345678901234567890123456789012-1234567890123456-001").await;
}

#[tokio::test]
async fn test_traceparent_trace_flags_too_short() {
    restarted("00-12345678901234567890123456789012-1234567890123456-1").await;
}

#[tokio::test]
async fn test_traceparent_ows_handling() {
    for (before, after) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t")] {
        continued(&[("traceparent", &format!("{before}{SAMPLED}{after}"))]).await;
    }
}

#[tokio::test]
async fn test_tracestate_included_traceparent_missing() {
    for state in ["foo=1", "foo=1,bar=2"] {
        each(&[("tracestate", state)], |context, carrier| assert!(context.state.is_empty(), "{carrier}")).await;
    }
}

#[tokio::test]
async fn test_tracestate_included_traceparent_included() {
    inherited(&["foo=1,bar=2"], &[("foo", "1"), ("bar", "2")]).await;
}

#[tokio::test]
async fn test_tracestate_header_name() {
    for name in ["trace-state", "trace.state"] {
        let headers = [("traceparent", UNSAMPLED), (name, "foo=1")];
        each(&headers, |context, carrier| assert_eq!(context.member("foo"), None, "{carrier}: {name}")).await;
    }
}

#[tokio::test]
async fn test_tracestate_header_name_valid_casing() {
    for name in ["TraceState", "TrAcEsTaTe", "TRACESTATE"] {
        let headers = [("traceparent", UNSAMPLED), (name, "foo=1")];
        each(&headers, |context, carrier| assert_eq!(context.member("foo"), Some("1"), "{carrier}: {name}")).await;
    }
}

#[tokio::test]
async fn test_tracestate_empty_header() {
    inherited(&[""], &[]).await;
    inherited(&["foo=1", ""], &[("foo", "1")]).await;
    inherited(&["", "foo=1"], &[("foo", "1")]).await;
}

#[tokio::test]
async fn test_tracestate_multiple_headers_different_keys() {
    let expected = [("foo", "1"), ("bar", "2"), ("rojo", "1"), ("congo", "2"), ("baz", "3")];
    inherited(&["foo=1,bar=2", "rojo=1,congo=2", "baz=3"], &expected).await;
}

#[tokio::test]
async fn test_tracestate_duplicated_keys() {
    inherited(&["foo=1,foo=1"], &[("foo", "1")]).await;
    inherited(&["foo=1,foo=2"], &[("foo", "1")]).await;
    inherited(&["foo=1", "foo=1"], &[("foo", "1")]).await;
    inherited(&["foo=1", "foo=2"], &[("foo", "1")]).await;
    inherited(&["foo=1,bar=2", "foo=3,baz=4"], &[("foo", "1"), ("bar", "2"), ("baz", "4")]).await;
}

#[tokio::test]
async fn test_tracestate_all_allowed_characters() {
    let letters: String = ('a'..='z').collect();
    let without_vendor = format!("{letters}0123456789_-*/");
    let with_vendor = format!("{without_vendor}@a-z0-9_-*/");
    let value: String = (' '..='~').filter(|sign| !matches!(sign, ',' | '=')).collect();
    for key in [&without_vendor, &with_vendor] {
        inherited(&[&format!("{key}={value}")], &[(key, &value)]).await;
    }
}

#[tokio::test]
async fn test_tracestate_ows_handling() {
    let three = [("foo", "1"), ("bar", "2"), ("baz", "3")];
    inherited(&["foo=1 \t , \t bar=2, \t baz=3"], &three).await;
    inherited(&["foo=1\t \t,\t \tbar=2,\t \tbaz=3"], &three).await;
    for state in [" foo=1", "\tfoo=1", "foo=1 ", "foo=1\t", "\t foo=1 \t"] {
        inherited(&[state], &[("foo", "1")]).await;
    }
}

#[tokio::test]
async fn test_tracestate_key_illegal_characters() {
    for state in ["foo =1", "FOO=1", "foo.bar=1"] {
        inherited(&[state], &[]).await;
    }
}

#[tokio::test]
async fn test_tracestate_key_illegal_vendor_format() {
    inherited(&["foo@=1,bar=2"], &[("foo@", "1"), ("bar", "2")]).await;
    inherited(&["@foo=1,bar=2"], &[]).await;
    inherited(&["foo@@bar=1,bar=2"], &[("foo@@bar", "1"), ("bar", "2")]).await;
    inherited(&["foo@bar@baz=1,bar=2"], &[("foo@bar@baz", "1"), ("bar", "2")]).await;
}

#[tokio::test]
async fn test_tracestate_member_count_limit() {
    let members: Vec<_> = (1..=33).map(|n| (format!("bar{n:02}"), format!("{n:02}"))).collect();
    let list = |members: &[(String, String)]| {
        members.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
    };
    let [one, two, three] = [&members[..10], &members[10..20], &members[20..30]].map(list);
    let all: Vec<_> = members.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    inherited(&[&one, &two, &three, &list(&members[30..32])], &all[..32]).await;
    inherited(&[&one, &two, &three, &list(&members[30..])], &[]).await;
}

#[tokio::test]
async fn test_tracestate_key_length_limit() {
    let vendors = [
        "z".repeat(256),
        format!("{}@{}", "t".repeat(241), "v".repeat(14)),
        format!("{}@v", "t".repeat(242)),
        format!("t@{}", "v".repeat(15)),
    ];
    for key in &vendors {
        inherited(&["foo=1", &format!("{key}=1")], &[("foo", "1"), (key, "1")]).await;
    }
    inherited(&["foo=1", &format!("{}=1", "z".repeat(257))], &[]).await;
}

#[tokio::test]
async fn test_tracestate_value_illegal_characters() {
    inherited(&["foo=bar=baz"], &[]).await;
    inherited(&["foo=,bar=3"], &[]).await;
}

/// Three calls have three parents, and one trace.
async fn three_calls(headers: &[(&str, &str)], check: impl Fn(&str)) {
    for (carrier, contexts) in make_request(headers, 3).await.0 {
        let mut parents: Vec<_> = contexts.iter().map(|context| &context.parent_id).collect();
        parents.sort_unstable();
        parents.dedup();
        assert_eq!(parents.len(), 3, "{carrier}");
        assert!(contexts.iter().all(|context| context.trace_id == contexts[0].trace_id), "{carrier}");
        check(&contexts[0].trace_id);
    }
}

#[tokio::test]
async fn test_multiple_requests_with_valid_traceparent() {
    three_calls(&[("traceparent", SAMPLED)], |trace_id| assert_eq!(trace_id, TRACE)).await;
}

#[tokio::test]
async fn test_multiple_requests_without_traceparent() {
    three_calls(&[], |_| {}).await;
}

#[tokio::test]
async fn test_multiple_requests_with_illegal_traceparent() {
    let illegal = SAMPLED.replace(TRACE, &"0".repeat(32));
    three_calls(&[("traceparent", &illegal)], |trace_id| assert_ne!(trace_id, "0".repeat(32))).await;
}

#[tokio::test]
async fn test_propagates_random_flag() {
    let parent = |flags: &str| format!("00-{TRACE}-{PARENT}-{flags}");
    for (flags, random) in [("02", true), ("03", true), ("00", false), ("01", false), ("fd", false), ("ff", true)] {
        each(&[("traceparent", &parent(flags))], |context, carrier| {
            assert_eq!((context.trace_id.as_str(), context.flags & 2 == 2), (TRACE, random), "{carrier}: {flags}");
            assert_ne!(context.parent_id, PARENT, "{carrier}: {flags}");
            assert_eq!(context.flags & !3, 0, "{carrier}: no other flag is known");
        })
        .await;
    }
    each(&[], |context, carrier| assert_eq!(context.flags & 2, 2, "{carrier}: our own trace ids are random")).await;
}

/// Beside the suite: what HTTP calls obsolete text, and what carriers other than HTTP take.
#[tokio::test]
async fn what_is_no_ascii_is_malformed_and_counts() {
    restarted_by(&[("traceparent", SAMPLED), ("traceparent", "\u{e9}")]).await;
    restarted_by(&[("traceparent", "\u{e9}"), ("traceparent", SAMPLED)]).await;
    restarted(&format!("{SAMPLED}\u{3000}")).await;
    inherited(&["foo=1", "bar=\u{e9}"], &[]).await;
    inherited(&["foo=1,\u{3000}bar=2"], &[]).await;
}

#[tokio::test]
async fn a_malformed_member_takes_no_other_one_along() {
    let baggage = "a=1,k\u{3000}=v,b=\u{e9},c=3;\u{a0}p, d=4";
    let (_turn, exporter) = installed().await;
    let calls = over_http(&owned(vec![("baggage", baggage.to_owned())]), 1).await;
    let sent = calls[0].iter().find(|(name, _)| name == "baggage").map(|(_, value)| value.as_str());
    assert_eq!(sent, Some("a=1,d=4"));
    flush(Records::default(), None).await;
    let count = |span: &SpanData| attribute(span, "thundra.propagation.dropped");
    assert_eq!(exporter.spans().iter().find_map(count).as_deref(), Some("3"));
    // HTTP knows no line ends within a value, but attributes and payloads do.
    for (list, expected) in [("a=1,k=v\n,b=2", "a=1,b=2"), ("a=1,k\r=v", "a=1"), ("a=1,\u{b}k=v", "a=1")] {
        let calls = in_a_scope(&owned(vec![("baggage", list.to_owned())]), 1, |outbound| owned(outbound.pairs()));
        let sent = calls[0].iter().find(|(name, _)| name == "baggage").map(|(_, value)| value.as_str());
        assert_eq!(sent, Some(expected), "{list:?}");
    }
}
