//! The map: calls, each between two programs.

use serde_json::json;

use crate::harness::Console;
use crate::otlp::{span, traces};
use crate::shop::shop;

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
