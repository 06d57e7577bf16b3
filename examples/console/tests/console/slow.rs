//! The heat map, and what is different in a part of it.

use serde_json::{Value, json};

use crate::otlp::{MS, START};
use crate::shop::shop;

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
