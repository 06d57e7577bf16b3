//! Requests on their way out: a file, and a trace of Perfetto.

use serde_json::{Value, json};

use crate::harness::Console;
use crate::otlp::{START, span, traces};

/// Sends a trace of two services, with text that would end an element.
pub(crate) async fn trace() -> Console {
    let console = Console::start();
    let mut root = span(
        17,
        1,
        0,
        "POST /orders",
        2,
        (0, 200),
        &[("http.response.status_code", json!(503)), ("note", json!("</script><script>alert(1)</script>"))],
    );
    root["status"] = json!({ "code": 2, "message": "no stock" });
    let call = span(17, 2, 1, "GET", 3, (10, 50), &[("tenant_id", json!("t7"))]);
    console.send("traces", &traces("orders", &[("cloud.region", json!("eu"))], vec![root, call])).await;
    console.send("traces", &traces("billing", &[], vec![span(17, 3, 2, "GET /bill", 2, (20, 40), &[])])).await;
    console
}

pub(crate) fn id() -> String {
    format!("{:032x}", 17)
}

#[tokio::test]
async fn an_exported_request_is_one_page_with_its_answers() {
    let console = trace().await;
    let response = console.ask(&format!("/api/v1/requests/{}/export.html", id())).await;
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"request.html\"");
    let html = response.text().await.unwrap();
    let start = html.find("id=\"thundra-request\">").unwrap() + "id=\"thundra-request\">".len();
    let json = &html[start..start + html[start..].find("</script>").unwrap()];
    let answers: Value = serde_json::from_str(json).unwrap();
    for path in
        [format!("/api/v1/requests/{}", id()), "/api/v1/spans/1".to_owned(), format!("/api/v1/requests/{}/logs", id())]
    {
        assert_eq!(answers[&path], console.get(&path).await, "{path}");
    }
    let metrics = format!("/api/v1/requests/{}/metrics?span=1", id());
    assert_eq!(answers[&metrics], console.get(&metrics).await);
    assert!(!html.contains("<script>alert"), "text of the telemetry is no markup");
    assert!(!html.contains(" src=\"") && !html.contains(" href=\"/"), "nothing is loaded");
}

#[tokio::test]
async fn perfetto_gets_a_track_for_each_service() {
    let console = trace().await;
    let trace = console.get(&format!("/api/v1/requests/{}/perfetto.json", id())).await;
    let events = trace["traceEvents"].as_array().unwrap();
    let names: Vec<_> = events.iter().filter(|event| event["ph"] == "M").map(|event| &event["args"]["name"]).collect();
    assert_eq!(names, ["orders", "billing"]);
    let root = events.iter().find(|event| event["name"] == "POST /orders").unwrap();
    assert_eq!((&root["ts"], &root["dur"], &root["pid"]), (&json!(START as f64 / 1e3), &json!(200_000.0), &json!(1)));
}
