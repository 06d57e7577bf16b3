//! Costs, recomputed from the invocations of the shop.

use serde_json::json;

use crate::shop::shop;

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
