//! Requests: one of them, and the list.

use serde_json::{Value, json};

use crate::harness::Console;
use crate::otlp::{MS, START, span, traces};
use crate::shop::shop;

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
async fn an_attribute_of_one_among_thousands_is_found() {
    let path = format!("{}/attributes-{}.db", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let _ = std::fs::remove_file(&path);
    let mut console = Console::with(&["--keep", &path]);
    for batch in 0..5u64 {
        let one = |id| span(id, id, 0, "work", 2, (id, id + 1), &[("order", json!(id))]);
        let spans = (batch * 600 + 1..=batch * 600 + 600).map(one).collect();
        console.send("traces", &traces("orders", &[("instance", json!(batch))], spans)).await;
    }
    for is_anew in [false, true] {
        if is_anew {
            console.end();
            console = Console::with(&["--keep", &path]);
            let late = span(9000, 9000, 0, "work", 2, (0, 1), &[("order", json!("late"))]);
            console.send("traces", &traces("orders", &[("instance", json!(0))], vec![late])).await;
        }
        for (query, total) in [
            ("where=order%3D1".to_owned(), 1),
            ("where=order%3D1700".to_owned(), 1),
            ("where=order%3D3000".to_owned(), 1),
            ("where=order%3D3001".to_owned(), 0),
            ("where=order%3Dlate".to_owned(), usize::from(is_anew)),
            ("where=instance%3D2".to_owned(), 600),
            ("where=instance%3D0&where=order%3D7".to_owned(), 1),
            ("where=instance%3D1&where=order%3D7".to_owned(), 0),
            ("where=instance%3D1&where=order!%3D700".to_owned(), 599),
            ("where=instance%3D0&offset=550".to_owned(), 600 + usize::from(is_anew)),
        ] {
            let list = console.get(&format!("/api/v1/requests?{query}")).await;
            assert_eq!(list["total"], total, "{query}, anew: {is_anew}");
        }
    }
}
