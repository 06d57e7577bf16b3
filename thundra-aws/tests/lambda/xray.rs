//! The exporter `xray`: a function beside the daemon of active tracing.

use std::net::UdpSocket;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use crate::peers::{Lambda, Seen, Span, spans};

const TRACE: &str = "5759e988bd862e3fe1be46a994272793";
/// The id of Lambda's segment for the function.
const SEGMENT: &str = "53995c3f42cd8ad8";
const OTHER_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SENDER: &str = "b7ad6b7169203331";

/// Returns the X-Ray header of an event from Lambda.
fn header(sampled: &str) -> String {
    format!("Root=1-5759e988-bd862e3fe1be46a994272793;Parent={SEGMENT}{sampled};Lineage=1:a87bd80c:0")
}

/// A socket in place of the daemon, and a thread that reads the socket.
struct Daemon {
    address: String,
    seen: Arc<Mutex<Vec<Vec<u8>>>>,
    reader: std::thread::JoinHandle<()>,
}

impl Daemon {
    fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let seen = Arc::<Mutex<Vec<_>>>::default();
        let keep = seen.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(bytes @ 1..) = socket.recv(&mut buffer) {
                keep.lock().unwrap().push(buffer[..bytes].to_vec());
            }
        });
        Daemon { address, seen, reader }
    }

    /// Returns the prefix and the spans of each datagram after the end of a function.
    fn stop(self) -> Vec<(String, Vec<Span>)> {
        UdpSocket::bind("127.0.0.1:0").unwrap().send_to(&[], self.address).unwrap();
        self.reader.join().unwrap();
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|datagram| opened(datagram)).collect()
    }
}

fn opened(datagram: &[u8]) -> (String, Vec<Span>) {
    assert!(datagram.len() <= 65_507);
    let text = std::str::from_utf8(datagram).unwrap();
    let (prefix, data) = text.strip_prefix("{\"format\":\"json\",\"version\":1}\n").unwrap().split_at(3);
    (prefix.to_owned(), spans(&BASE64_STANDARD.decode(data).unwrap()))
}

/// Runs a program with events and X-Ray headers. Returns the datagrams, the requests to the collector and the Runtime
/// API, and the standard error.
async fn run(
    program: &str,
    variables: &[(&str, &str)],
    events: &[(Value, &str)],
) -> (Vec<(String, Vec<Span>)>, Vec<Seen>, String) {
    let daemon = Daemon::start();
    let own = [("AWS_XRAY_DAEMON_ADDRESS", daemon.address.as_str()), ("OTEL_TRACES_EXPORTER", "xray")];
    let variables: Vec<_> = own.iter().chain(variables).copied().collect();
    let lambda = Lambda::start(program, &variables).await;
    for (event, header) in events {
        let _ = lambda.invoke_with(event.clone(), Some(header)).await;
    }
    let (seen, stderr) = lambda.stop().await;
    (daemon.stop(), seen, stderr)
}

/// Returns a message of a queue, sent by a span of a trace.
fn message(trace: &str) -> Value {
    json!({ "messageId": "m-1", "body": "{}", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:notes",
            "attributes": { "SentTimestamp": std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().to_string() },
            "messageAttributes": { "traceparent": { "dataType": "String", "stringValue": format!("00-{trace}-{SENDER}-01") } } })
}

#[tokio::test]
async fn one_word_beside_active_tracing_is_the_whole_set_up() {
    let (datagrams, seen, stderr) = run("traced", &[], &[(json!("ann"), &header(";Sampled=1"))]).await;
    let [(prefix, spans)] = datagrams.as_slice() else { panic!("{datagrams:?}\n{stderr}") };
    assert_eq!((prefix.as_str(), spans.len()), ("T1S", 2));
    let root = spans.iter().find(|span| span.kind == 2).unwrap();
    assert_eq!((root.trace.as_str(), root.parent.as_str()), (TRACE, SEGMENT), "below Lambda's own segment");
    assert!(spans.iter().all(|span| span.trace == TRACE));
    assert!(seen.iter().all(|seen| seen.name() != "traces"), "the collector gets nothing");
    assert!(!stderr.contains("thundra: "), "{stderr}");
}

#[tokio::test]
async fn every_event_is_below_the_segment_of_lambda_and_links_to_its_sender() {
    let mut old = message(OTHER_TRACE);
    old["attributes"]["SentTimestamp"] = json!("1600000000000");
    let url = json!({ "rawPath": "/", "headers": { "traceparent": format!("00-{OTHER_TRACE}-{SENDER}-01") },
                      "requestContext": { "domainName": "x.lambda-url.eu-west-1.on.aws", "http": { "method": "GET" } } });
    for (event, links, why) in [
        (json!({ "Records": [message(OTHER_TRACE)] }), 1, "a message of another trace"),
        (json!({ "Records": [message(TRACE)] }), 0, "a message of the same trace: the segment is between"),
        (json!({ "Records": [message(OTHER_TRACE), message(OTHER_TRACE)] }), 2, "a batch"),
        (json!({ "Records": [old] }), 1, "an old message"),
        (url, 1, "a request from outside"),
    ] {
        let (datagrams, _, stderr) = run("batch", &[], &[(event, &header(";Sampled=1"))]).await;
        let roots: Vec<_> = datagrams.iter().flat_map(|(_, spans)| spans).filter(|span| span.kind == 2).collect();
        let [root] = roots.as_slice() else { panic!("{why}: {datagrams:?}\n{stderr}") };
        assert_eq!((root.trace.as_str(), root.parent.as_str(), root.links.len()), (TRACE, SEGMENT, links), "{why}");
        assert_eq!(root.text("thundra.parent.source"), "xray", "{why}");
    }
}

#[tokio::test]
async fn an_invocation_that_xray_did_not_sample_sends_nothing_there() {
    let both = ("OTEL_TRACES_EXPORTER", "xray,otlp");
    let sampled = json!({ "Records": [message(OTHER_TRACE)] });
    for (variables, event, collected, why) in [
        (&[][..], json!("ann"), 0, "alone"),
        (&[("OTEL_TRACES_SAMPLER", "always_on")], json!("ann"), 0, "whatever our own sampler says"),
        (&[("OTEL_PROPAGATORS", "tracecontext")], json!("ann"), 0, "whatever is propagated"),
        (&[both], json!("ann"), 2, "the collector gets all"),
        (&[both], sampled.clone(), 2, "the sender decided otherwise"),
        (&[both, ("OTEL_PROPAGATORS", "tracecontext")], sampled, 2, "and nobody reads the header"),
    ] {
        let events = [(event.clone(), &*header(";Sampled=0")), (event, &*header(";Sampled=1"))];
        let (datagrams, seen, stderr) = run("batch", variables, &events).await;
        let roots: Vec<_> = datagrams.iter().flat_map(|(_, spans)| spans).filter(|span| span.kind == 2).collect();
        assert_eq!(
            roots.iter().map(|root| root.text("faas.invocation_id")).collect::<Vec<_>>(),
            ["request-1"],
            "{why}"
        );
        assert!(datagrams.iter().all(|(prefix, _)| prefix == "T1S"));
        assert_eq!(seen.iter().flat_map(Seen::roots).count(), collected, "{why}: {stderr}");
    }
}

#[tokio::test]
async fn the_initialisation_goes_to_xray_with_the_first_sampled_invocation() {
    for (decisions, spans) in [(&["0"][..], 0), (&["1"], 3), (&["0", "0", "1", "1"], 4)] {
        let headers: Vec<_> = decisions.iter().map(|sampled| header(&format!(";Sampled={sampled}"))).collect();
        let events: Vec<_> = headers.iter().map(|header| (json!("ann"), header.as_str())).collect();
        let (datagrams, _, stderr) = run("init", &[], &events).await;
        let seen: Vec<_> = datagrams.iter().flat_map(|(_, spans)| spans).collect();
        assert_eq!(seen.len(), spans, "{decisions:?}: {seen:?} {stderr}");
        let init: Vec<_> =
            seen.iter().filter(|span| span.name == "init" && span.kind != 2).map(|span| span.id.clone()).collect();
        let links: Vec<_> = seen.iter().flat_map(|span| span.links.clone()).collect();
        assert_eq!((init.len(), links), (usize::from(spans > 0), init), "{decisions:?}");
    }
}

#[tokio::test]
async fn the_initialisation_goes_to_xray_before_a_snapshot() {
    let daemon = Daemon::start();
    let variables = [
        ("AWS_XRAY_DAEMON_ADDRESS", daemon.address.as_str()),
        ("OTEL_TRACES_EXPORTER", "xray"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start"),
    ];
    let lambda = Lambda::start("init", &variables).await;
    lambda.restore().await;
    lambda.invoke_with(json!("ann"), Some(&header(";Sampled=0"))).await.unwrap();
    let (_, stderr) = lambda.stop().await;
    let datagrams = daemon.stop();
    let mut names: Vec<_> = datagrams.iter().flat_map(|(_, spans)| spans).map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["connect", "init"], "{stderr}");
}

#[tokio::test]
async fn what_is_kept_goes_to_xray_against_its_decision() {
    let keep = ("THUNDRA_KEEP", "errors");
    for (variables, prefix, collected, why) in [
        (&[keep][..], "T1U", 0, "as unsampled"),
        (&[keep, ("OTEL_TRACES_SAMPLER", "always_on")], "T1S", 0, "our own sampler had taken it"),
        (
            &[keep, ("OTEL_TRACES_EXPORTER", "xray,otlp"), ("OTEL_TRACES_SAMPLER", "always_on")],
            "T1S",
            3,
            "for others too",
        ),
    ] {
        let events = ["ann", "error", "bob"].map(|event| (json!(event), header(";Sampled=0")));
        let events = events.each_ref().map(|(event, header)| (event.clone(), header.as_str()));
        let (datagrams, seen, stderr) = run("traced", variables, &events).await;
        let [(seen_prefix, spans)] = datagrams.as_slice() else { panic!("{why}: {datagrams:?}\n{stderr}") };
        let root = spans.iter().find(|span| span.kind == 2).unwrap();
        assert_eq!((seen_prefix.as_str(), root.text("faas.invocation_id").as_str()), (prefix, "request-1"), "{why}");
        assert!(root.text("thundra.keep.reason").contains("error"), "{why}: {root:?}");
        assert_eq!(seen.iter().flat_map(Seen::roots).count(), collected, "{why}");
    }
}

#[tokio::test]
async fn a_decision_holds_for_its_own_of_two_interleaved_invocations() {
    let daemon = Daemon::start();
    let exporter = [("AWS_XRAY_DAEMON_ADDRESS", daemon.address.as_str()), ("OTEL_TRACES_EXPORTER", "xray,otlp")];
    let variables: Vec<_> = exporter.into_iter().chain([("AWS_LAMBDA_MAX_CONCURRENCY", "2")]).collect();
    let lambda = Lambda::start("concurrent", &variables).await;
    let (yes, no) = (header(";Sampled=1"), header(";Sampled=0"));
    let (ann, bob) =
        tokio::join!(lambda.invoke_with(json!("ann"), Some(&yes)), lambda.invoke_with(json!("bob"), Some(&no)));
    assert_eq!((ann.unwrap(), bob.unwrap()), (json!("hello ann"), json!("hello bob")));
    let (seen, _) = lambda.stop().await;
    assert_eq!(seen.iter().flat_map(Seen::spans).filter(|span| span.kind == 2).count(), 2, "the collector gets both");
    let spans: Vec<_> = daemon.stop().into_iter().flat_map(|(_, spans)| spans).collect();
    assert!(spans.iter().any(|span| span.name == "concurrent" && span.text("x") == "ann"), "{spans:?}");
    assert!(spans.iter().all(|span| span.text("x") != "bob" && span.text("name") != "bob"), "{spans:?}");
}

#[tokio::test]
async fn where_xray_leaves_the_decision_open_it_is_that_of_the_sampler() {
    for (header, parent, why) in [
        ("Root=1-5759e988-bd862e3fe1be46a994272793", "", "no active tracing"),
        (&*header(""), "", "no decision"),
        ("", "", "no header"),
    ] {
        let (datagrams, _, _) = run("traced", &[], &[(json!("ann"), header)]).await;
        let spans: Vec<_> = datagrams.iter().flat_map(|(_, spans)| spans).collect();
        assert_eq!(spans.iter().map(|span| &*span.parent).filter(|id| *id == parent).count(), 1, "{why}: {spans:?}");
        let off = [("OTEL_TRACES_SAMPLER", "always_off")];
        assert!(run("traced", &off, &[(json!("ann"), header)]).await.0.is_empty(), "{why}");
    }
}

#[tokio::test]
async fn every_span_of_a_long_invocation_arrives() {
    let (datagrams, _, stderr) = run("many", &[], &[(json!(9_999), &header(";Sampled=1"))]).await;
    let spans: Vec<_> = datagrams.iter().flat_map(|(_, spans)| spans).collect();
    assert_eq!(spans.len(), 10_000, "{stderr}");
    assert!(spans.iter().all(|span| span.trace == TRACE));
}

#[tokio::test]
async fn without_a_daemon_nothing_changes_and_one_line_says_so() {
    let nobody = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let variables = [("AWS_XRAY_DAEMON_ADDRESS", nobody.as_str()), ("OTEL_TRACES_EXPORTER", "xray")];
    let lambda = Lambda::start("traced", &variables).await;
    for _ in 0..5 {
        let answer = lambda.invoke_with(json!("ann"), Some(&header(";Sampled=1"))).await;
        assert_eq!(answer.unwrap(), json!("hello ann"));
    }
    let (_, stderr) = lambda.stop().await;
    let line = format!(
        "thundra: spans could not be exported and are kept for the next flush: the X-Ray daemon at {nobody} \
                        cannot be reached"
    );
    assert_eq!((stderr.matches(&line).count(), stderr.matches("thundra: ").count()), (1, 1), "{stderr}");
}
