//! Questions that nobody meant to ask.

use serde_json::json;

use crate::harness::Console;
use crate::otlp::{span, traces};

/// Every list and every sum.
pub(crate) const ROUTES: [&str; 25] = [
    "/api/v1/status",
    "/api/v1/requests",
    "/api/v1/requests?status=error&min=1",
    "/api/v1/operations",
    "/api/v1/operations?from=1&to=9000000000000000",
    "/api/v1/heatmap",
    "/api/v1/heatmap?status=error",
    "/api/v1/heatmap?from=0&to=9000000000000000&min=1",
    "/api/v1/heatmap?from=9000000000000000&to=1&columns=400",
    "/api/v1/compare?sel_min=0&status=error",
    "/api/v1/compare?sel_from=0&sel_to=9000000000000000",
    "/api/v1/map",
    "/api/v1/map?from=9000000000000000&to=1",
    "/api/v1/cost",
    "/api/v1/cost?by=request&gb_s=1000000",
    "/api/v1/cost?by=tenant",
    "/api/v1/cost?by=route",
    "/api/v1/invocations?sort=queue",
    "/api/v1/metrics",
    "/api/v1/metrics?name=m",
    "/api/v1/metrics?name=m&from=9000000000000000&to=1",
    "/api/v1/attributes",
    "/api/v1/attributes/tenant_id",
    "/api/v1/logs",
    "/api/search?q=%7B%20duration%20%3E%201s%20%7D",
];

/// Asks for every list, and for the newest requests: all must have an answer.
pub(crate) async fn ask_everything(console: &Console, why: &str) {
    for route in ROUTES {
        let answer = console.ask(route).await;
        assert_eq!(answer.status(), 200, "{why}: {route}: {:?}", answer.text().await);
    }
    for request in console.get("/api/v1/requests?limit=20").await["requests"].as_array().unwrap() {
        let id: String = request["id"].as_str().unwrap().bytes().map(|byte| format!("%{byte:02X}")).collect();
        let path = format!("/api/v1/requests/{id}");
        let first = &console.get(&path).await["spans"][0]["span"];
        for rest in ["/logs", &format!("/metrics?span={first}"), "/export.html", "/perfetto.json"] {
            let answer = console.ask(&format!("{path}{rest}")).await;
            assert_eq!(answer.status(), 200, "{why}: {id}{rest}: {:?}", answer.text().await);
        }
    }
}

#[tokio::test]
async fn a_question_in_another_form_is_refused_in_words() {
    let console = Console::start();
    let many = |one: &str| vec![one; 3000].join("&");
    for question in [
        "requests?limit=-1",
        "requests?limit=501",
        "requests?offset=-1",
        "requests?sort=loud",
        "requests?order=up",
        "requests?from=NaN",
        "requests?min=-1",
        "requests?where=x",
        "requests?where==x",
        &format!("requests?{}", many("where=a%3Db")),
        &format!("heatmap?{}", many("where=a!%3Db")),
        "heatmap?columns=0",
        "heatmap?operation=x",
        "compare",
        "cost?by=x",
        "cost?gb_s=inf",
        "invocations?status=unset",
        "logs?severity=loud",
        "spans/x",
        "spans/99999999999999999999/raw",
        "spans/1.5/event",
        "requests/%ff",
        "requests/x/logs?span=x",
        "requests/x/metrics",
        "attributes/%ff",
        "events?since=x",
    ] {
        let answer = console.ask(&format!("/api/v1/{question}")).await;
        assert_eq!(answer.status(), 400, "{question}");
        let text = answer.text().await.unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        assert!(json["error"].is_string(), "{question}: {text}");
    }
    for question in [
        &format!("q=%7B{}%7D", vec![".a=1"; 3000].join("%7C%7C")),
        &format!("q=%7B{}%7D", vec!["name=a"; 3000].join("%26%26")),
        &format!("tags={}", "a%3Db%20".repeat(3000)),
    ] {
        let answer = console.ask(&format!("/api/search?{question}")).await;
        assert_eq!(answer.status(), 400, "{}", question.get(..40).unwrap());
    }
}

#[tokio::test]
async fn a_question_of_odd_texts_has_an_answer() {
    let console = Console::start();
    let odd = span(1, 1, 0, "\"a\" 'b'%", 2, (0, 1), &[("k\"'=", json!("v'\"%\0"))]);
    console.send("traces", &traces("s'\"%\0", &[], vec![odd])).await;
    let any = (0..3000).map(|place| format!("s{place}")).collect::<Vec<_>>().join("%7C");
    for (question, total) in [
        ("q=%00", 0),
        ("q=a%00b", 0),
        ("q=%22", 0),
        ("q=*%20NEAR(%20-%20OR", 0),
        ("q=%ff%fe", 0),
        ("q=%F0%9F%98%80", 0),
        ("service=%00", 0),
        ("service=s%27%22%25%00", 1),
        ("name=%22a%22%20%27b%27%25", 1),
        ("where=name%3D%22a%22%20%27b%27%25", 1),
        ("where=service.name%3Ds%27%22%25%00", 1),
        ("where=service.name!%3Ds%27%22%25%00", 0),
        ("from=5&to=1", 0),
    ] {
        assert_eq!(console.get(&format!("/api/v1/requests?{question}")).await["total"], total, "{question}");
        console.get(&format!("/api/v1/logs?{question}")).await;
    }
    let found = console.get(&format!("/api/search?q=%7B.service.name%3D~%22{any}%22%7D")).await;
    assert_eq!(found["traces"], json!([]), "so many texts");
}
