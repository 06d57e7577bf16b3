//! What Grafana's built-in data source asks of Tempo: each question has Tempo's answer, or an error with a reason.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::trace::v1::TracesData;
use prost::Message;
use serde_json::{Value, json};

use crate::otlp::{MS, START};
use crate::out::{id, trace};

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn grafana_finds_a_tempo() {
    let console = trace().await;
    assert_eq!(console.ask("/api/echo").await.text().await.unwrap(), "echo");
    assert_eq!(console.ask("/ready").await.text().await.unwrap(), "ready\n");
    let build = console.get("/api/status/buildinfo").await;
    let version: Vec<u32> = build["version"].as_str().unwrap().split('.').map(|part| part.parse().unwrap()).collect();
    assert_eq!(version.len(), 3, "{build}");
}

#[tokio::test]
async fn what_is_not_answered_has_a_reason() {
    let console = trace().await;
    let sets = "q: only one set of spans, { … }, is answered, without what follows it: ";
    for (query, reason) in [
        (r#"{ name = "a" } >> { name = "b" }"#, format!(r#"{sets}>> {{ name = "b" }}"#)),
        ("{ status = error } > { kind = client }", format!("{sets}> {{ kind = client }}")),
        ("{ true } << { true }", format!("{sets}<< {{ true }}")),
        ("{ true } ~ { true }", format!("{sets}~ {{ true }}")),
        ("{ true } && { true }", format!("{sets}&& {{ true }}")),
        ("{ true } || { true }", format!("{sets}|| {{ true }}")),
        ("{ true } | count() > 2", format!("{sets}| count() > 2")),
        ("{ true } | select(span.tenant_id)", format!("{sets}| select(span.tenant_id)")),
        (r#"{ statusMessage = "x" }"#, r#"q: no field "statusMessage""#.to_owned()),
        ("{ span.tenant_id != nil }", "q: nil is not answered".to_owned()),
    ] {
        let response = console.ask(&format!("/api/search?q={}&limit=20&spss=3", encode(query))).await;
        assert_eq!(response.status(), 400, "{query}");
        assert_eq!(response.text().await.unwrap(), reason, "{query}");
    }
    for path in ["query_range", "query", "summary"] {
        let query = encode("{ kind = server } | rate() by (resource.service.name)");
        let times = "start=1795732800&end=1795736400&step=60s&exemplars=100";
        let response = console.ask(&format!("/api/metrics/{path}?q={query}&{times}")).await;
        assert_eq!(response.status(), 400, "{path}");
        let text = response.text().await.unwrap();
        assert!(text.starts_with("q: metrics of TraceQL are not answered"), "{path}: {text}");
    }
}

#[tokio::test]
async fn tempo_answers_a_trace_in_each_form() {
    let console = trace().await;
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
        ("{ status = error } with (most_recent=true)", 1, "the newest first, as always"),
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

#[tokio::test]
async fn offered_fields_can_be_asked_for() {
    let console = trace().await;
    let tags = console.get("/api/v2/search/tags?limit=5000").await;
    for scope in tags["scopes"].as_array().unwrap() {
        for tag in scope["tags"].as_array().unwrap() {
            let tag = match scope["name"].as_str().unwrap() {
                "intrinsic" => tag.as_str().unwrap().to_owned(),
                name => format!("{name}.{}", tag.as_str().unwrap()),
            };
            let values = console.get(&format!("/api/v2/search/tag/{}/values?limit=5000&q=%7B%7D", encode(&tag))).await;
            let value = match values["tagValues"].get(0) {
                Some(value) if value["type"] == "string" => value["value"].to_string(),
                Some(value) => value["value"].as_str().unwrap().to_owned(),
                None => "1ms".to_owned(),
            };
            console.get(&format!("/api/search?q={}", encode(&format!("{{{tag}={value}}}")))).await;
        }
    }
}

#[tokio::test]
async fn values_are_those_of_what_a_query_finds() {
    let console = trace().await;
    let seconds = START / (1000 * MS);
    let of = |query: &str| format!("q={}&limit=5000", encode(query));
    for (tag, parameters, values, why) in [
        ("name", of(r#"{resource.service.name="billing"}"#), vec!["GET /bill"], "names of a service"),
        ("resource.service.name", of("{status=error}"), vec!["orders"], "services with an error"),
        ("rootServiceName", of(r#"{name="GET /bill"}"#), vec!["orders"], "roots of a span"),
        ("span.tenant_id", of(r#"{name="GET"}"#), vec!["t7"], "values of an attribute"),
        ("span.tenant_id", of(r#"{name="POST /orders"}"#), vec![], "none there"),
        ("cloud.region", of(r#"{resource.service.name="orders"}"#), vec!["eu"], "values of a resource's"),
        ("name", of("{resource.service.name="), vec!["GET", "GET /bill", "POST /orders"], "an unfinished query"),
        ("name", of("{}"), vec!["GET", "GET /bill", "POST /orders"], "everything"),
        ("name", format!("start={seconds}&end={}", seconds + 1), vec!["GET", "GET /bill", "POST /orders"], "a time"),
        ("span.tenant_id", "start=1&end=2".to_owned(), vec![], "another time"),
        ("span.%74enant_id", String::new(), vec!["t7"], "a name that is encoded twice"),
    ] {
        for version in ["/v2", ""] {
            let answer = console.get(&format!("/api{version}/search/tag/{}/values?{parameters}", encode(tag))).await;
            let found = answer["tagValues"].as_array().unwrap().iter();
            let found: Vec<_> = found.map(|one| one.get("value").unwrap_or(one).as_str().unwrap()).collect();
            assert_eq!(found, values, "{why}: {tag}");
        }
    }
}
