//! Kinesis, EventBridge, Lambda and Step Functions: `__context__` in JSON payloads.

use std::future::Future;
use std::pin::Pin;

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_lambda::types::InvocationType;
use aws_smithy_runtime_api::http::Request as HttpRequest;
use aws_smithy_types::Blob;
use base64::prelude::{BASE64_STANDARD, Engine};
use serde_json::Value;
use thundra_core::SpanKind;

use crate::endpoint::Request;
use crate::exchange::{Clients, Exchange, Surroundings, Wire};

const MIB: usize = 1024 * 1024;
const SIZE: &str = "over the size limit";
const MACHINE: &str = "arn:aws:states:eu-west-1:123456789012:stateMachine";

type Sending<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// An operation with a JSON payload.
struct Transport {
    name: &'static str,
    /// Sends a payload to the target with the given name.
    send: for<'a> fn(&'a Clients, &str, Vec<u8>) -> Sending<'a>,
    place: Place,
    /// Bytes counted beside the payload.
    beside: usize,
    /// Largest size of a request.
    limit: usize,
    /// Kind of the span after injection.
    kind: SpanKind,
    /// Member for the trace of AWS.
    trace_header: Option<&'static str>,
}

/// The place of the payload in a request.
enum Place {
    Body,
    Text(&'static str),
    Base64(&'static str),
}

impl Place {
    fn read(&self, request: &Request) -> Vec<u8> {
        let text = |pointer| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            body.pointer(pointer).unwrap().as_str().unwrap().to_owned()
        };
        match self {
            Place::Body => request.body.clone(),
            Place::Text(pointer) => text(pointer).into_bytes(),
            Place::Base64(pointer) => BASE64_STANDARD.decode(text(pointer)).unwrap(),
        }
    }

    /// Returns a payload in the form of the body.
    fn written(&self, payload: &[u8]) -> String {
        match self {
            Place::Body => String::from_utf8_lossy(payload).into_owned(),
            Place::Text(_) => Value::from(std::str::from_utf8(payload).unwrap()).to_string(),
            Place::Base64(_) => Value::from(BASE64_STANDARD.encode(payload)).to_string(),
        }
    }
}

const TRANSPORTS: [Transport; 6] = [
    Transport {
        name: "Kinesis.PutRecord",
        send: put_record,
        place: Place::Base64("/Data"),
        beside: "key".len(),
        limit: MIB,
        kind: SpanKind::Producer,
        trace_header: None,
    },
    Transport {
        name: "Kinesis.PutRecords",
        send: put_records,
        place: Place::Base64("/Records/0/Data"),
        beside: "key".len(),
        limit: MIB,
        kind: SpanKind::Producer,
        trace_header: None,
    },
    Transport {
        name: "EventBridge.PutEvents",
        send: put_events,
        place: Place::Text("/Entries/0/Detail"),
        beside: "shop".len() + "placed".len(),
        limit: 999_999,
        kind: SpanKind::Producer,
        trace_header: Some("TraceHeader"),
    },
    Transport {
        name: "Lambda.Invoke",
        send: invoke,
        place: Place::Body,
        beside: 0,
        limit: 1_000_000,
        kind: SpanKind::Client,
        trace_header: None,
    },
    Transport {
        name: "SFN.StartExecution",
        send: start_execution,
        place: Place::Text("/input"),
        beside: 0,
        limit: 256 * 1024,
        kind: SpanKind::Client,
        trace_header: Some("traceHeader"),
    },
    Transport {
        name: "SFN.StartSyncExecution",
        send: start_sync_execution,
        place: Place::Text("/input"),
        beside: 0,
        limit: 256 * 1024,
        kind: SpanKind::Client,
        trace_header: Some("traceHeader"),
    },
];

fn put_record<'a>(clients: &'a Clients, stream: &str, data: Vec<u8>) -> Sending<'a> {
    let put = clients.kinesis.put_record().stream_name(stream).partition_key("key").data(Blob::new(data));
    Box::pin(async { drop(put.send().await) })
}

fn record(data: Vec<u8>) -> PutRecordsRequestEntry {
    PutRecordsRequestEntry::builder().partition_key("key").data(Blob::new(data)).build().unwrap()
}

fn put_records<'a>(clients: &'a Clients, stream: &str, data: Vec<u8>) -> Sending<'a> {
    let arn = format!("arn:aws:kinesis:eu-west-1:123456789012:stream/{stream}");
    let put = clients.kinesis.put_records().stream_arn(arn).records(record(data));
    Box::pin(async { drop(put.send().await) })
}

fn entry(bus: &str, detail: Vec<u8>) -> PutEventsRequestEntry {
    let detail = String::from_utf8(detail).unwrap();
    PutEventsRequestEntry::builder().source("shop").detail_type("placed").detail(detail).event_bus_name(bus).build()
}

fn put_events<'a>(clients: &'a Clients, bus: &str, detail: Vec<u8>) -> Sending<'a> {
    let put = clients.eventbridge.put_events().entries(entry(bus, detail));
    Box::pin(async { drop(put.send().await) })
}

fn invoke<'a>(clients: &'a Clients, function: &str, payload: Vec<u8>) -> Sending<'a> {
    let invoke = clients.lambda.invoke().function_name(function).invocation_type(InvocationType::Event);
    let invoke = invoke.payload(Blob::new(payload));
    Box::pin(async { drop(invoke.send().await) })
}

fn start_execution<'a>(clients: &'a Clients, machine: &str, input: Vec<u8>) -> Sending<'a> {
    let start = clients.sfn.start_execution().state_machine_arn(format!("{MACHINE}:{machine}"));
    let start = start.input(String::from_utf8(input).unwrap());
    Box::pin(async { drop(start.send().await) })
}

fn start_sync_execution<'a>(clients: &'a Clients, machine: &str, input: Vec<u8>) -> Sending<'a> {
    let start = clients.sfn.start_sync_execution().state_machine_arn(format!("{MACHINE}:{machine}:live"));
    let start = start.input(String::from_utf8(input).unwrap()).customize();
    let url = clients.url.clone();
    let start = start.mutate_request(move |request: &mut HttpRequest| request.set_uri(&*url).unwrap());
    Box::pin(async { drop(start.send().await) })
}

impl Transport {
    fn exchange(&self, wire: &Wire, surroundings: Surroundings<'_>, target: &str, payload: &[u8]) -> Exchange {
        wire.exchange_in(surroundings, async |clients| (self.send)(clients, target, payload.to_vec()).await)
    }

    /// Returns the payloads of the two requests. Asserts that the requests otherwise differ only in the trace header.
    fn payloads(&self, exchange: &Exchange, why: &str) -> (Vec<u8>, Vec<u8>) {
        // A header of the request that wins over the member has the same value.
        let header = (self.trace_header == Some("traceHeader")).then_some("x-amzn-trace-id");
        header.iter().for_each(|name| assert_eq!(exchange.traced.headers[*name], exchange.xray(), "{why}"));
        exchange.assert_same_head(header.as_slice(), why);
        let (plain, traced) = (self.place.read(&exchange.plain), self.place.read(&exchange.traced));
        if !matches!(self.place, Place::Body) {
            let header =
                self.trace_header.map(|name| format!(r#","{name}":"{}""#, exchange.xray())).unwrap_or_default();
            let (before, after) = exchange.traced.text().split_once(&header).expect("the trace header");
            let expected = exchange.plain.text().replace(&self.place.written(&plain), &self.place.written(&traced));
            assert!([before, after].concat() == expected, "{why}");
        }
        (plain, traced)
    }

    /// Returns the injected context. Asserts that the payloads are otherwise equal.
    fn injected(&self, exchange: &Exchange, why: &str) -> Option<String> {
        let (plain, traced) = self.payloads(exchange, why);
        if plain == traced {
            return None;
        }
        // The context is the first member, and our values have no brace.
        let open = traced.iter().position(|byte| *byte == b'{').unwrap() + 1;
        let (before, rest) = traced.split_at(open);
        let rest = rest.strip_prefix(b"\"__context__\":").expect("a context");
        let (context, after) = rest.split_at(rest.iter().position(|byte| *byte == b'}').unwrap() + 1);
        assert!([before, after.strip_prefix(b",").unwrap_or(after)].concat() == plain, "{why}: no other byte changes");
        Some(String::from_utf8(context.to_vec()).unwrap())
    }
}

/// Returns the context with the first `count` members.
fn context(exchange: &Exchange, count: usize) -> String {
    let quoted = |value: String| if value == "1" { value } else { format!("\"{value}\"") };
    let members = exchange.pairs().map(|(name, value)| format!("\"{name}\":{}", quoted(value)));
    format!("{{{}}}", members[..count].join(","))
}

/// Returns the bytes of the first `count` members in an object with other members.
fn cost(count: usize) -> usize {
    const MEMBERS: [usize; 5] = [24, 21, 27, 71, 85];
    "\"__context__\":{},".len() + MEMBERS[..count].iter().sum::<usize>() + count - 1
}

fn object(bytes: usize) -> Vec<u8> {
    [br#"{"a":""#.to_vec(), vec![b'x'; bytes - 8], br#""}"#.to_vec()].concat()
}

fn array(bytes: usize) -> Vec<u8> {
    [br#"[""#.to_vec(), vec![b'x'; bytes - 4], br#""]"#.to_vec()].concat()
}

#[test]
fn objects_carry_the_context_and_nothing_else_does() {
    const NO_OBJECT: &str = "no JSON object";
    const TAKEN: &str = "a context of its own";
    let wire = Wire::new();
    for (payload, skipped, why) in [
        (&br#"{"a":1}"#[..], "", "an object"),
        (b"{}", "", "an empty object"),
        (b" \r\n\t{ }", "", "whitespace around and in it"),
        (b"{\"a\":1}\n", "", "a line of NDJSON"),
        (
            b"{ \"id\": 12345678901234567890, \"d\": 1.0, \"e\": 1E400, \"z\": 0.10 }",
            "",
            "numbers that f64 would change",
        ),
        (br#"{"b":1,"a":2,"a":3,"2":4}"#, "", "order, and members that are there twice"),
        ("{\"\\u00e9\":\"é\\/\\ud83d\"}".as_bytes(), "", "escapes, half a pair among them"),
        (br#"{"a":{"__context__":{}},"b":"\"__context__\":"}"#, "", "the key where it is no member"),
        (br#"{"__Context__":{}}"#, "", "a key in another case"),
        (br#"{"__context__":{"x-correlation-id":"theirs"}}"#, TAKEN, "a context of the caller's"),
        (br#"{"a":1,"__context__":null}"#, TAKEN, "null is one too"),
        (b"[1]", NO_OBJECT, "an array"),
        (b"[{\"a\":1}]", NO_OBJECT, "an array of objects"),
        (b"5", NO_OBJECT, "a number"),
        (b"\"{}\"", NO_OBJECT, "text"),
        (b"true", NO_OBJECT, "a boolean"),
        (b"null", NO_OBJECT, "null"),
        (b"hello", NO_OBJECT, "no JSON"),
        (b"", NO_OBJECT, "nothing"),
        (b"{\"a\":1}\n{\"a\":2}\n", NO_OBJECT, "two lines of NDJSON"),
        (b"{\"a\":1", NO_OBJECT, "cut short"),
        (b"{\"a\":01}", NO_OBJECT, "a number that is none"),
        (b"{'a':1}", NO_OBJECT, "JavaScript"),
        ("\u{feff}{}".as_bytes(), NO_OBJECT, "a byte order mark"),
        (b"{\"a\":\"\xff\"}", NO_OBJECT, "invalid UTF-8"),
        (b"\xf3\x89\x9a\xc2", NO_OBJECT, "an aggregated record"),
        (b"\x1f\x8b\x08", NO_OBJECT, "compressed data"),
    ] {
        let is_text = std::str::from_utf8(payload).is_ok();
        for transport in TRANSPORTS.iter().filter(|transport| is_text || !matches!(transport.place, Place::Text(_))) {
            let why = &format!("{}: {why}", transport.name);
            let exchange = transport.exchange(&wire, Surroundings::default(), "orders", payload);
            let injected = transport.injected(&exchange, why);
            assert_eq!(injected, skipped.is_empty().then(|| context(&exchange, 5)), "{why}");
            exchange.assert_skipped(skipped, usize::from(!skipped.is_empty()), why);
            // The trace header names the span as well, unless the receiver reads a context of the caller first.
            let sent = injected.is_some() || (skipped != TAKEN && transport.trace_header.is_some());
            assert_eq!(exchange.span.kind, if sent { transport.kind } else { SpanKind::Client }, "{why}");
            if injected.is_none() && transport.trace_header.is_none() {
                exchange.assert_untouched(why);
            }
        }
    }
}

#[test]
fn a_received_context_is_replaced() {
    let received = r#"{"x-correlation-id":"old","call-chain-length":1}"#;
    let wire = Wire::new();
    for (payload, expected, why) in [
        (r#"{"__context__":RECEIVED,"a":1.0}"#, r#"{"__context__":OURS,"a":1.0}"#, "sent on as it came"),
        ("{\"a\":1, \"__context__\" : RECEIVED }\n", "{\"a\":1, \"__context__\" : OURS }\n", "wherever it stands"),
        (r#"{"__context__":{"x-correlation-id":"old"}}"#, r#"{"__context__":{"x-correlation-id":"old"}}"#, "another"),
        (r#"{"a":1}"#, r#"{"__context__":OURS,"a":1}"#, "none"),
    ] {
        for transport in &TRANSPORTS {
            let why = &format!("{}: {why}", transport.name);
            let surroundings = Surroundings { received: Some(received), ..Surroundings::default() };
            let payload = payload.replace("RECEIVED", received);
            let exchange = transport.exchange(&wire, surroundings, "orders", payload.as_bytes());
            let (_, traced) = transport.payloads(&exchange, why);
            assert_eq!(String::from_utf8(traced).unwrap(), expected.replace("OURS", &context(&exchange, 5)), "{why}");
        }
    }
}

#[test]
fn no_payload_outgrows_its_limit() {
    let wire = Wire::new();
    for transport in &TRANSPORTS {
        let (limit, all) = (transport.limit, cost(5));
        // The limit of a stream is unknown. A record past the default may grow to the largest configurable limit.
        let past = if limit == MIB { 5 } else { 0 };
        for (bytes, ours, why) in [
            (limit - all - 1, 5, "one byte under"),
            (limit - all, 5, "at the limit"),
            (limit - all + 1, 4, "one byte over"),
            (limit - cost(1), 1, "room for one to the byte"),
            (limit - cost(1) + 4, 0, "room for none"),
            (limit, 0, "full"),
            (limit + 1, past, "past it"),
        ] {
            let why = &format!("{}: {why}", transport.name);
            let exchange =
                transport.exchange(&wire, Surroundings::default(), "orders", &object(bytes - transport.beside));
            let injected = transport.injected(&exchange, why);
            assert_eq!(injected, (ours > 0).then(|| context(&exchange, ours)), "{why}");
            exchange.assert_skipped(if ours < 5 { SIZE } else { "" }, usize::from(ours < 5), why);
        }
    }
}

#[test]
fn a_record_of_kinesis_has_ten_mebibytes_at_most() {
    let wire = Wire::new();
    let put_record = &TRANSPORTS[0];
    for (bytes, ours, why) in [(0, 5, "one byte under"), (1, 5, "at the limit"), (2, 4, "one byte over")] {
        let data = object(10 * MIB - 1 - cost(5) - put_record.beside + bytes);
        let exchange = put_record.exchange(&wire, Surroundings::default(), "orders", &data);
        assert_eq!(put_record.injected(&exchange, why), Some(context(&exchange, ours)), "{why}");
    }
}

/// A batch of two payloads.
struct Batch {
    name: &'static str,
    send: for<'a> fn(&'a Clients, [Vec<u8>; 2]) -> Sending<'a>,
    payloads: [Place; 2],
    beside: usize,
    limit: usize,
}

const BATCHES: [Batch; 2] = [
    Batch {
        name: "Kinesis.PutRecords",
        send: |clients, data| {
            let records = data.map(record).to_vec();
            let put = clients.kinesis.put_records().stream_name("orders").set_records(Some(records));
            Box::pin(async { drop(put.send().await) })
        },
        payloads: [Place::Base64("/Records/0/Data"), Place::Base64("/Records/1/Data")],
        beside: 2 * "key".len(),
        limit: 10 * MIB,
    },
    Batch {
        name: "EventBridge.PutEvents",
        send: |clients, details| {
            let entries = details.map(|detail| entry("orders", detail)).to_vec();
            let put = clients.eventbridge.put_events().set_entries(Some(entries));
            Box::pin(async { drop(put.send().await) })
        },
        payloads: [Place::Text("/Entries/0/Detail"), Place::Text("/Entries/1/Detail")],
        beside: 2 * ("shop".len() + "placed".len()),
        limit: 999_999,
    },
];

#[test]
fn a_batch_is_limited_in_sum_and_each_has_its_share() {
    let wire = Wire::new();
    let all = cost(5);
    for Batch { name, send, payloads, beside, limit } in &BATCHES {
        let rows = [
            (&br#"{"a":1}"#[..], object as fn(usize) -> Vec<u8>, 2 * all + 1, [5, 5], ("", 0), "one byte under"),
            (br#"{"a":1}"#, object, 2 * all, [5, 5], ("", 0), "at the limit"),
            (br#"{"a":1}"#, object, 2 * all - 1, [4, 5], (SIZE, 1), "one byte over"),
            (br#"{"a":1}"#, object, 2 * cost(1), [1, 1], (SIZE, 2), "room for one in each"),
            (br#"{"a":1}"#, object, 0, [0, 0], (SIZE, 2), "full"),
            (b"[1,2,3]", object, all, [0, 5], ("no JSON object", 1), "what one cannot use is there for the other"),
            (br#"{"a":1}"#, array, all, [5, 0], ("no JSON object", 1), "for one before it as well"),
        ];
        // Ten mebibytes take long in a test build.
        let rows = if *limit > MIB { &rows[1..3] } else { &rows };
        for (first, second, room, ours, (skipped, incomplete), why) in rows {
            let why = &format!("{name}: {why}");
            let second = second(limit - beside - first.len() - room);
            let exchange = wire.exchange(async |clients| send(clients, [first.to_vec(), second.clone()]).await);
            exchange.assert_same_head(&[], why);
            for (place, ours) in payloads.iter().zip(ours) {
                let mut expected = String::from_utf8(place.read(&exchange.plain)).unwrap();
                if *ours > 0 {
                    expected.insert_str(1, &format!("\"__context__\":{},", context(&exchange, *ours)));
                }
                assert!(place.read(&exchange.traced) == expected.into_bytes(), "{why}: {ours}");
            }
            exchange.assert_skipped(skipped, *incomplete, why);
            assert_eq!(exchange.attribute("messaging.batch.message_count"), "2", "{why}");
        }
    }
}

#[test]
fn the_configuration_excludes_targets() {
    let wire = Wire::new();
    for transport in &TRANSPORTS {
        let why = transport.name;
        let exchange = transport.exchange(&wire, Surroundings::default(), "lake-raw", b"{}");
        assert_eq!(transport.injected(&exchange, why), None, "{why}");
        exchange.assert_skipped("not in THUNDRA_INJECT_PAYLOAD", 1, why);
    }
}

#[test]
fn an_idempotent_payload_does_not_change() {
    const NAMED: &str = "a named execution";
    let wire = Wire::new();
    let start = wire.exchange(async |clients| {
        let start = clients.sfn.start_execution().state_machine_arn(format!("{MACHINE}:orders"));
        drop(start.name("order-7").input(r#"{"a":1}"#).send().await);
    });
    let invoke = wire.exchange(async |clients| {
        let invoke = clients.lambda.invoke().function_name("orders").invocation_type(InvocationType::Event);
        drop(invoke.durable_execution_name("order-7").payload(Blob::new("{}")).send().await);
    });
    assert_eq!(TRANSPORTS[4].injected(&start, NAMED), None, "the trace header goes all the same");
    start.assert_skipped(NAMED, 1, NAMED);
    invoke.assert_untouched(NAMED);
    invoke.assert_skipped(NAMED, 1, NAMED);
}

#[test]
fn the_callers_trace_header_wins() {
    let wire = Wire::new();
    let put = wire.exchange(async |clients| {
        let mut entry = entry("orders", b"[]".to_vec());
        entry.trace_header = Some("mine".to_owned());
        drop(clients.eventbridge.put_events().entries(entry).send().await);
    });
    let start = wire.exchange(async |clients| {
        let start = clients.sfn.start_execution().state_machine_arn(format!("{MACHINE}:orders"));
        drop(start.name("order-7").trace_header("mine").send().await);
    });
    for exchange in [put, start] {
        exchange.assert_untouched("nothing is left to inject");
        assert_eq!(exchange.span.kind, SpanKind::Client);
    }
}

#[test]
fn a_missing_payload_stays_missing() {
    let wire = Wire::new();
    let invoke = wire.exchange(async |clients| {
        drop(clients.lambda.invoke().function_name("orders").invocation_type(InvocationType::Event).send().await);
    });
    invoke.assert_untouched("no payload");
    invoke.assert_skipped("no JSON object", 1, "no payload");
    let start = wire.exchange(async |clients| {
        drop(clients.sfn.start_execution().state_machine_arn(format!("{MACHINE}:orders")).send().await);
    });
    assert!(!start.traced.text().contains("input"), "{}", start.traced.text());
    start.assert_skipped("no JSON object", 1, "no input");
}
