//! Requests on their way out: a file, a trace of Perfetto, and Tempo's answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use serde_json::{Value, json};

use crate::harness::Console;
use crate::otlp::{MS, START, span, traces};

/// Sends a trace of two services, with text that would end an element.
async fn trace() -> Console {
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

fn id() -> String {
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

#[tokio::test]
async fn tempo_answers_a_trace_in_each_form() {
    let console = trace().await;
    assert_eq!(console.ask("/api/echo").await.text().await.unwrap(), "echo");
    let v1 = console.get("/api/traces/11").await;
    let first = &v1["batches"][0]["scopeSpans"][0]["spans"][0];
    for (member, value) in [
        ("traceId", json!(STANDARD.encode(17u128.to_be_bytes()))),
        ("spanId", json!(STANDARD.encode(1u64.to_be_bytes()))),
        ("name", json!("POST /orders")),
        ("kind", json!("SPAN_KIND_SERVER")),
        ("startTimeUnixNano", json!(START.to_string())),
        ("status", json!({ "message": "no stock", "code": "STATUS_CODE_ERROR" })),
    ] {
        assert_eq!(first[member], value, "{member}");
    }
    let v2 = console.get(&format!("/api/v2/traces/{}", id())).await;
    assert_eq!(v2["trace"]["resourceSpans"], v1["batches"]);
    let protobuf = async |path: String| {
        let request = console.client().get(format!("{}{path}", console.page)).header("accept", "application/protobuf");
        let response = request.header("authorization", format!("Bearer {}", console.token)).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/protobuf");
        response.bytes().await.unwrap()
    };
    let bare = TracesData::decode(protobuf(format!("/api/traces/{}", id())).await).unwrap();
    assert_eq!(bare.resource_spans.len(), 2);
    let enveloped = Envelope::decode(protobuf(format!("/api/v2/traces/{}", id())).await).unwrap();
    assert_eq!(enveloped.trace, Some(bare));
    assert_eq!(console.ask("/api/traces/ff").await.status(), 404);
    assert_eq!(console.ask("/api/traces/xyz").await.status(), 400);
}

/// `TraceByIDResponse` of Tempo.
#[derive(Clone, PartialEq, Message)]
struct Envelope {
    #[prost(message, optional, tag = "1")]
    trace: Option<TracesData>,
}

#[tokio::test]
async fn tempo_searches_with_queries_and_tags() {
    let console = trace().await;
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    for (query, matched, why) in [
        ("{}", 3, "everything"),
        (r#"{resource.service.name="orders"}"#, 2, "a service"),
        (r#"{ name = "GET" || name = "GET /bill" }"#, 2, "either"),
        ("{ status = error }", 1, "a status"),
        ("{ kind = server && duration > 100ms }", 1, "a kind and a duration"),
        ("{ duration >= 40ms && duration <= 0.2s }", 2, "bounds"),
        (r#"{ span.tenant_id = "t7" }"#, 1, "an attribute"),
        (r#"{ .tenant_id != "t7" }"#, 2, "not an attribute"),
        (r#"{ resource.tenant_id = "t7" }"#, 0, "of another scope"),
        ("{ span.http.response.status_code >= 500 }", 1, "a number"),
        ("{ .http.response.status_code = 503 }", 1, "an equal number"),
        (r#"{ resource.service.name =~ "orders|billing" }"#, 3, "alternatives"),
        (r#"{ name =~ "GET.*" }"#, 2, "a beginning"),
        (r#"{ name =~ ".*bill" }"#, 1, "an end"),
        (r#"{ name =~ "G[A-Z]T( /bil+)?" }"#, 2, "a regular expression"),
        (r#"{ name !~ "G[A-Z]T" }"#, 2, "not of a whole text"),
        (r#"{ .tenant_id =~ "t[0-9]+" }"#, 1, "an attribute by a regular expression"),
        (r#"{ resource.service.name !~ "o.*s" }"#, 1, "not an attribute by one"),
        (r#"{ name =~ "G)|(x" }"#, -1, "no regular expression"),
        (r#"{ rootServiceName = "orders" && traceDuration > 1h }"#, 0, "a long trace"),
        (r#"{ rootName = "POST /orders" && !(name = "x") }"#, -1, "not in the subset"),
        (r#"{ name = "a" } >> { name = "b" }"#, -1, "two sets"),
    ] {
        let response = console.ask(&format!("/api/search?q={}&spss=10", encode(query))).await;
        if matched < 0 {
            assert_eq!(response.status(), 400, "{why}");
            continue;
        }
        let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        let sets =
            answer["traces"].as_array().unwrap().iter().map(|trace| trace["spanSets"][0]["matched"].as_i64().unwrap());
        assert_eq!(sets.sum::<i64>(), matched, "{why}: {answer}");
    }
    let answer =
        console.get(&format!("/api/search?tags={}&minDuration=100ms&limit=5", encode("service.name=orders"))).await;
    let trace = &answer["traces"][0];
    for (member, value) in [
        ("traceID", json!(id())),
        ("rootServiceName", json!("orders")),
        ("rootTraceName", json!("POST /orders")),
        ("startTimeUnixNano", json!(START.to_string())),
        ("durationMs", json!(200)),
    ] {
        assert_eq!(trace[member], value, "{member}");
    }
    let seconds = START / (1000 * MS);
    for (times, traces) in
        [(format!("start={}&end={}", seconds, seconds + 1), 1), (format!("start=1&end={seconds}"), 0)]
    {
        assert_eq!(
            console.get(&format!("/api/search?{times}")).await["traces"].as_array().unwrap().len(),
            traces,
            "{times}"
        );
    }
}

#[tokio::test]
async fn tempo_completes_names_and_values() {
    let console = trace().await;
    let tags = console.get("/api/v2/search/tags").await;
    let of = |name: &str| {
        tags["scopes"].as_array().unwrap().iter().find(|scope| scope["name"] == name).unwrap()["tags"].clone()
    };
    assert_eq!(of("resource"), json!(["cloud.region", "service.name"]));
    assert_eq!(of("span"), json!(["http.response.status_code", "note", "tenant_id"]));
    assert!(of("intrinsic").as_array().unwrap().contains(&json!("duration")));
    for (tag, values) in [
        (
            "resource.service.name",
            json!([{ "type": "string", "value": "billing" }, { "type": "string", "value": "orders" }]),
        ),
        ("span.tenant_id", json!([{ "type": "string", "value": "t7" }])),
        (".http.response.status_code", json!([{ "type": "int", "value": "503" }])),
        (
            "status",
            json!([{ "type": "keyword", "value": "unset" }, { "type": "keyword", "value": "ok" }, { "type": "keyword", "value": "error" }]),
        ),
    ] {
        assert_eq!(console.get(&format!("/api/v2/search/tag/{tag}/values")).await["tagValues"], values, "{tag}");
    }
    assert_eq!(console.get("/api/search/tag/service.name/values").await["tagValues"], json!(["billing", "orders"]));
}
