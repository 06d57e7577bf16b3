//! The life of a function, seen from outside: separate programs under a Runtime API and a collector on loopback. Both
//! record requests in order.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod batches;
mod broken;
#[cfg(feature = "sigv4")]
mod cloudwatch;
mod configuration;
mod deadlines;
mod details;
mod durable;
mod emf;
mod endings;
mod ends;
mod environment;
mod evidence;
#[cfg(feature = "sqs")]
mod hops;
#[cfg(feature = "axum")]
mod http;
mod keep;
mod logs;
mod loops;
mod metrics;
mod peers;
mod programs;
mod queue_time;
#[cfg(feature = "remote-config")]
mod remote_config;
mod requests;
mod scopes;
#[cfg(feature = "secrets")]
mod secrets;
mod separate;
mod sources;
mod streams;
mod usage;
mod warmup;
mod xray;

use std::sync::Mutex;
use std::time::Duration;

use peers::{Lambda, Seen};
use serde_json::{Value, json};

#[tokio::test]
async fn spans_leave_after_the_response_and_before_the_next_event() {
    let lambda = Lambda::start("traced", &[]).await;
    assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
    assert_eq!(lambda.invoke(json!("bob")).await.unwrap(), json!("hello bob"));
    let (seen, _) = lambda.stop().await;
    let order: Vec<_> = seen.iter().map(Seen::name).collect();
    assert_eq!(order, ["next", "response", "traces", "next", "response", "traces", "next"]);
    let roots: Vec<_> = seen.iter().flat_map(Seen::roots).collect();
    assert_eq!(roots.len(), 2);
    let [first, second] = [&roots[0], &roots[1]];
    assert_eq!([&first.name, &first.text("faas.trigger"), &first.text("faas.coldstart")], ["traced", "other", "true"]);
    assert_eq!(second.text("faas.coldstart"), "false");
    assert_eq!(first.text("faas.invocation_id"), "request-0");
    assert_eq!(first.text("cloud.account.id"), "123456789012");
    assert_eq!(seen.iter().flat_map(Seen::children).map(|span| span.name).collect::<Vec<_>>(), ["greet", "greet"]);
}

#[tokio::test]
async fn failures_are_reported_and_change_nothing() {
    let lambda = Lambda::start("traced", &[]).await;
    for (event, answer, error_type, status) in [
        (json!("error"), "no such name", "Error", "no such name"),
        (json!("panic"), "Lambda panicked: at the disco", "panic", "panicked: at the disco"),
        (
            json!({ "not": "text" }),
            "failed to deserialize",
            "invalid_event",
            "the event could not be read as the handler's type: invalid type, expected a string at line 1 column 0",
        ),
    ] {
        let error = lambda.invoke(event).await.unwrap_err();
        assert!(error["errorMessage"].as_str().unwrap().contains(answer), "{error}");
        let root = lambda.traced().await;
        assert!(root.text("error.type").ends_with(error_type), "{error_type}: {}", root.text("error.type"));
        assert_eq!(root.status.as_deref(), Some(status));
    }
    assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
    lambda.stop().await;
}

#[tokio::test]
async fn a_status_keeps_no_credentials_and_a_response_does() {
    const SHOWN: &str = "GET https://REDACTED@partner.example/x?REDACTED: refused";
    for program in ["traced", "plain"] {
        let lambda = Lambda::start(program, &[]).await;
        for event in ["secret error", "secret panic"] {
            let error = lambda.invoke(json!(event)).await.unwrap_err();
            assert!(error["errorMessage"].as_str().unwrap().ends_with(programs::REFUSED), "{error}");
        }
        lambda.invoke(json!("ann")).await.unwrap();
        let (seen, _) = lambda.stop().await;
        let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
        let mut failed: Vec<_> = spans.iter().filter_map(|span| span.status.as_deref()).collect();
        failed.sort_unstable();
        assert_eq!(failed, [SHOWN, &format!("panicked: {SHOWN}")], "{program}");
        assert!(!format!("{spans:?}").contains("s3cr3t"), "{spans:?}");
    }
    let lambda = Lambda::start("init_fails", &[]).await;
    let traced = Mutex::new(Vec::new());
    lambda
        .wait_for(|seen| {
            *traced.lock().unwrap() = seen.iter().flat_map(Seen::spans).collect();
            !traced.lock().unwrap().is_empty()
        })
        .await;
    let spans = traced.into_inner().unwrap();
    let failed: Vec<_> = spans.iter().filter_map(|span| span.status.as_deref()).collect();
    assert_eq!(failed, [SHOWN, SHOWN], "{spans:?}");
    assert!(!format!("{spans:?}").contains("s3cr3t"), "{spans:?}");
}

#[tokio::test]
async fn the_status_of_a_response_is_the_invocations() {
    let lambda = Lambda::start("http", &[]).await;
    let event = |code: u16| {
        json!({ "version": "2.0", "routeKey": "GET /orders/{id}", "rawPath": format!("/orders/{code}"), "rawQueryString": "",
                "headers": { "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
                "requestContext": { "http": { "method": "GET", "path": "/x", "protocol": "HTTP/1.1" }, "requestId": "gw-1", "stage": "$default" },
                "isBase64Encoded": false })
    };
    for (code, failed) in [(200, false), (404, false), (503, true)] {
        lambda.invoke(event(code)).await.unwrap();
        let root = lambda.traced().await;
        assert_eq!(
            (root.name.as_str(), root.text("http.response.status_code")),
            ("GET /orders/{id}", code.to_string())
        );
        assert_eq!((root.status.is_some(), root.parent.as_str()), (failed, "b7ad6b7169203331"));
    }
    lambda.stop().await;
}

#[tokio::test]
async fn a_handler_in_place_under_the_plain_runtime_exports_before_it_returns() {
    let lambda = Lambda::start("plain", &[]).await;
    assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
    lambda.invoke(json!("error")).await.unwrap_err();
    lambda.invoke(json!("panic")).await.unwrap_err();
    // The next invocation exports the spans left by a panic.
    lambda.invoke(json!("bob")).await.unwrap();
    let (seen, stderr) = lambda.stop().await;
    let order: Vec<_> = seen.iter().map(Seen::name).collect();
    assert_eq!(order[..7], ["next", "traces", "response", "next", "traces", "error", "next"]);
    let roots = seen.iter().flat_map(Seen::spans).filter(|span| span.kind == 2);
    let mut outcomes: Vec<_> = roots.map(|root| root.status.unwrap_or_default()).collect();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["", "", "no such name", "panicked: at the disco"]);
    let remedy = stderr.matches("thundra_aws::run exports after the response").count();
    assert_eq!(remedy, 1, "{stderr}");
}

#[tokio::test]
async fn a_handler_without_a_context_reports_the_reason_once() {
    for (program, why) in [
        (
            "older",
            "the handler \"older\": it takes no LambdaEvent and no Context of the lambda_runtime that thundra-aws uses",
        ),
        ("hidden", "the handler \"hidden\": no invocation is above it"),
    ] {
        for (variables, times) in [(&[][..], 1), (&[("OTEL_SDK_DISABLED", "true")], 0)] {
            let lambda = Lambda::start(program, variables).await;
            for _ in 0..2 {
                assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
            }
            let (seen, stderr) = lambda.stop().await;
            assert_eq!(seen.iter().filter(|seen| seen.name() == "traces").count(), 0);
            assert_eq!(stderr.matches(why).count(), times, "{stderr}");
            assert_eq!(stderr.matches("thundra: ").count(), times, "{stderr}");
        }
    }
}

#[tokio::test]
async fn what_is_logged_between_init_and_run_is_written() {
    let lambda = Lambda::start("own_main", &[]).await;
    let context = json!({ "x-correlation-id": "c-9" });
    for event in [json!({ "order": 1, "__context__": context }), json!({ "order": 2 })] {
        assert_eq!(lambda.invoke(event.clone()).await.unwrap(), json!({ "order": event["order"] }));
    }
    let (seen, stderr) = lambda.stop().await;
    let order: Vec<_> = seen.iter().map(Seen::name).collect();
    assert_eq!(order, ["next", "response", "traces", "next", "response", "traces", "next"]);
    let lines: Vec<_> = stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let keys = ["message", "target", "x-correlation-id", "function_request_id"];
    let lines: Vec<[_; 4]> =
        lines.iter().map(|line: &Value| keys.map(|key| line[key].as_str().unwrap_or(""))).collect();
    let (event, record) = ("an event of the invocation", "a record of the invocation");
    let own = "lambda::programs";
    assert_eq!(
        lines,
        [
            ["an event before run", own, "", ""],
            ["a record before run", "orders::db", "", ""],
            [event, own, "c-9", "request-0"],
            [record, own, "c-9", "request-0"],
            [event, own, "request-1", "request-1"],
            [record, own, "request-1", "request-1"],
        ]
    );
    assert!(!stderr.contains("thundra: "), "{stderr}");
}

#[tokio::test]
async fn spans_go_to_standard_output_where_the_program_has_no_exporter_of_its_own() {
    for (program, reported, exported) in [("own_main", 1, 0), ("own_exporter", 0, 1)] {
        let lambda = Lambda::start(program, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]).await;
        lambda.invoke(json!("ann")).await.unwrap();
        let (_, stderr) = lambda.stop().await;
        assert_eq!(stderr.matches("spans go to standard output").count(), reported, "{program}: {stderr}");
        assert_eq!(stderr.matches("own exporter: 2 spans").count(), exported, "{program}: {stderr}");
    }
}

#[tokio::test]
async fn an_exporter_that_is_given_in_code_is_the_only_one() {
    for (program, event, spans, lines) in [
        ("init_with", json!("ann"), "2 spans", 1),
        ("run_with", json!("ann"), "2 spans", 1),
        ("run_concurrent_with", json!("ann"), "2 spans", 1),
        ("telemetry", json!("ann"), "2 spans", 1),
        ("telemetry_and_concurrent", json!("ann"), "2 spans", 1),
        // The trace of the initialisation is exported with the trace of the first invocation.
        ("telemetry_and_init", json!("ann"), "4 spans", 1),
        ("too_late", json!("ann"), "2 spans", 1),
        #[cfg(feature = "http")]
        ("http_run_with", request(), "1 spans", 0),
        #[cfg(feature = "http")]
        ("http_stream_run_with", request(), "1 spans", 0),
        #[cfg(feature = "http")]
        ("http_stream_run_concurrent_with", request(), "1 spans", 0),
    ] {
        for variables in [&[][..], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "")]] {
            let lambda = Lambda::start(program, variables).await;
            lambda.invoke(event.clone()).await.unwrap();
            let (seen, stderr) = lambda.stop().await;
            assert!(!seen.iter().any(|seen| seen.name() == "traces"), "{program}: {seen:?}");
            let own: Vec<_> = stderr.lines().filter_map(|line| line.strip_prefix("own exporter: ")).collect();
            assert_eq!(own, [spans], "{program}: {stderr}");
            let second = usize::from(program == "too_late");
            assert_eq!(
                stderr.matches("thundra: telemetry is installed already").count(),
                second,
                "{program}: {stderr}"
            );
            assert_eq!(stderr.matches("thundra: ").count(), second, "{program}: {stderr}");
            assert_eq!(stderr.matches("FOREIGN greeting").count(), lines, "{program}: {stderr}");
        }
    }
}

/// Returns an event of a function URL.
#[cfg(feature = "http")]
fn request() -> Value {
    json!({ "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "", "headers": {},
            "requestContext": { "http": { "method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                                          "userAgent": "" },
                                "accountId": "1", "apiId": "a", "domainName": "a.lambda-url.eu-west-1.on.aws",
                                "domainPrefix": "a", "requestId": "r", "stage": "$default", "time": "", "timeEpoch": 0 },
            "isBase64Encoded": false })
}

#[tokio::test]
async fn lambdas_log_level_is_that_of_the_lines() {
    for (level, lines) in [("FATAL", 0), ("error", 0), ("WARN", 1), ("Info", 4), ("DEBUG", 5), ("TRACE", 5)] {
        let lambda = Lambda::start("own_main", &[("AWS_LAMBDA_LOG_LEVEL", level)]).await;
        lambda.invoke(json!({})).await.unwrap();
        let (_, stderr) = lambda.stop().await;
        let ours = ["an event before run", "a record before run", "a detail of a library", "of the invocation"];
        let written = stderr.lines().filter(|line| ours.iter().any(|message| line.contains(message))).count();
        assert_eq!(written, lines, "{level}: {stderr}");
    }
}

#[tokio::test]
async fn lines_have_what_is_known_of_the_function_and_of_the_invocation() {
    for (program, variables) in [
        ("own_main", &[("TEST_TENANT", "t-1")][..]),
        ("concurrent_lines", &[("TEST_TENANT", "t-1"), ("AWS_LAMBDA_MAX_CONCURRENCY", "2")]),
    ] {
        let lambda = Lambda::start(program, variables).await;
        lambda.invoke(json!({ "order": 1 })).await.unwrap();
        lambda.invoke(json!({ "order": 2 })).await.unwrap();
        let (_, stderr) = lambda.stop().await;
        let lines: Vec<Value> = stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let (before, inside): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.get("cold_start").is_none());
        let function = |line: &Value| {
            [line["service"].clone(), line["function_name"].clone(), line["function_memory_size"].clone()]
        };
        let known = [json!(program), json!(program), json!(128)];
        assert!(lines.iter().all(|line| function(line) == known), "{program}: {stderr}");
        assert!(before.iter().all(|line| line.get("function_request_id").is_none()), "{program}: {stderr}");
        for (line, cold) in inside.iter().zip([true, true, false, false]) {
            assert_eq!(line["cold_start"], cold, "{program}: {line}");
            assert_eq!(line["function_arn"], "arn:aws:lambda:eu-west-1:123456789012:function:f");
            assert_eq!((&line["tenant_id"], line["correlation_id"] == line["x-correlation-id"]), (&json!("t-1"), true));
            assert!(line["function_request_id"].as_str().unwrap().starts_with("request-"), "{line}");
        }
        assert_eq!(inside.len(), 4, "{program}: {stderr}");
    }
}

#[tokio::test]
async fn lambdas_log_format_is_that_of_the_lines() {
    let managed = ("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances");
    for (variables, start, why) in [
        (&[("AWS_LAMBDA_LOG_FORMAT", "JSON")][..], r#"{"level":"INFO","message":"an event"#, "Lambda's setting"),
        (&[("AWS_LAMBDA_LOG_FORMAT", "Text")], "20", "a time"),
        (&[("AWS_LAMBDA_LOG_FORMAT", "Text"), managed], r#"{"level""#, "managed instances take JSON"),
        (&[("AWS_LAMBDA_LOG_FORMAT", "Text"), ("THUNDRA_LOG_FORMAT", "dazn")], r#"{"message""#, "our variable"),
    ] {
        let lambda = Lambda::start("own_main", variables).await;
        lambda.invoke(json!({})).await.unwrap();
        let (_, stderr) = lambda.stop().await;
        let lines: Vec<_> = stderr.lines().filter(|line| line.contains("an event of the invocation")).collect();
        assert!(lines.len() == 1 && lines[0].starts_with(&start[..2]), "{why}: {stderr}");
        assert!(lines[0].contains("request-0") && stderr.lines().next().unwrap().starts_with(start), "{why}: {stderr}");
    }
}

#[tokio::test]
async fn a_foreign_subscriber_is_kept() {
    for (program, spans, reported) in [("foreign", 1, true), ("foreign_with_layer", 2, false)] {
        let lambda = Lambda::start(program, &[]).await;
        lambda.invoke(json!("ann")).await.unwrap();
        let root = lambda.traced().await;
        let (seen, stderr) = lambda.stop().await;
        assert_eq!(seen.iter().map(Seen::span_count).sum::<usize>(), spans, "{program}");
        assert_eq!(root.name, program);
        assert_eq!(stderr.contains("set without our layer"), reported, "{program}: {stderr}");
        assert!(stderr.contains("FOREIGN greeting"), "the subscriber still writes: {stderr}");
    }
}

#[tokio::test]
async fn two_interleaved_invocations_never_mix() {
    let lambda = Lambda::start("concurrent", &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]).await;
    // Each invocation waits for the other to arrive. In sequence, neither would return.
    let (ann, bob) = tokio::join!(lambda.invoke(json!("ann")), lambda.invoke(json!("bob")));
    assert_eq!((ann.unwrap(), bob.unwrap()), (json!("hello ann"), json!("hello bob")));
    let (seen, _) = lambda.stop().await;
    let roots: Vec<_> = seen.iter().flat_map(Seen::roots).collect();
    assert_eq!(roots.len(), 2);
    assert_ne!(roots[0].trace, roots[1].trace);
    // Both may leave in one export.
    let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
    for root in roots {
        let of_trace = || spans.iter().filter(|span| span.trace == root.trace);
        let children: Vec<_> = of_trace().filter(|span| span.kind == 1).collect();
        let own = root.text("x");
        assert!(children.iter().all(|child| child.text("name") == own), "{children:?}");
        assert_eq!(children.len(), 2);
        // In the environment Lambda sets no header for concurrent invocations.
        #[cfg(all(feature = "config", feature = "sqs"))]
        {
            let call = of_trace().find(|span| span.name == "SQS.SendMessage").unwrap();
            assert_eq!((&call.trace, &call.parent), (&root.trace, &root.id));
            let expected = peers::xray(&root.text("faas.invocation_id"));
            assert!(
                seen.iter().any(|seen| matches!(seen, Seen::Message(body, xray) if (body, xray) == (&own, &expected)))
            );
        }
    }
}

#[tokio::test]
async fn the_first_invocation_links_to_the_initialisation() {
    let lambda = Lambda::start("init", &[]).await;
    lambda.invoke(json!("ann")).await.unwrap();
    lambda.invoke(json!("bob")).await.unwrap();
    let (seen, _) = lambda.stop().await;
    let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
    let init = spans.iter().find(|span| span.name == "init" && span.kind == 1).unwrap();
    assert!(spans.iter().any(|span| span.name == "connect" && span.parent == init.id));
    let links: Vec<_> = spans.iter().filter(|span| span.kind == 2).map(|span| span.links.clone()).collect();
    assert_eq!(links, [vec![init.id.clone()], vec![]]);
}

#[tokio::test]
async fn a_dead_collector_changes_nothing_and_is_reported_once() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let endpoint = format!("http://{nobody}");
    let lambda = Lambda::start("traced", &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;
    for _ in 0..5 {
        assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
    }
    // The function has requested the sixth event, so the fifth flush is over.
    lambda.wait_for(|seen| seen.iter().filter(|seen| seen.name() == "next").count() == 6).await;
    let (_, stderr) = lambda.stop().await;
    assert_eq!(stderr.matches("could not be exported").count(), 1, "{stderr}");
}

#[tokio::test]
async fn a_batch_links_to_its_producers_and_a_redrive_too() {
    let message = |id: &str, parent: char, sent: &str| {
        let traceparent = format!("00-0af7651916cd43dd8448eb211c80319c-{}-01", parent.to_string().repeat(16));
        json!({ "messageId": id, "body": "{}", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:1:notes",
                "attributes": { "SentTimestamp": sent },
                "messageAttributes": { "traceparent": { "dataType": "String", "stringValue": traceparent } } })
    };
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis().to_string();
    let lambda = Lambda::start("batch", &[]).await;
    for (records, parent, links) in [
        (vec![message("m-1", 'a', &now), message("m-2", 'b', &now)], "", vec!["a".repeat(16), "b".repeat(16)]),
        (vec![message("m-3", 'c', &now)], "cccccccccccccccc", vec![]),
        (vec![message("m-4", 'd', "1600000000000")], "", vec!["d".repeat(16)]),
    ] {
        let count = records.len();
        assert_eq!(lambda.invoke(json!({ "Records": records })).await.unwrap(), count);
        let root = lambda.traced().await;
        assert_eq!((root.parent.as_str(), root.links), (parent, links));
    }
    let bare = json!({ "messageId": "m-5", "body": "{}", "eventSource": "aws:sqs", "attributes": { "SentTimestamp": "1600000000000" } });
    lambda.invoke(json!({ "Records": [bare] })).await.unwrap();
    assert_eq!(lambda.traced().await.text("thundra.parent.source"), "none", "old, but there is nothing to link to");
    let (_, stderr) = lambda.stop().await;
    assert_eq!(stderr.matches("batch::each gives each record its own").count(), 1, "{stderr}");
}

#[tokio::test]
async fn disabled_is_pass_through() {
    for program in ["traced", "plain", "foreign"] {
        let lambda = Lambda::start(program, &[("OTEL_SDK_DISABLED", "true")]).await;
        assert_eq!(lambda.invoke(json!("ann")).await.unwrap(), json!("hello ann"));
        lambda.wait_for(|seen| seen.len() == 3).await;
        let (seen, stderr) = lambda.stop().await;
        let order: Vec<_> = seen.iter().map(Seen::name).collect();
        assert_eq!(order, ["next", "response", "next"], "{program}");
        assert!(!stderr.contains("thundra: "), "{program}: {stderr}");
    }
}

#[test]
#[ignore = "a program of the tests, which start it"]
fn program() {
    programs::run(&std::env::var("TEST_PROGRAM").unwrap());
}

/// The time limit for any wait: longer than working code needs, shorter than a person waits.
const PATIENCE: Duration = Duration::from_secs(20);
