//! Local runs, each in a separate process: an event in a file, the response on standard output, logs and the span tree
//! on standard error.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, service_fn};
use thundra_core::export::{Batch, Export, ExportFuture};
use thundra_core::{LogFormat, Scope, Telemetry, TelemetryBuilder, export_later};
use tracing::{info, instrument};

/// Runs one of the programs with an event. The first argument names both the event's file and the test.
fn run(program: &str, event: &Value) -> Output {
    run_with(program, event, &[])
}

fn run_with(program: &str, event: &Value, variables: &[(&str, &str)]) -> Output {
    run_text(program, event.to_string().as_bytes(), variables)
}

fn run_text(program: &str, input: &[u8], variables: &[(&str, &str)]) -> Output {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("local-{}-{run}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("program"), input).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["program", "--exact", "--ignored", "--nocapture"]).current_dir(&directory);
    command.env_clear().env("TEST_PROGRAM", program);
    // The collectors of the tests accept spans alone.
    command.env("OTEL_LOGS_EXPORTER", "none").env("OTEL_METRICS_EXPORTER", "none").envs(variables.iter().copied());
    let output = command.output().unwrap();
    std::fs::remove_dir_all(directory).unwrap();
    output
}

#[test]
#[ignore = "a program of the tests, which start it"]
fn program() {
    let name = std::env::var("TEST_PROGRAM").unwrap();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| match name.as_str() {
        "greeting" => runtime().block_on(thundra_aws::run(service_fn(greeting))).unwrap(),
        "own_main" => {
            let _telemetry = thundra_aws::init();
            info!("before run");
            runtime().block_on(thundra_aws::run(service_fn(greeting))).unwrap();
            eprintln!("run has ended");
        }
        "telemetry" => assert_eq!(telemetry::main(), std::process::ExitCode::SUCCESS),
        "connected" => {
            let _telemetry = thundra_aws::init();
            export_later(Scope::builder("before run").begin().finish());
            while thundra_core::pending_spans() > 0 {
                std::thread::sleep(Duration::from_millis(10));
            }
            runtime().block_on(thundra_aws::run(service_fn(greeting))).unwrap();
        }
        "batch" => runtime().block_on(thundra_aws::run(service_fn(by_itself))).unwrap(),
        "metrics" => runtime().block_on(thundra_aws::run(service_fn(measured))).unwrap(),
        "response" => runtime().block_on(thundra_aws::run(service_fn(unprintable))).unwrap(),
        "several" => {
            let code = thundra_aws::__private::main_with_state(
                thundra_core::Telemetry::default,
                async || eprintln!("init has begun"),
                |_: Arc<()>| service_fn(greeting),
            );
            // The exit code has no other reading.
            std::process::exit((code != std::process::ExitCode::SUCCESS).into());
        }
        "init" => {
            let code =
                thundra_aws::__private::main_with_state(thundra_core::Telemetry::default, connect, |_: Arc<()>| {
                    service_fn(async |_: LambdaEvent<Value>| Ok::<_, Error>(()))
                });
            panic!("it went on: {code:?}");
        }
        other => panic!("no program {other}"),
    }));
    if let Err(panic) = panicked {
        eprintln!("it panicked with {:?}", panic.downcast_ref::<&str>());
        std::process::exit(101);
    }
}

mod telemetry {
    use super::*;

    /// An exporter that prints the name of each span.
    #[derive(Debug)]
    struct Names;

    impl Export for Names {
        fn export<'a>(&'a self, batch: &'a Batch, _: Instant) -> ExportFuture<'a> {
            batch.spans().for_each(|span| eprintln!("own exporter: {}", span.name));
            Box::pin(std::future::ready(Ok(())))
        }
    }

    fn telemetry() -> TelemetryBuilder {
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(std::io::stderr);
        Telemetry::builder().exporter(Names).layer(lines).log_format(LogFormat::NONE)
    }

    #[thundra_aws::handler(telemetry = telemetry)]
    pub(super) async fn main(event: LambdaEvent<String>) -> Result<String, Error> {
        tracing::trace!("a detail");
        greeting(event).await
    }
}

async fn greeting(event: LambdaEvent<String>) -> Result<String, Error> {
    info!("greeting");
    greet(&event.payload).await;
    Ok(format!("hello {}", event.payload))
}

#[instrument]
async fn greet(name: &str) {
    assert!(name != "nobody", "at the disco");
}

async fn measured(event: LambdaEvent<String>) -> Result<String, Error> {
    info!(monotonic_counter.orders = 1);
    Ok(event.payload)
}

async fn by_itself(event: LambdaEvent<Value>) -> Result<usize, Error> {
    Ok(event.payload["Records"].as_array().map_or(0, Vec::len))
}

async fn unprintable(_: LambdaEvent<Value>) -> Result<Unprintable, Error> {
    Ok(Unprintable)
}

struct Unprintable;

impl serde::Serialize for Unprintable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("at the disco")
    }
}

#[instrument]
async fn connect() {
    panic!("at the disco")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

/// Returns the lines of the span tree.
fn tree(stderr: &str) -> Vec<&str> {
    stderr.lines().skip_while(|line| !line.starts_with("trace ")).collect()
}

#[test]
fn a_ping_and_a_long_chain_of_calls_do_not_reach_the_handler() {
    let variables = [("THUNDRA_WARMUP", "on"), ("THUNDRA_MAX_CHAIN_LENGTH", "3")];
    let output = run_with("greeting", &json!({ "warmup": true }), &variables);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("\nnull\n"), "{output:?}");
    let output = run_with("greeting", &json!({ "__context__": { "call-chain-length": 3 } }), &variables);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && stderr.contains("the chain of calls has 4 programs"), "{stderr}");
}

#[test]
fn after_a_ping_as_the_last_event_lost_spans_are_reported() {
    let variables = [("THUNDRA_WARMUP", "on"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")];
    let output = run_text("greeting", b"\"ann\"\n{\"warmup\":true}\n", &variables);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && stdout.contains("\"hello ann\"\nnull\n"), "{output:?}");
    assert_eq!(stderr.matches("thundra: lost 2 spans that could not be exported").count(), 1, "{stderr}");
}

#[test]
fn a_tree_has_the_name_of_the_executable() {
    let output = run("greeting", &json!("ann"));
    let stderr = text(&output.stderr);
    assert!(output.status.success() && text(&output.stdout).contains("\"hello ann\"\n"), "{stderr}");
    let executable = std::env::current_exe().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    assert!(tree(stderr)[1].starts_with(&format!("{executable} [server] ")), "{stderr}");
    assert!(!stderr.contains("unknown_service"), "{stderr}");
}

/// The variable that sends the telemetry of a local run to a browser.
const HINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 ";

#[test]
fn below_the_last_tree_is_the_variable_that_shows_it_in_a_browser_once() {
    for (program, events, variables, expected) in [
        ("greeting", "\"ann\"", &[][..], 1),
        ("greeting", "\"ann\" \"bob\"", &[], 1),
        ("greeting", "\"ann\"", &[("OTEL_TRACES_EXPORTER", "console")], 0),
        ("greeting", "\"ann\"", &[("OTEL_TRACES_EXPORTER", "none")], 0),
        ("greeting", "\"ann\"", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")], 0),
        ("greeting", "\"ann\"", &[("OTEL_SDK_DISABLED", "true")], 0),
        ("greeting", "\"ann\"", &[("OTEL_TRACES_SAMPLER", "always_off")], 0),
        ("telemetry", "\"ann\"", &[], 0),
    ] {
        let output = run_text(program, events.as_bytes(), variables);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        let why = format!("{program} {events} {variables:?}: {stderr}");
        assert_eq!(stderr.matches(HINT).count(), expected, "{why}");
        assert!(!stdout.contains(HINT), "{why}");
        let last = stderr.lines().next_back();
        assert_eq!(last.is_some_and(|last| last.starts_with(HINT)), expected == 1, "{why}");
    }
}

#[test]
fn a_panic_prints_its_tree_and_goes_on() {
    for (program, event, status) in
        [("greeting", json!("nobody"), "] "), ("response", json!({}), "] "), ("init", json!({}), "init ")]
    {
        let output = run(program, &event);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(101), "{stderr}");
        let tree = tree(stderr);
        assert!(tree[1].contains(status) && tree[1].contains(" ✗ panicked: at the disco "), "{program}: {stderr}");
        assert_eq!(tree.last(), Some(&"it panicked with Some(\"at the disco\")"), "{program}: {stderr}");
        assert_eq!(stderr.matches("panicked at ").count(), 1, "{program}: {stderr}");
        assert_eq!(stderr.matches("exception.type=panic").count(), 1, "{program}: {stderr}");
    }
}

/// Returns the lines of the responses, among the lines of the test harness.
fn responses(output: &Output) -> Vec<&str> {
    text(&output.stdout).lines().filter(|line| line.contains("hello ")).collect()
}

/// Returns the error lines.
fn errors(output: &Output) -> Vec<&str> {
    text(&output.stderr).lines().filter(|line| line.starts_with("error: ")).collect()
}

#[test]
fn several_values_are_several_invocations_of_one_program() {
    for (input, why) in [
        ("\"ann\"\"bob\"\n\n\"eve\"", "joined and on lines"),
        ("\u{feff}\"ann\"\r\n\"bob\"\r\n\"eve\"\r\n", "from Windows"),
    ] {
        let output = run_text("several", input.as_bytes(), &[]);
        let stderr = text(&output.stderr);
        assert!(output.status.success(), "{why}: {stderr}");
        assert_eq!(responses(&output), ["\"hello ann\"", "\"hello bob\"", "\"hello eve\""], "{why}: {stderr}");
        assert_eq!(stderr.matches("init has begun").count(), 1, "{why}: {stderr}");
        let roots: Vec<_> = stderr.lines().filter(|line| line.contains(" [server] ")).collect();
        let is_cold = |root: &&&str| root.contains("faas.coldstart=true");
        assert_eq!((roots.len(), roots.iter().filter(is_cold).count()), (3, 1), "{why}: {stderr}");
        assert!(roots[0].contains(" → ") && !roots[1].contains(" → "), "the first links to init: {stderr}");
        // The trace of init has a tree, and so has each of the three invocations.
        assert_eq!(stderr.lines().filter(|line| line.starts_with("trace ")).count(), 4, "{why}: {stderr}");
        let ids: std::collections::BTreeSet<_> =
            roots.iter().filter_map(|root| root.split("faas.invocation_id=").nth(1)?.split(' ').next()).collect();
        assert_eq!(ids.len(), 3, "each has a request id: {stderr}");
    }
}

#[test]
fn a_failure_among_several_events_stops_none_and_is_a_failure_of_the_program() {
    for (input, greeted, expected, why) in [
        (
            r#""ann" {} "bob""#,
            2,
            &["error: event 2 (line 1): the event is not what the handler takes: ", "error: 1 of 3 events failed"][..],
            "another type",
        ),
        (
            "\"ann\"\n\"nobody\"\n\"bob\"",
            2,
            &["error: event 2 (line 2): the handler panicked", "error: 1 of 3 events failed"],
            "a panic",
        ),
        (
            "\"ann\"\n\"bob\"\n{\"eve",
            2,
            &[
                "error: the value 3 is not JSON: EOF while parsing a string at line 3 column 5 (the value starts at byte 12)",
            ],
            "a broken value",
        ),
        (
            "{}\n\"bob\" oops",
            1,
            &["error: event 1 (line 1): ", "error: 1 of 2 events failed, and the value 3 is not JSON: "],
            "both",
        ),
    ] {
        let output = run_text("several", input.as_bytes(), &[]);
        let (stderr, errors) = (text(&output.stderr), errors(&output));
        assert_eq!(output.status.code(), Some(1), "{why}: {stderr}");
        assert_eq!(responses(&output).len(), greeted, "{why}: {stderr}");
        assert_eq!(errors.len(), expected.len(), "{why}: {stderr}");
        assert!(errors.iter().zip(expected).all(|(error, expected)| error.starts_with(expected)), "{why}: {stderr}");
    }
}

#[test]
fn an_empty_input_is_called_that_before_anything_runs() {
    for input in ["", " \r\n"] {
        let output = run_text("several", input.as_bytes(), &[]);
        let errors = errors(&output);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            matches!(errors[..], [one] if one.starts_with("error: usage: ") && one.ends_with(" (the input is empty)"))
        );
        assert!(!text(&output.stderr).contains("init has begun"));
    }
}

#[test]
fn an_event_of_another_type_is_no_panic() {
    let output = run("greeting", &json!({}));
    let stderr = text(&output.stderr);
    assert!(tree(stderr)[1].contains(" ✗ the event could not be read as the handler's type: "), "{stderr}");
}

#[test]
fn a_handler_that_loops_over_a_batch_gets_the_remedy() {
    let record = json!({ "messageId": "m-1", "body": "{}", "eventSource": "aws:sqs",
                         "eventSourceARN": "arn:aws:sqs:eu-west-1:1:notes", "attributes": {} });
    let output = run("batch", &json!({ "Records": [record, record] }));
    let stderr = text(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stderr.matches("thundra_aws::batch::each gives each record its own").count(), 1, "{stderr}");
}

#[test]
fn after_init_a_run_prints_its_tree_itself_and_once() {
    let output = run("own_main", &json!("ann"));
    let stderr = text(&output.stderr);
    let lines: Vec<_> = stderr.lines().filter(|line| line.contains(" INFO local: ")).collect();
    let [before, inside] = &lines[..] else { panic!("two lines of text expected: {stderr}") };
    assert!(before.contains(" before run") && inside.contains(" greeting function_request_id="), "{stderr}");
    let tree = tree(stderr);
    assert_eq!((tree.len(), tree.last()), (6, Some(&"run has ended")), "{stderr}");
    assert!(tree[4].starts_with(HINT), "below the tree: {stderr}");
    assert!(!stderr.contains("thundra: "), "{stderr}");
}

#[test]
fn telemetry_that_is_set_up_in_code_is_that_of_a_local_run() {
    let output = run("telemetry", &json!("ann"));
    let stderr = text(&output.stderr);
    assert!(output.status.success() && text(&output.stdout).contains("\"hello ann\"\n"), "{stderr}");
    let exported: Vec<_> = stderr.lines().filter_map(|line| line.strip_prefix("own exporter: ")).collect();
    assert_eq!((exported.len(), exported[0]), (2, "greet"), "{stderr}");
    assert_eq!(tree(stderr), [""; 0], "no tree on the console: {stderr}");
    assert!(!stderr.lines().any(|line| line.starts_with('{') || line.starts_with("thundra: ")), "{stderr}");
    assert!(stderr.contains("TRACE") && stderr.contains("a detail") && stderr.contains(" greeting"), "{stderr}");
}

#[test]
fn documents_with_metrics_leave_standard_output_to_the_response() {
    let output = run_with("metrics", &json!("ann"), &[("OTEL_METRICS_EXPORTER", "emf")]);
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(stdout.contains("\"ann\"\n") && !stdout.contains("_aws"), "{stdout}");
    let documents: Vec<_> = stderr.lines().filter(|line| line.starts_with("{\"_aws\"")).collect();
    assert!(matches!(documents.as_slice(), [one] if one.contains("\"orders\":1}")), "{stderr}");
}

#[cfg(not(feature = "https"))]
#[test]
fn a_collector_behind_tls_takes_the_feature_of_this_crate() {
    for program in ["greeting", "own_main"] {
        let output = run_with(program, &json!("ann"), &[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example")]);
        let stderr = text(&output.stderr);
        assert_eq!(
            stderr.matches("which takes the feature `https` of thundra-aws\n").count(),
            1,
            "{program}: {stderr}"
        );
        assert!(!stderr.contains("thundra-http"), "{program}: {stderr}");
    }
}

#[cfg(feature = "testing")]
#[test]
fn the_trace_of_a_request_is_waited_for_at_a_collector() {
    use thundra_aws::testing::{Collector, Snapshot};

    let collector = Collector::start().unwrap();
    let mut variables: Vec<_> = collector.environment().into_iter().collect();
    variables.extend([("OTEL_SERVICE_NAME", "greeter".to_owned()), ("OTEL_LOGS_EXPORTER", "otlp".to_owned())]);
    let variables: Vec<_> = variables.iter().map(|(key, value)| (*key, value.as_str())).collect();
    // The spans arrive in several requests. The wait ends once the expected span and the parents of the span have
    // arrived.
    let output = run_text("several", b"\"ann\" \"bob\"", &variables);
    assert!(output.status.success(), "{output:?}");
    for name in ["ann", "bob"] {
        let trace = collector.trace_of(name).with_spans(["greet"]).wait().unwrap();
        let snapshot = Snapshot::new().only(["name"]).with("service.name").print(&trace.spans);
        let expected = format!("greeter [server] service.name=greeter\n│ · greeting\n└ greet name={name}\n");
        assert_eq!(snapshot.replace(" →", ""), expected);
        assert!(trace.has_logged("greeting"), "{:?}", trace.logs);
    }
    assert!(collector.trace_of("eve").within(Duration::ZERO).wait().is_err());
}

/// The connection of the background thread is shared.
#[tokio::test(flavor = "multi_thread")]
async fn after_init_a_run_exports_to_the_collector_that_the_background_thread_has_reached() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let keep = received.clone();
    let collect = async move |body: axum::body::Bytes| {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        keep.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans).map(|span| span.name));
    };
    let app = axum::Router::new().route("/v1/traces", axum::routing::post(collect));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });

    let run = || run_with("connected", &json!("ann"), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
    let output = tokio::task::block_in_place(run);
    let stderr = text(&output.stderr);
    assert!(output.status.success() && !stderr.contains("thundra: "), "{stderr}");
    let names = received.lock().unwrap().clone();
    assert_eq!((names.len(), &names[0], &names[1]), (3, &"before run".to_owned(), &"greet".to_owned()), "{names:?}");
}

/// The guard exports once more. Only spans that remain after the last export are lost.
#[tokio::test(flavor = "multi_thread")]
async fn after_init_the_guard_reports_what_is_lost() {
    for (refusals, reported) in [(3, 0), (usize::MAX, 1)] {
        let (requests, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (counted, kept) = (requests.clone(), taken.clone());
        let collect = async move |body: axum::body::Bytes| {
            if counted.fetch_add(1, Ordering::Relaxed) < refusals {
                return axum::http::StatusCode::SERVICE_UNAVAILABLE;
            }
            let request = ExportTraceServiceRequest::decode(body).unwrap();
            let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
            kept.fetch_add(scopes.map(|scope| scope.spans.len()).sum(), Ordering::Relaxed);
            axum::http::StatusCode::OK
        };
        let app = axum::Router::new().route("/v1/traces", axum::routing::post(collect));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let run = || run_with("own_main", &json!("ann"), &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);
        let output = tokio::task::block_in_place(run);
        let stderr = text(&output.stderr);
        assert_eq!(stderr.matches("lost 2 spans that").count(), reported, "{stderr}");
        assert_eq!(taken.load(Ordering::Relaxed), if reported == 0 { 2 } else { 0 }, "{stderr}");
    }
}
