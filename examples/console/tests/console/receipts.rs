//! Messages on the map: each is received once, however many of the library's spans tell of it.

use serde_json::{Value, json};

use crate::harness::Console;
use crate::otlp::{attributes, span, traces};

/// The flags of a span whose parent is in this program, and in another one.
const LOCAL: u64 = 0x101;
const REMOTE: u64 = 0x301;

/// The span id of the invocation, and its trace.
const INVOCATION: u64 = 100;

/// The milliseconds that each message waits.
const WAITS: [u64; 3] = [10, 20, 90];

fn of_queue(more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let queue = [("messaging.system", json!("aws_sqs")), ("messaging.destination.name", json!("ship"))];
    [&queue, more].concat()
}

fn work(more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let process = [("messaging.operation.name", json!("process")), ("messaging.operation.type", json!("process"))];
    of_queue(&[&process, more].concat())
}

fn link(span: &mut Value, trace: u64, id: u64) {
    let link = json!({ "traceId": format!("{trace:032x}"), "spanId": format!("{id:016x}") });
    match span["links"].as_array_mut() {
        Some(links) => links.push(link),
        None => span["links"] = json!([link]),
    }
}

/// Sends the call that sent each message.
fn sent(messages: u64) -> Value {
    let sent = |message| span(message, 1, 0, "send ship", 4, (0, 5), &of_queue(&[]));
    traces("orders", &[], (1..=messages).map(sent).collect())
}

/// Makes the span of an invocation with a batch.
fn invocation(messages: u64) -> Value {
    let known = [
        ("faas.invocation_id", json!("r-1")),
        ("faas.trigger", json!("pubsub")),
        ("messaging.batch.message_count", json!(messages)),
        ("thundra.queue.time_ms", json!(90)),
        ("thundra.parent.source", json!("none: batch, see links")),
    ];
    let mut invocation = span(INVOCATION, INVOCATION, 0, "worker", 2, (95, 200), &work(&known));
    (1..=messages).for_each(|message| link(&mut invocation, message, 1));
    invocation
}

/// Makes the span of the work on a message, in the trace of the message.
fn record(message: u64, parent: u64, flags: u64) -> Value {
    let known = [
        ("messaging.message.id", json!(format!("m-{message}"))),
        ("aws.sqs.receive_count", json!(1)),
        ("thundra.queue.time_ms", json!(WAITS[message as usize - 1])),
        ("thundra.parent.source", json!("tracecontext")),
    ];
    let mut record = span(message, 2, parent, "process ship", 5, (100, 110), &work(&known));
    record["flags"] = json!(flags);
    link(&mut record, INVOCATION, INVOCATION);
    record
}

/// Makes the span of the wait of a message, with `THUNDRA_QUEUE_SPANS=span`.
fn wait(message: u64) -> Value {
    let id = [("messaging.message.id", json!(format!("m-{message}")))];
    let mut wait = span(message, 3, 1, "queue ship", 5, (10, 100), &of_queue(&id));
    wait["flags"] = json!(REMOTE);
    wait
}

/// Makes the span of the work on a message below the invocation, with `THUNDRA_BATCH_SPANS=link`.
fn record_below(message: u64) -> Value {
    let mut record = record(message, INVOCATION, LOCAL);
    record["traceId"] = json!(format!("{INVOCATION:032x}"));
    record["spanId"] = json!(format!("{:016x}", 200 + message));
    let local = attributes(&[("thundra.parent.source", json!("local"))]).remove(0);
    let pairs = record["attributes"].as_array_mut().unwrap();
    pairs.retain(|pair| pair["key"] != local["key"]);
    pairs.push(local);
    record["links"] = json!([]);
    link(&mut record, message, 1);
    record
}

/// Makes the spans of an invocation by one message: the wait, the invocation, and the record.
fn single() -> Vec<Value> {
    let mut invocation = record(1, 3, LOCAL);
    (invocation["kind"], invocation["name"], invocation["spanId"]) =
        (json!(2), json!("worker"), json!("0000000000000064"));
    invocation["attributes"]
        .as_array_mut()
        .unwrap()
        .extend(attributes(&[("faas.invocation_id", json!("r-1")), ("messaging.batch.message_count", json!(1))]));
    let mut record = record_below(1);
    record["traceId"] = json!(format!("{:032x}", 1));
    vec![wait(1), invocation, record]
}

#[tokio::test]
async fn a_message_is_received_once() {
    let records = || (1..=3).map(|message| record(message, 1, REMOTE));
    let below_waits = || (1..=3).flat_map(|message| [wait(message), record(message, 3, LOCAL)]);
    let below = || (1..=3).map(record_below);
    for (spans, messages, time, work, why) in [
        (records().chain([invocation(3)]).collect::<Vec<_>>(), 3, 120_000.0, 4, "a batch, its records in their traces"),
        (below_waits().chain([invocation(3)]).collect(), 3, 120_000.0, 4, "the same below spans of the waits"),
        (below().chain([invocation(3)]).collect(), 3, 90_000.0, 1, "a batch with its records below"),
        (vec![invocation(3)], 3, 90_000.0, 1, "a batch without records: its longest wait is known"),
        (records().collect(), 3, 120_000.0, 3, "records whose invocation is not sampled"),
        (vec![record(2, 1, REMOTE), invocation(3)], 3, 90_000.0, 2, "a batch with one sampled record"),
        (single(), 1, 10_000.0, 1, "one message: its wait, the invocation and the record"),
    ] {
        for is_reversed in [false, true] {
            let console = Console::start();
            let mut requests = vec![sent(messages)];
            requests.extend(spans.iter().map(|span| traces("worker", &[], vec![span.clone()])));
            if is_reversed {
                requests.reverse();
            }
            for request in &requests {
                console.send("traces", request).await;
            }
            let map = console.get("/api/v1/map").await;
            let edges = map["edges"].as_array().unwrap();
            let received: Vec<_> = edges.iter().filter(|edge| edge["from"] == "queue:ship").collect();
            assert_eq!(received.len(), 1, "{why}: {edges:?}");
            let found = (&received[0]["kind"], &received[0]["calls"], &received[0]["time"]);
            assert_eq!(found, (&json!("receive"), &json!(messages), &json!(time)), "{why}, reversed: {is_reversed}");
            let nodes = map["nodes"].as_array().unwrap();
            let worker = nodes.iter().find(|node| node["name"] == "worker").unwrap();
            assert_eq!(worker["calls"], work, "{why}: a wait is no work");
        }
    }
}

#[tokio::test]
async fn failed_messages_of_a_batch_are_errors() {
    for (pairs, status, errors, why) in [
        (vec![], 0, 0, "none"),
        (vec![("thundra.batch.failures", json!(2))], 0, 2, "two"),
        (vec![("thundra.batch.failures", json!(3))], 2, 3, "all"),
        (vec![("thundra.batch.failures", json!(70))], 0, 3, "no more than there are"),
    ] {
        let console = Console::start();
        let mut invocation = invocation(3);
        invocation["status"] = json!({ "code": status });
        invocation["attributes"].as_array_mut().unwrap().extend(attributes(&pairs));
        console.send("traces", &traces("worker", &[], vec![invocation])).await;
        let map = console.get("/api/v1/map").await;
        assert_eq!((&map["edges"][0]["calls"], &map["edges"][0]["errors"]), (&json!(3), &json!(errors)), "{why}");
    }
}
