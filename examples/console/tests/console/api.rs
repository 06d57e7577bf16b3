//! The routes, on a small shop: its numbers recomputed from the spans that were sent.

use serde_json::{Value, json};

use crate::harness::Console;
use crate::otlp::{MS, START, attributes, span, traces};

/// Sends forty orders, of twenty requests: every tenth is slow, and of the tenant `big`.
async fn shop() -> Console {
    let console = Console::start();
    for order in 0..40u64 {
        let (trace, at, base) = (1000 + order, order * 1000, order * 10 + 1);
        let is_slow = order % 10 == 0;
        let duration = if is_slow { 200 } else { 10 };
        let correlation = ("correlation_id", json!(format!("order-{}", order / 2)));
        let tenant = json!(if is_slow { "big".to_owned() } else { format!("t{}", order % 3) });
        let mut root = span(
            trace,
            base,
            0,
            "POST /orders",
            2,
            (at, at + duration),
            &[
                correlation.clone(),
                ("tenant_id", tenant),
                ("faas.invocation_id", json!(format!("r-{order}"))),
                ("faas.coldstart", json!(order == 0)),
                ("http.route", json!("/orders")),
            ],
        );
        if order == 3 {
            root["status"] = json!({ "code": 2 });
        }
        let call =
            span(trace, base + 1, base, "GET", 3, (at + 1, at + 5), &[("server.address", json!("billing.example"))]);
        let send = [("messaging.system", json!("aws_sqs")), ("messaging.destination.name", json!("ship"))];
        let sent = span(trace, base + 2, base, "send ship", 4, (at + 6, at + 7), &send);
        let resource = [("faas.max_memory", json!(134_217_728)), ("host.arch", json!("arm64"))];
        console.send("traces", &traces("orders", &resource, vec![call, root, sent])).await;
        let served = span(trace, base + 3, base + 1, "GET /bill", 2, (at + 2, at + 4), &[]);
        console.send("traces", &traces("billing", &[], vec![served])).await;
        let mut received = span(
            2000 + order,
            base + 4,
            0,
            "process ship",
            5,
            (at + 500, at + 600),
            &[
                correlation,
                send[0].clone(),
                send[1].clone(),
                ("thundra.queue.time_ms", json!(490.5)),
                ("aws.sqs.receive_count", json!(1 + order % 2)),
                ("messaging.message.id", json!(format!("m-{}", order / 2))),
            ],
        );
        received["links"] = json!([{ "traceId": format!("{trace:032x}"), "spanId": format!("{:016x}", base + 2) }]);
        console.send("traces", &traces("shipping", &[], vec![received])).await;
    }
    console
}

#[tokio::test]
async fn a_request_has_every_trace_of_its_correlation_id() {
    let console = shop().await;
    let list = console.get("/api/v1/requests?limit=3&sort=errors").await;
    assert_eq!((&list["total"], list["requests"].as_array().unwrap().len()), (&json!(20), 3));
    let first = &list["requests"][0];
    for (member, value) in [
        ("id", json!("order-1")),
        ("correlated", json!(true)),
        ("traces", json!(4)),
        ("spans", json!(10)),
        ("errors", json!(1)),
        ("status", json!("error")),
        ("complete", json!(true)),
        ("invocations", json!(2)),
        ("services", json!(["orders", "billing", "shipping"])),
        ("queue", json!(981_000.0)),
        ("deliveries", json!(2)),
        ("start", json!((START + 2000 * MS) / 1000)),
        ("duration", json!(1_600_000.0)),
        ("billed", json!(20_000.0)),
    ] {
        assert_eq!(first[member], value, "{member}");
    }
    let request = console.get("/api/v1/requests/order-1").await;
    let spans = request["spans"].as_array().unwrap();
    let names: Vec<_> =
        spans.iter().map(|span| (span["name"].as_str().unwrap(), span["depth"].as_u64().unwrap())).collect();
    let order = [("POST /orders", 0), ("GET", 1), ("GET /bill", 2), ("send ship", 1), ("process ship", 0)];
    assert_eq!(names, [order, order].concat());
    assert_eq!(
        request["links"][0],
        json!({ "from": 4, "to": 3, "trace_id": format!("{:032x}", 1002), "span_id": format!("{:016x}", 23) })
    );
    assert_eq!(request["groups"], json!([{ "kind": "deliveries", "key": "m-1", "spans": [4, 9] }]));
    assert_eq!(request["errors"], json!([5]));
    assert_eq!((&spans[4]["root"]["queue"], &spans[9]["root"]["delivery"]), (&json!(490_500.0), &json!(2.0)));
    assert_eq!(spans[1]["peer"], "service:billing");
    let by_trace = console.get(&format!("/api/v1/requests/{:032x}", 1002)).await;
    assert_eq!(by_trace["id"], "order-1");
}

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

#[tokio::test]
async fn lists_are_filtered_and_searched() {
    let console = shop().await;
    for (query, total, why) in [
        ("where=tenant_id%3Dbig", 4, "an attribute"),
        ("where=tenant_id!%3Dbig&name=POST+/orders", 20, "not an attribute"),
        ("where=host.arch%3Darm64", 20, "an attribute of a resource"),
        ("where=nothing%3D1", 0, "an unknown key"),
        ("status=error", 1, "an error"),
        ("service=billing&service=none", 20, "a service"),
        ("name=GET+/bill&kind=client", 0, "a name of another kind"),
        ("q=order-1", 11, "the beginning of an id"),
        (&format!("q={:032x}", 1002), 1, "a trace id"),
        (&format!("from={}", (START + 38_000 * MS) / 1000), 1, "a time"),
        ("min=1700000", 0, "a duration"),
        ("limit=1", 20, "a limit"),
    ] {
        let list = console.get(&format!("/api/v1/requests?{query}")).await;
        assert_eq!(list["total"], total, "{why}: {query}");
    }
    for (query, problem) in [
        ("limit=0", "limit: a number from 1 to 500, not \"0\""),
        ("sort=x", "sort: one of start, duration, spans, errors, billed, not \"x\""),
        ("where=x", "where: key=value or key!=value, not \"x\""),
    ] {
        let response = console.ask(&format!("/api/v1/requests?{query}")).await;
        assert_eq!(response.status(), 400);
        let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(answer["error"], problem);
    }
}

#[tokio::test]
async fn the_cells_of_a_heat_map_sum_to_its_spans() {
    let console = shop().await;
    let of =
        |map: &Value| -> i64 { map["cells"].as_array().unwrap().iter().map(|cell| cell[2].as_i64().unwrap()).sum() };
    let times = format!("from={}&to={}", (START - 90_000 * MS * 1000) / 1000, (START + 90_000 * MS * 1000) / 1000);
    for (query, total, source) in [
        ("columns=50", 120, "spans"),
        (&*times, 120, "rollup"),
        ("name=POST+/orders", 40, "spans"),
        ("where=tenant_id%3Dbig", 4, "spans"),
        ("service=billing", 40, "spans"),
    ] {
        let map = console.get(&format!("/api/v1/heatmap?{query}")).await;
        assert_eq!((of(&map), &map["total"], &map["source"]), (total, &json!(total), &json!(source)), "{query}");
        let bounds = map["bounds"].as_array().unwrap();
        for cell in map["cells"].as_array().unwrap() {
            assert!(
                cell[0].as_i64() < map["columns"].as_i64() && (cell[1].as_u64().unwrap() as usize) < bounds.len() - 1
            );
        }
    }
}

#[tokio::test]
async fn the_slow_differ_by_their_tenant() {
    let console = shop().await;
    let answer = console.get("/api/v1/compare?name=POST+/orders&sel_min=100000").await;
    assert_eq!((&answer["inside"], &answer["outside"]), (&json!(4), &json!(36)));
    let first = &answer["attributes"][0];
    assert_eq!((&first["key"], &first["score"]), (&json!("tenant_id"), &json!(1.0)));
    assert_eq!(first["values"][0], json!({ "value": "big", "inside": 4, "outside": 0 }));
    assert_eq!(answer["examples"].as_array().unwrap().len(), 3);
    let keys: Vec<_> =
        answer["attributes"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
    for id in ["faas.invocation_id", "correlation_id"] {
        assert!(!keys.contains(&id), "an id tells nothing: {keys:?}");
    }
}

#[tokio::test]
async fn the_map_is_of_pairs() {
    let console = shop().await;
    let map = console.get("/api/v1/map").await;
    let mut edges: Vec<_> = map["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| {
            (
                edge["from"].as_str().unwrap(),
                edge["kind"].as_str().unwrap(),
                edge["to"].as_str().unwrap(),
                edge["calls"].as_i64().unwrap(),
            )
        })
        .collect();
    edges.sort_unstable();
    assert_eq!(
        edges,
        [
            ("client:callers", "call", "function:orders", 40),
            ("function:orders", "call", "service:billing", 40),
            ("function:orders", "send", "queue:ship", 40),
            ("queue:ship", "receive", "service:shipping", 40),
        ]
    );
    // 4 ms are between 3.444 ms and 4.096 ms.
    let call = map["edges"].as_array().unwrap().iter().find(|edge| edge["to"] == "service:billing").unwrap();
    assert_eq!((&call["p99"], &call["time"]), (&json!(4096.0), &json!(160_000.0)));
}

#[tokio::test]
async fn costs_are_of_gigabyte_seconds_and_waiting() {
    let console = shop().await;
    let cost = console.get("/api/v1/cost?by=tenant&gb_s=1&gb_s_arm64=2&per_request=0.5").await;
    let big = &cost["rows"][0];
    assert_eq!((&big["key"], &big["invocations"], &big["billed"]), (&json!("big"), &json!(4), &json!(800_000.0)));
    assert_eq!((&big["gb_s_arm64"], &big["cost"]), (&json!(0.1), &json!(2.2)));
    assert_eq!(big["waiting"], 20_000.0);
    assert_eq!(big["waiting_on"][0], json!({ "node": "service:billing", "time": 16_000.0, "share": 0.02 }));
    assert_eq!(cost["sum"]["invocations"], 40);
}

#[tokio::test]
async fn events_resume_after_the_last_one() {
    let console = Console::start();
    console.send("traces", &traces("orders", &[], vec![span(1, 1, 0, "a", 2, (0, 1), &[])])).await;
    let mut events = console.ask("/api/v1/events?since=0").await;
    let first = String::from_utf8(events.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(first.contains("event: batch") && first.contains("id: 1") && first.contains("\"spans\":1"), "{first}");
    console.send("traces", &traces("orders", &[], vec![span(2, 2, 0, "b", 2, (0, 1), &[])])).await;
    let second = String::from_utf8(events.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(second.contains("id: 2") && second.contains(&format!("{:032x}", 2)), "{second}");
    let request = console.client().get(format!("{}/api/v1/events", console.page)).header("last-event-id", "77");
    let mut other = request.header("authorization", format!("Bearer {}", console.token)).send().await.unwrap();
    let reset = String::from_utf8(other.chunk().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(reset.contains("event: reset"), "{reset}");
}

#[tokio::test]
async fn a_pair_is_found_in_either_order() {
    for callee_first in [true, false] {
        let console = Console::start();
        let call = span(1, 1, 9, "GET", 3, (0, 4), &[("server.address", json!("billing.example"))]);
        let served = span(1, 2, 1, "GET /bill", 2, (1, 3), &[]);
        let mut requests = [traces("orders", &[], vec![call]), traces("billing", &[], vec![served])];
        if callee_first {
            requests.reverse();
        }
        for request in &requests {
            console.send("traces", request).await;
        }
        let map = console.get("/api/v1/map").await;
        let edges: Vec<_> = map["edges"].as_array().unwrap().iter().map(|edge| (&edge["from"], &edge["to"])).collect();
        assert_eq!(edges, [(&json!("service:orders"), &json!("service:billing"))], "{callee_first}");
    }
}
