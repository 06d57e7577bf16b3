//! Bytes from outside that nobody meant to send.

use base64::Engine as _;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message as _;
use serde_json::json;

use crate::harness::{Console, gzip};
use crate::otlp::{attributes, span, traces};
use crate::questions::{ROUTES, ask_everything};

#[tokio::test]
async fn cycles_repetitions_and_missing_parents_have_a_place() {
    let console = Console::start();
    let spans = vec![
        span(1, 1, 2, "a", 1, (5, 6), &[]),
        span(1, 2, 1, "b", 1, (1, 9), &[]),
        span(1, 3, 3, "own parent", 1, (0, 1), &[]),
        span(1, 4, 99, "no parent here", 1, (2, 3), &[]),
        span(1, 5, 4, "before its parent", 1, (0, 1), &[]),
        span(1, 5, 4, "the same id", 1, (2, 4), &[]),
        span(1, 6, 0, "ends before it starts", 1, (9, 0), &[]),
    ];
    console.send("traces", &traces("odd", &[], spans.clone())).await;
    // An exporter that got no answer sends the same again.
    console.send("traces", &traces("odd", &[], spans)).await;
    let request = console.get(&format!("/api/v1/requests/{:032x}", 1)).await;
    assert_eq!((request["spans"].as_array().unwrap().len(), &request["summary"]["spans"]), (7, &json!(7)));
    let mut roots: Vec<_> =
        request["spans"].as_array().unwrap().iter().filter(|span| span["parent"].is_null()).collect();
    roots.sort_by_key(|span| span["name"].as_str().unwrap().to_owned());
    let roots: Vec<_> = roots.iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(roots, ["b", "ends before it starts", "no parent here", "own parent"]);
    let skewed = request["spans"].as_array().unwrap().iter().find(|span| span["name"] == "before its parent").unwrap();
    assert_eq!(skewed["skewed"], true);
}

#[tokio::test]
async fn a_span_replaces_its_unfinished_self() {
    let console = Console::start();
    let unfinished = span(
        1,
        1,
        0,
        "a",
        2,
        (0, 5),
        &[("thundra.unfinished.elapsed_ms", json!(5)), ("faas.invocation_id", json!("r"))],
    );
    console.send("traces", &traces("orders", &[], vec![unfinished])).await;
    let finished = span(1, 1, 0, "a", 2, (0, 9), &[("faas.invocation_id", json!("r"))]);
    console.send("traces", &traces("orders", &[], vec![finished])).await;
    let list = console.get("/api/v1/requests").await;
    let request = &list["requests"][0];
    assert_eq!(
        (&request["spans"], &request["invocations"], &request["billed"]),
        (&json!(1), &json!(1), &json!(9000.0))
    );
    assert_eq!(console.get("/api/v1/heatmap").await["total"], 1);
    assert_eq!(console.get("/api/v1/invocations").await["total"], 1);
}

#[tokio::test]
async fn malformed_requests_are_refused_and_counted() {
    let console = Console::start();
    let bomb = gzip(&vec![0; 65 << 20]);
    for (media_type, encoding, body, expected) in [
        ("application/json", None, b"{".to_vec(), 400),
        ("application/x-protobuf", None, vec![255; 9], 400),
        ("application/json", Some("gzip"), b"{}".to_vec(), 400),
        ("application/x-protobuf", Some("gzip"), bomb, 413),
        ("application/json", Some("zstd"), b"{}".to_vec(), 415),
        ("application/json", Some("GZIP"), gzip(b"{}"), 200),
    ] {
        let mut request = console.client().post(format!("{}/v1/logs", console.otlp)).header("content-type", media_type);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        assert_eq!(request.body(body).send().await.unwrap().status(), expected, "{media_type} {encoding:?}");
    }
    let mut nameless = span(1, 1, 0, "a", 2, (0, 1), &[]);
    nameless["traceId"] = json!("00");
    console.send("traces", &traces("orders", &[], vec![nameless])).await;
    let rejected = &console.get("/api/v1/status").await["rejected"];
    assert_eq!((&rejected["requests"], &rejected["spans"]), (&json!(4), &json!(1)));
}

#[tokio::test]
async fn json_as_any_sender_writes_it_is_taken() {
    let console = Console::start();
    let mut odd = span(1, 1, 0, "a", 2, (0, 1), &[("ratio", json!({ "doubleValue": "NaN", "later": [1] }))]);
    odd["kind"] = json!("SPAN_KIND_CONSUMER");
    odd["status"] = json!({ "code": "STATUS_CODE_ERROR", "message": null });
    odd["later"] = json!({ "kind": [true] });
    odd["parentSpanId"] = json!("");
    console.send("traces", &traces("orders", &[], vec![odd])).await;
    let details = console.get("/api/v1/spans/1").await;
    assert_eq!((&details["kind"], &details["status"]), (&json!("consumer"), &json!("error")));
    assert_eq!(details["attributes"], json!([{ "key": "ratio", "type": "double", "value": "NaN" }]));
}

#[tokio::test]
async fn a_trace_of_twenty_thousand_spans_and_values_of_a_megabyte_are_shown() {
    let console = Console::start();
    let long = "</script>\u{202e}".repeat(100_000);
    let odd = json!({ "kvlistValue": { "values": [{ "key": "<b>", "value": { "arrayValue": { "values": [{ "bytesValue": "AQI=" }, {}] } } }] } });
    let first = span(1, 1, 0, "root", 2, (0, 100_000), &[("long", json!(long)), ("odd", odd)]);
    console.send("traces", &traces("orders", &[], vec![first])).await;
    for batch in 0..20 {
        let spans = (0..1000).map(|place| {
            let id = batch * 1000 + place + 2;
            span(1, id, id - 1, "deep", 1, (id, 100_000 - id), &[])
        });
        console.send("traces", &traces("orders", &[], spans.collect())).await;
    }
    let request = console.get(&format!("/api/v1/requests/{:032x}", 1)).await;
    let spans = request["spans"].as_array().unwrap();
    assert_eq!(
        (spans.len(), &spans[20_000]["depth"], &spans[0]["descendants"]),
        (20_001, &json!(20_000), &json!(20_000))
    );
    let details = console.get("/api/v1/spans/1").await;
    let attributes = details["attributes"].as_array().unwrap();
    assert_eq!(attributes[0]["cut"], long.len());
    assert_eq!(attributes[1], json!({ "key": "odd", "type": "map", "value": { "<b>": ["AQI=", null] } }));
    console.get(&format!("/api/v1/requests/{:032x}/logs?span=1", 1)).await;
    console.get(&format!("/api/v1/requests/{:032x}/metrics?span=20001", 1)).await;
}

#[tokio::test]
async fn the_store_stays_within_its_limit_and_drops_the_oldest_requests() {
    let path = format!("{}/limited-{}.db", env!("CARGO_TARGET_TMPDIR"), std::process::id());
    let _ = std::fs::remove_file(&path);
    let console = Console::with(&["--keep", &path, "--limit", "16MiB"]);
    let text = "x".repeat(2000);
    for batch in 0..40u64 {
        let spans = (0..500u64).map(|place| {
            let id = batch * 500 + place + 1;
            span(id / 5 + 1, id, 0, "a", 2, (id, id + 1), &[("text", json!(text))])
        });
        console.send("traces", &traces("orders", &[], spans.collect())).await;
        let bytes: u64 = ["", "-wal"]
            .iter()
            .filter_map(|suffix| std::fs::metadata(format!("{path}{suffix}")).ok())
            .map(|file| file.len())
            .sum();
        assert!(bytes <= 16 << 20, "{bytes}");
    }
    let status = console.get("/api/v1/status").await;
    assert!(status["evicted_requests"].as_u64().unwrap() > 0, "{status}");
    let oldest = console.get("/api/v1/requests?order=asc&limit=1").await;
    assert_eq!(oldest["total"], status["requests"]);
    assert_eq!(console.ask(&format!("/api/v1/requests/{:032x}", 1)).await.status(), 404);
    let heat = console.get("/api/v1/heatmap").await;
    assert_eq!(heat["total"], status["spans"]);
    // So wide that the rollup answers: what went was taken out of it.
    let wide = console.get("/api/v1/heatmap?from=1&to=9000000000000000").await;
    assert_eq!((&wide["source"], &wide["total"]), (&json!("rollup"), &status["spans"]));
}

#[tokio::test]
async fn what_is_dropped_is_counted_and_leaves_room_for_what_comes() {
    let text = "x".repeat(2000);
    type Make<'a> = Box<dyn Fn(u64) -> (String, serde_json::Value) + 'a>;
    let one_trace: Make<'_> =
        Box::new(|id| ("orders".to_owned(), span(1, id, 0, "a", 1, (id, id + 1), &[("text", json!(text))])));
    let services: Make<'_> = Box::new(|id| {
        let kept = &text[..490];
        (format!("{id}{kept}"), span(id, id, 0, &format!("{id}{kept}"), 2, (id * 1000, id * 1000 + 1), &[]))
    });
    for (make, why) in [(one_trace, "one trace that grows"), (services, "services of one span each")] {
        let console = Console::with(&["--limit", "16MiB"]);
        for batch in 0..24 {
            let runs = (1..=500).map(|place| {
                let (service, span) = make(batch * 500 + place);
                traces(&service, &[], vec![span])["resourceSpans"][0].clone()
            });
            console.send("traces", &json!({ "resourceSpans": runs.collect::<Vec<_>>() })).await;
        }
        let status = console.get("/api/v1/status").await;
        assert!(status["evicted_requests"].as_u64().unwrap() > 0, "{why}: {status}");
        assert!(status["spans"].as_u64().unwrap() > 0, "{why}: {status}");
        ask_everything(&console, why).await;
    }
}

#[tokio::test]
async fn times_of_any_year_and_durations_of_centuries_are_summed() {
    let last = u64::MAX.to_string();
    for (start, end, why) in [
        ("0", "5", "1970"),
        ("7258118400000000000", "7258118401000000000", "2200"),
        ("18446744073709551615", "18446744073709551615", "the last time"),
        ("0", "18446744073709551615", "no start, and the last end"),
    ] {
        let console = Console::start();
        let pairs = [
            ("faas.invocation_id", json!("r")),
            ("thundra.queue.time_ms", json!(1e300)),
            ("thundra.billed.estimated_ms", json!(1e300)),
            ("faas.max_memory", json!(1e300)),
            ("thundra.throttled_attempts", json!(i64::MAX)),
            ("thundra.batch.failures", json!(i64::MAX)),
            ("correlation_id", json!("c")),
            ("messaging.system", json!("aws_sqs")),
        ];
        let call = [("db.system.name", json!("redis")), ("thundra.throttled_attempts", json!(i64::MAX))];
        for batch in 0..3 {
            let of_trace =
                |trace| [span(trace, 1, 0, "root", 5, (0, 0), &pairs), span(trace, 2, 1, "call", 3, (0, 0), &call)];
            let mut spans: Vec<_> = (1..4).flat_map(|place| of_trace(batch * 3 + place)).collect();
            for span in &mut spans {
                (span["startTimeUnixNano"], span["endTimeUnixNano"]) = (json!(start), json!(end));
                span["status"] = json!({ "code": 2 });
            }
            console.send("traces", &traces("orders", &[], spans)).await;
        }
        let points = ["0", end, &last].map(|time| json!({ "timeUnixNano": time, "asDouble": 1.5 }));
        let metric = json!({ "name": "m", "gauge": { "dataPoints": points } });
        let resource = json!({ "attributes": attributes(&[("service.name", json!("orders"))]) });
        let run = json!({ "resource": resource, "scopeMetrics": [{ "metrics": [metric] }] });
        console.send("metrics", &json!({ "resourceMetrics": [run] })).await;
        let records = ["0", end, &last].map(|time| json!({ "timeUnixNano": time, "body": { "stringValue": "a" } }));
        let run = json!({ "scopeLogs": [{ "logRecords": records }] });
        console.send("logs", &json!({ "resourceLogs": [run] })).await;
        ask_everything(&console, why).await;
        let wide = console.get("/api/v1/heatmap?from=0&to=9000000000000000").await;
        assert_eq!(wide["total"], 9, "{why}");
        let times = "from=0&to=9000000000000000";
        assert_eq!(console.get(&format!("/api/v1/requests?{times}")).await["total"], 1, "{why}");
        assert_eq!(console.get(&format!("/api/v1/invocations?{times}")).await["total"], 9, "{why}");
        let operation = &console.get("/api/v1/operations?sort=time").await["operations"][0];
        assert!(operation["time"].as_f64().unwrap() >= 0.0, "{why}: {operation}");
    }
}

#[tokio::test]
async fn texts_of_a_megabyte_make_no_long_lists() {
    let console = Console::start();
    let long = "x".repeat(1_000_000);
    let texts = [
        "error.type",
        "thundra.parent.source",
        "faas.invocation_id",
        "faas.trigger",
        "faas.version",
        "faas.instance",
        "host.arch",
        "tenant.id",
        "tenant_id",
        "http.route",
        "thundra.injection.skipped",
        "messaging.message.id",
        "correlation_id",
    ];
    let mut pairs: Vec<(&str, serde_json::Value)> = texts.iter().map(|key| (*key, json!(long))).collect();
    pairs.push((&long, json!(long)));
    for trace in 1..4 {
        let mut odd = span(trace, 1, 0, &long, 2, (0, 1), &pairs);
        odd["status"] = json!({ "code": 2, "message": long });
        odd["traceState"] = json!(long);
        odd["events"] = json!([{ "name": long }]);
        console.send("traces", &traces(&long, &[], vec![odd])).await;
    }
    let points = json!([{ "timeUnixNano": "1", "asDouble": 1.5 }]);
    let metric = json!({ "name": long, "unit": long, "gauge": { "dataPoints": points } });
    let run = json!({ "scopeMetrics": [{ "metrics": [metric] }] });
    console.send("metrics", &json!({ "resourceMetrics": [run] })).await;
    for route in ROUTES {
        let length = console.ask(route).await.text().await.unwrap().len();
        assert!(length < 100_000, "{route}: {length}");
    }
    let length = console.ask(&format!("/api/v1/requests/{:032x}", 1)).await.text().await.unwrap().len();
    assert!(length < 100_000, "{length}");
    // The bytes have it whole.
    let raw = console.get("/api/v1/spans/1/raw").await;
    assert_eq!(raw["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"], json!(long));
}

#[tokio::test]
async fn ids_that_no_link_can_hold_are_no_requests() {
    let console = Console::start();
    for (trace, id) in (1..).zip([".", "..", "%2e", "a/../b?c#d\u{0}\u{202e}"]) {
        let odd = span(trace, 1, 0, "a", 2, (0, 1), &[("correlation_id", json!(id))]);
        console.send("traces", &traces("orders", &[], vec![odd])).await;
    }
    let list = console.get("/api/v1/requests?sort=start&order=asc").await;
    let ids: Vec<_> =
        list["requests"].as_array().unwrap().iter().map(|request| request["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [&format!("{:032x}", 1), &format!("{:032x}", 2), "%2e", "a/../b?c#d\0\u{202e}"]);
}

#[tokio::test]
async fn an_exemplar_without_a_trace_makes_no_request() {
    let console = Console::start();
    let exemplar = json!({ "traceId": "0".repeat(32), "spanId": "0".repeat(16), "asDouble": 1.0 });
    let points = json!([{ "timeUnixNano": "1", "asDouble": 1.5, "exemplars": [exemplar] }]);
    let run = json!({ "scopeMetrics": [{ "metrics": [{ "name": "m", "gauge": { "dataPoints": points } }] }] });
    console.send("metrics", &json!({ "resourceMetrics": [run] })).await;
    let status = console.get("/api/v1/status").await;
    assert_eq!((&status["points"], &status["requests"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn datagrams_of_xray_are_spans_and_others_are_counted() {
    let console = Console::start();
    let address = console.get("/api/v1/status").await["xray"].as_str().unwrap().to_owned();
    let request = traces("orders", &[], vec![span(1, 1, 0, "a", 2, (0, 1), &[])]).to_string();
    let request: ExportTraceServiceRequest = serde_json::from_str(&request).unwrap();
    let otlp = base64::engine::general_purpose::STANDARD.encode(request.encode_to_vec());
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"{\"format\":\"json\",\"version\":1}\n{\"id\":\"1\"}", &address).unwrap();
    socket.send_to(format!("{{\"format\":\"json\",\"version\":1}}\nT1S{otlp}").as_bytes(), &address).unwrap();
    let status = console.get_when("/api/v1/status", |status| status["spans"] == 1).await;
    assert_eq!(status["rejected"]["requests"], 1);
}

#[tokio::test]
async fn changed_bytes_of_requests_never_end_the_console() {
    let console = Console::start();
    let pairs =
        [("messaging.system", json!("aws_sqs")), ("faas.invocation_id", json!("r")), ("correlation_id", json!("c"))];
    let good =
        traces("orders", &[], vec![span(1, 1, 2, "a", 5, (0, 5), &pairs), span(1, 2, 0, "b", 3, (1, 2), &pairs)]);
    let json = good.to_string().into_bytes();
    let request: ExportTraceServiceRequest = serde_json::from_slice(&json).unwrap();
    let protobuf = request.encode_to_vec();
    // A linear congruential generator: the same bytes in each run.
    let mut state = 7u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    for (media_type, good) in [("application/json", &json), ("application/x-protobuf", &protobuf)] {
        for signal in ["traces", "logs", "metrics"] {
            for _ in 0..100 {
                let mut bytes = good.clone();
                for _ in 0..=random(4) {
                    let place = random(bytes.len());
                    bytes[place] = random(256) as u8;
                }
                bytes.truncate(1 + random(bytes.len() * 4).min(bytes.len() - 1));
                let status = console.post(signal, media_type, bytes).await.status();
                assert!(status == 200 || status == 400, "{status}");
            }
        }
    }
    console.send("traces", &good).await;
    for path in
        ["requests", "heatmap", "map", "cost", "invocations", "operations", "attributes", "metrics", "logs", "status"]
    {
        console.get(&format!("/api/v1/{path}")).await;
    }
    for request in console.get("/api/v1/requests?limit=500").await["requests"].as_array().unwrap() {
        let id: String = request["id"].as_str().unwrap().bytes().map(|byte| format!("%{byte:02X}")).collect();
        console.get(&format!("/api/v1/requests/{id}")).await;
    }
}
