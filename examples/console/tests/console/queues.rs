//! Messages: the time in the queue, and their deliveries.

use serde_json::{Value, json};

use crate::harness::Console;
use crate::otlp::{attributes, span, traces};

#[tokio::test]
async fn a_message_waits_no_longer_than_since_it_was_sent() {
    let console = Console::start();
    let sent = span(7, 1, 0, "send", 4, (1000, 1010), &[]);
    let queue = |milliseconds: f64| ("thundra.queue.time_ms", json!(milliseconds));
    let received = span(7, 2, 1, "process", 5, (1500, 1600), &[queue(900.0)]);
    // A record below its invocation: the sender is in another program, and the invocation is not.
    let mut record = span(7, 3, 2, "record", 5, (1520, 1530), &[queue(920.0)]);
    record["flags"] = json!(0x101);
    let punctual = span(7, 4, 1, "punctual", 5, (1700, 1800), &[queue(80.5)]);
    let early = span(7, 5, 6, "early", 5, (1900, 1910), &[queue(30.0)]);
    let late = span(7, 6, 0, "send late", 4, (1890, 1895), &[]);
    console.send("traces", &traces("orders", &[], vec![sent])).await;
    console.send("traces", &traces("shipping", &[], vec![received, record, punctual, early])).await;
    let list = console.get("/api/v1/requests").await;
    assert_eq!(list["requests"][0]["queue"], json!(610_500.0), "the sender of one has not come in");
    console.send("traces", &traces("orders", &[], vec![late])).await;
    let request = console.get(&format!("/api/v1/requests/{:032x}", 7)).await;
    assert_eq!(request["summary"]["queue"], json!(590_500.0));
    let spans = request["spans"].as_array().unwrap();
    let queues: Vec<_> = spans.iter().map(|span| (&span["name"], &span["root"]["queue"])).collect();
    let expected = [
        (json!("send"), Value::Null),
        (json!("process"), json!(500_000.0)),
        (json!("record"), json!(520_000.0)),
        (json!("punctual"), json!(80_500.0)),
        (json!("send late"), Value::Null),
        (json!("early"), json!(10_000.0)),
    ];
    assert_eq!(queues, expected.iter().map(|(name, queue)| (name, queue)).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_record_is_no_second_delivery_of_its_message() {
    let console = Console::start();
    let queue = [("messaging.system", json!("aws_sqs")), ("messaging.destination.name", json!("notes"))];
    let receipt = |id, parent, at, of: &str, flags| {
        let message = [("messaging.message.id", json!(of)), queue[0].clone(), queue[1].clone()];
        let mut span = span(9, id, parent, "notify", 5, (at, at + 50), &message);
        span["flags"] = json!(flags);
        span
    };
    let invocation = |id, at, of| receipt(id, 1, at, of, 0x301);
    let record = |id, parent, at, of| receipt(id, parent, at, of, 0x101);
    let sent = span(9, 1, 0, "send", 4, (0, 10), &queue);
    console.send("traces", &traces("shipping", &[], vec![sent])).await;
    let mut first = [invocation(2, 100, "m-1"), record(3, 2, 105, "m-1")];
    for span in &mut first {
        span["attributes"].as_array_mut().unwrap().extend(attributes(&[("thundra.queue.time_ms", json!(80.5))]));
    }
    let again = [invocation(4, 300, "m-1"), record(5, 4, 305, "m-1")];
    let other = [invocation(6, 500, "m-2"), record(7, 6, 505, "m-2")];
    console.send("traces", &traces("notify", &[], [first, again, other].concat())).await;
    let map = console.get("/api/v1/map").await;
    let received = map["edges"].as_array().unwrap().iter().find(|edge| edge["kind"] == "receive").unwrap();
    let notify = map["nodes"].as_array().unwrap().iter().find(|node| node["node"] == "service:notify").unwrap();
    assert_eq!((&received["calls"], &notify["calls"]), (&json!(3), &json!(3)), "three receipts are three calls");
    assert_eq!(received["time"], json!(80_500.0));
    let request = console.get(&format!("/api/v1/requests/{:032x}", 9)).await;
    assert_eq!(request["groups"], json!([{ "kind": "deliveries", "key": "m-1", "spans": [1, 3] }]));
    assert_eq!(request["summary"]["queue"], json!(80_500.0), "the invocation and its record waited once");
}
