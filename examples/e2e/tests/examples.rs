//! The programs to copy, run with the commands in the comments of the programs.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop")]

use std::fs::{self, File};
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thundra_examples::harness::cloud::{self, Cloud};
use thundra_examples::harness::ministack::MiniStack;
use thundra_examples::harness::process::free_port;
use thundra_examples::harness::target;

/// The time limit of a program.
const PATIENCE: Duration = Duration::from_secs(20);

/// The maximum number of lines of an example.
const LONGEST: usize = 60;

#[test]
fn examples_are_short_and_name_their_command() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut examples = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        examples += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(text.lines().count() <= LONGEST, "{name} has {} lines", text.lines().count());
        let kind = if name == "unit-test" { "test" } else { "bin" };
        assert!(text.contains(&format!("-p thundra-examples --{kind} {name}")), "{name} does not name its command");
        assert!(text.contains("//! ```toml\n"), "{name} does not name its dependencies");
    }
    assert!(examples >= 9, "{examples} examples");
}

#[test]
fn http_api_answers_an_order() {
    let (response, tree) = local(env!("CARGO_BIN_EXE_http-api"), "api.json");
    assert_eq!(response["statusCode"], 202, "{response}");
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, json!({ "order": "order-1", "total": 10, "correlation_id": "c-1" }));
    assert_in_order(&tree, &["POST /orders [server] ", "└ price "]);
}

#[test]
fn sqs_batch_reports_no_failure() {
    let (response, tree) = local(env!("CARGO_BIN_EXE_sqs-batch"), "sqs.json");
    assert_eq!(response, json!({ "batchItemFailures": [] }));
    assert_in_order(&tree, &["sqs-batch [server", "└ process notes [consumer", "└ mail "]);
}

#[test]
fn kinesis_batch_reports_the_record_that_failed() {
    let (response, tree) = local(env!("CARGO_BIN_EXE_kinesis-batch"), "kinesis.json");
    let sold_out = "49590338271490256608559692540925702759324208523137515618";
    assert_eq!(response, json!({ "batchItemFailures": [{ "itemIdentifier": sold_out }] }));
    assert_in_order(&tree, &["process parcels [consumer", "ship ", "truffles is sold out"]);
}

#[test]
fn kinesis_batch_runs_the_failed_record_again_from_its_line() {
    let program = env!("CARGO_BIN_EXE_kinesis-batch");
    let event = File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("events/kinesis.json")).unwrap();
    let capture = ("THUNDRA_CAPTURE_PAYLOADS", "errors");
    let (response, stderr) = answered(Command::new(program).env_clear().envs([capture]).stdin(event));
    let line = stderr.lines().find(|line| line.starts_with(r#"{"_thundra":"event/1""#)).unwrap();
    let read: Value = serde_json::from_str(line).unwrap();
    assert_eq!(read["event"]["Records"].as_array().unwrap().len(), 1, "{line}");
    let log = target::path("test-captured-event.txt").unwrap();
    fs::write(&log, format!("2026-11-26T11:44:58 2026/11/26/[$LATEST]0a1b {line}\n")).unwrap();
    let (again, stderr) = answered(Command::new(program).env_clear().stdin(File::open(log).unwrap()));
    assert_eq!(again, response, "{stderr}");
}

#[test]
fn custom_exporter_writes_a_line_for_each_span() {
    let spans = target::path("test-custom-exporter.txt").unwrap();
    let _ = fs::remove_file(&spans);
    let event = target::path("test-custom-exporter.json").unwrap();
    fs::write(&event, r#"{"order": 7}"#).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_custom-exporter"));
    let (response, stderr) = answered(command.arg(event).env_clear().env("SPANS", &spans).stdin(Stdio::null()));
    assert_eq!(response, json!({ "order": 7 }));
    assert!(!stderr.contains("trace "), "no other exporter is made: {stderr}");
    let spans = fs::read_to_string(spans).unwrap();
    let names: Vec<_> = spans.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(names, ["check", "custom-exporter"]);
}

#[test]
fn own_subscriber_writes_text_and_records_spans() {
    let event = target::path("test-own-subscriber.json").unwrap();
    fs::write(&event, r#"{"order": 7}"#).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_own-subscriber"));
    let (_, stderr) = answered(command.arg(event).env_clear().stdin(Stdio::null()));
    assert_in_order(&stderr, &[r#"checked order={"order":7}"#, "trace ", "own-subscriber [server", "└ check "]);
    assert!(!stderr.lines().any(|line| line.starts_with('{')), "no line of JSON: {stderr}");
}

#[tokio::test]
async fn axum_server_hands_its_callers_trace_on() {
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    let mut server = Running::start(Command::new(env!("CARGO_BIN_EXE_axum-server")).arg(&address));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = || {
        let request = http.get(format!("http://{address}/orders/7"));
        request.header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").send()
    };
    let began = Instant::now();
    let response = loop {
        match request().await {
            Ok(response) => break response,
            Err(error) if began.elapsed() > PATIENCE => panic!("no response: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    };
    assert_eq!(response.text().await.unwrap(), "order 7 costs 1250\n");
    let stderr = server.interrupt();
    assert_in_order(
        &stderr,
        &[
            "trace 0af7651916cd43dd8448eb211c80319c",
            "GET /orders/{id} [server",
            "└ GET [client",
            "└ GET /prices/{item} [server",
        ],
    );
    let line = stderr.lines().find(|line| line.contains("priced")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap()["x-correlation-order"], "7", "{line}");
}

#[test]
fn import_is_a_part_of_its_starters_trace_and_fails_with_a_failed_order() {
    let address = format!("127.0.0.1:{}", free_port().unwrap());
    let mut server = Running::start(Command::new(env!("CARGO_BIN_EXE_axum-server")).arg(&address));
    let began = Instant::now();
    while TcpStream::connect(&address).is_err() {
        assert!(began.elapsed() < PATIENCE, "the server does not listen");
        std::thread::sleep(Duration::from_millis(20));
    }
    for (shop, is_imported) in [(address.clone(), true), (format!("127.0.0.1:{}", free_port().unwrap()), false)] {
        let mut import = Command::new(env!("CARGO_BIN_EXE_import"));
        import.arg(format!("http://{shop}")).env_clear();
        import.env("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        import.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut import = import.spawn().unwrap();
        import.stdin.take().unwrap().write_all(b"7\n8\n").unwrap();
        let output = import.wait_with_output().unwrap();
        assert_eq!(output.status.success(), is_imported, "{output:?}");
        let (_, stderr) = texts(output);
        assert_eq!(stderr.matches("trace 0af7651916cd43dd8448eb211c80319c").count(), stderr.matches("trace ").count());
        for id in ["7", "8"] {
            let has = |words: [&str; 2]| stderr.lines().find(|line| words.iter().all(|word| line.contains(word)));
            let step = has(["import order", &format!("order.id={id} ")]).unwrap_or_else(|| panic!("{stderr}"));
            assert_eq!(step.contains('✗'), !is_imported, "{step}");
            let line = format!(r#""{}":"{id}""#, if is_imported { "x-correlation-order" } else { "order" });
            assert!(has([r#""target":"import""#, &line]).is_some(), "{stderr}");
        }
        assert_eq!(stderr.contains("✗ 2 orders were not imported"), !is_imported, "{stderr}");
    }
    assert!(server.interrupt().contains("trace 0af7651916cd43dd8448eb211c80319c"));
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_deletes_what_it_has_worked_on() {
    let ministack = MiniStack::start("test-worker").await.unwrap();
    let queue = Cloud::at(&ministack.endpoint()).unwrap().create_queue("notes", 30).await.unwrap();
    let sqs = aws_sdk_sqs::Client::new(&cloud::config(&ministack.endpoint()));
    sqs.send_message().queue_url(&queue.url).message_body("hello").send().await.unwrap();
    let mut worker = Running::start(Command::new(env!("CARGO_BIN_EXE_worker")).envs([
        ("QUEUE_URL", queue.url.as_str()),
        ("AWS_ENDPOINT_URL", &ministack.endpoint()),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ]));
    let began = Instant::now();
    while !is_empty(&sqs, &queue.url).await {
        assert!(began.elapsed() < PATIENCE, "the message is still there: {}", worker.interrupt());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_in_order(&worker.interrupt(), &["process notes [consumer", "└ mail "]);
}

/// Returns `true` if a queue holds no message, neither waiting nor in flight.
async fn is_empty(sqs: &aws_sdk_sqs::Client, queue: &str) -> bool {
    use aws_sdk_sqs::types::QueueAttributeName as Name;
    let counts = [Name::ApproximateNumberOfMessages, Name::ApproximateNumberOfMessagesNotVisible];
    let request = sqs.get_queue_attributes().queue_url(queue).set_attribute_names(Some(counts.to_vec()));
    let attributes = request.send().await.unwrap().attributes.unwrap();
    counts.iter().all(|count| attributes[count] == "0")
}

/// Runs a function on an event of `events/`, with an empty environment. Returns the response and the standard error.
fn local(program: &str, event: &str) -> (Value, String) {
    let event = File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(event)).unwrap();
    answered(Command::new(program).env_clear().stdin(event))
}

/// Runs a function and returns the response and the standard error.
fn answered(command: &mut Command) -> (Value, String) {
    let (stdout, stderr) = texts(command.output().unwrap());
    let response = serde_json::from_str(&stdout);
    (response.unwrap_or_else(|error| panic!("{error}: {stdout}{stderr}")), stderr)
}

/// Asserts that a text has lines with `words`, in order.
fn assert_in_order(text: &str, words: &[&str]) {
    let mut lines = text.lines();
    for word in words {
        assert!(lines.any(|line| line.contains(word)), "{word:?} is not in its place: {text}");
    }
}

/// A program to interrupt.
struct Running(Option<Child>);

impl Running {
    fn start(command: &mut Command) -> Self {
        let variables: Vec<_> =
            command.get_envs().map(|(name, value)| (name.to_owned(), value.unwrap().to_owned())).collect();
        let home = target::path("home").unwrap();
        command.env_clear().envs(variables).env("HOME", home);
        Running(Some(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()))
    }

    /// Interrupts the program like Ctrl-C, and returns the standard error.
    fn interrupt(&mut self) -> String {
        let child = self.0.take().unwrap();
        let began = Instant::now();
        while !catches_interrupts(child.id()) {
            assert!(began.elapsed() < PATIENCE, "it does not wait for Ctrl-C");
            std::thread::sleep(Duration::from_millis(5));
        }
        let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(killed.success() && output.status.success(), "{output:?}");
        texts(output).1
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn texts(output: Output) -> (String, String) {
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// Returns `true` once a process has a handler of SIGINT: a program may respond to a request before. On systems without
/// `/proc`, returns `true` at once.
fn catches_interrupts(id: u32) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{id}/status")) else { return true };
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    u64::from_str_radix(caught.trim(), 16).unwrap() & 0b10 != 0
}
