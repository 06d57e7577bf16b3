//! The layer of log lines in a subscriber of the program's own.

use std::process::{Command, Output};

use serde_json::{Value, json};
use thundra_core::{Config, Env, LogFormat, Scope, Telemetry, correlation, install, log};
use tracing::{debug, info, info_span, warn};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

/// Runs a program below with these variables.
fn output(program: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "layer::program", "--ignored", "--nocapture"]).env_clear();
    let output = command.env("TEST_PROGRAM", program).envs(variables.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn lines(program: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let stderr = String::from_utf8(output(program, variables).stderr).unwrap();
    assert!(!stderr.contains("thundra: "), "{program}: {stderr}");
    stderr.lines().map(str::to_owned).collect()
}

fn objects(program: &str, variables: &[(&str, &str)]) -> Vec<Value> {
    let parse = |line: &String| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    lines(program, variables).iter().map(parse).collect()
}

/// Runs the program that `TEST_PROGRAM` names.
#[test]
#[ignore = "a program of the tests, which start it"]
fn program() {
    match std::env::var("TEST_PROGRAM").unwrap().as_str() {
        "both layers" => {
            tracing_subscriber::registry().with(thundra_core::layer()).with(log::layer()).init();
            work();
        }
        "lines alone" => {
            tracing_subscriber::registry().with(log::layer()).init();
            work();
        }
        "beside a filter" => {
            let other = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(LevelFilter::TRACE);
            tracing_subscriber::registry().with(other).with(thundra_core::layer()).with(log::layer()).init();
            work();
        }
        "installed later" => {
            tracing_subscriber::registry().with(thundra_core::layer()).with(log::layer()).init();
            info!("before");
            debug!("before, in detail");
            let variables = [("THUNDRA_LOG_FORMAT", "dazn"), ("RUST_LOG", "debug")];
            install(Config::from_env(&Env::from_pairs(variables)));
            work();
        }
        "installed in code" => {
            tracing_subscriber::registry().with(thundra_core::layer()).with(log::layer()).init();
            install(Telemetry::builder().log_format(LogFormat::TEXT));
            work();
        }
        "sole" => {
            install(Telemetry::builder());
            work();
        }
        "at once" => at_once(),
        other => panic!("no program {other:?}"),
    }
}

/// Logs in a scope, in a span, and outside.
fn work() {
    let scope = Scope::builder("work").default_correlation_id("c-1").begin();
    let span = scope.enter(|| {
        correlation::set("order", "o-9");
        log::append("customer", 7);
        let span =
            info_span!("bill", order = "o-9", attempt = tracing::field::Empty, password = "hush", otel.kind = "client");
        span.in_scope(|| {
            span.record("attempt", 2);
            info_span!("charge", order = "inner").in_scope(|| warn!(name: "card.declined", amount = 3, "declined"));
            debug!("in detail");
        });
        span
    });
    info!(parent: &span, "from elsewhere");
    info!("outside");
    scope.finish();
}

/// Logs long and short lines on several threads, while spans go to standard output, which is the same pipe.
fn at_once() {
    install(Telemetry::builder().exporter(thundra_core::export::StdoutExporter::new()));
    std::thread::scope(|threads| {
        for thread in 0..8 {
            threads.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for turn in 0..20 {
                    let scope = Scope::builder("work").default_correlation_id(format!("{thread}-{turn}")).begin();
                    let long = "x".repeat(if turn % 4 == 0 { 80_000 } else { 10 });
                    scope.enter(|| info!(thread, turn, "{long}"));
                    runtime.block_on(thundra_core::flush(scope.finish(), None));
                }
            });
        }
    });
}

#[test]
fn the_layer_writes_what_the_sole_subscriber_writes() {
    let keys = ["message", "event", "amount", "customer", "correlation_id", "x-correlation-order"];
    let of = |line: &Value| keys.map(|key| line[key].clone());
    let sole = objects("sole", &[]);
    assert_eq!(
        sole.iter().map(of).collect::<Vec<_>>(),
        [
            [json!("declined"), json!("card.declined"), json!(3), json!(7), json!("c-1"), json!("o-9")],
            [json!("from elsewhere"), json!(null), json!(null), json!(7), json!("c-1"), json!("o-9")],
            [json!("outside"), json!(null), json!(null), json!(null), json!(null), json!(null)],
        ]
    );
    for program in ["both layers", "beside a filter"] {
        let lines = objects(program, &[]);
        assert_eq!(lines.iter().map(of).collect::<Vec<_>>(), sole.iter().map(of).collect::<Vec<_>>(), "{program}");
        assert_ne!(lines[0]["span_id"], lines[1]["span_id"], "the innermost span of each");
    }
    // Without our layer, nothing leads from a span to its scope, and the running code does.
    let alone = objects("lines alone", &[]);
    assert_eq!((of(&alone[0]), alone[0]["trace_id"].is_string()), (of(&sole[0]), true));
}

#[test]
fn the_layer_follows_the_configuration_that_is_installed_later() {
    let lines = objects("installed later", &[]);
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["before", "declined", "in detail", "from elsewhere", "outside"]);
    assert_eq!(
        (&lines[0]["level"], &lines[1]["level"], &lines[1]["sLevel"]),
        (&json!("INFO"), &json!(40), &json!("WARN"))
    );
    let lines = self::lines("installed in code", &[("THUNDRA_LOG_FORMAT", "json")]);
    assert!(
        lines.len() == 3 && lines.iter().all(|line| line.starts_with("20") && !line.contains('\u{1b}')),
        "{lines:?}"
    );
    assert_eq!(lines_of_none(), [""; 0]);
}

fn lines_of_none() -> Vec<String> {
    lines("both layers", &[("THUNDRA_LOG_FORMAT", "none")])
}

#[test]
fn the_fields_of_spans_are_an_option() {
    for program in ["sole", "both layers"] {
        let lines = objects(program, &[("THUNDRA_LOG_FORMAT", "json,spans,location")]);
        let keys = ["order", "attempt", "password", "otel.kind", "amount"];
        let of = |line: &Value| keys.map(|key| line[key].clone());
        let masked = json!("REDACTED");
        assert_eq!(of(&lines[0]), [json!("inner"), json!(2), masked.clone(), json!(null), json!(3)], "{program}");
        assert_eq!(of(&lines[1]), [json!("o-9"), json!(2), masked, json!(null), json!(null)], "{program}");
        assert!(lines[2]["location"].as_str().unwrap().contains("tests/logs/layer.rs:"), "{program}");
        assert_eq!(lines[2]["order"], json!(null), "{program}");
    }
}

#[test]
fn lines_of_threads_and_exporters_on_one_pipe_do_not_mix() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "layer::program", "--ignored", "--nocapture", "--quiet"]).env_clear();
    command.env("TEST_PROGRAM", "at once").stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut reader, &mut text).unwrap();
    assert!(child.wait().unwrap().success());
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let (logged, exported): (Vec<_>, Vec<_>) = lines.iter().partition(|line| line.get("thread").is_some());
    let broken: Vec<_> =
        text.lines().filter(|line| line.contains('"') && serde_json::from_str::<Value>(line).is_err()).collect();
    assert_eq!((logged.len(), broken.len()), (160, 0), "{:?}", broken.first());
    assert!(exported.iter().any(|line| line.get("__otel_otlp_stdout").is_some()));
    for line in logged {
        let id = format!("{}-{}", line["thread"], line["turn"]);
        assert_eq!(line["correlation_id"], json!(id), "each line has the ids of its own scope");
    }
}
