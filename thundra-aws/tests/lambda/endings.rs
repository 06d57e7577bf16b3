//! Every ending of an invocation: the root span, and an outcome and lines equal to the outcome and lines of the bare
//! runtime.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{FunctionResponse, Runtime, StreamResponse};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use thundra_aws::{Error, InvocationLayer, LambdaEvent, service_fn};
use tokio::sync::Notify;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::peers::{Lambda, Outcome, Span};

/// A row of the table: the ending of the handler, and the expected root span.
struct Ending {
    how: Value,
    /// `error.type`; empty for a success.
    error_type: &'static str,
    /// The beginning of the status description and of the exception's message.
    message: &'static str,
    /// The type of the exception; empty without an exception.
    exception: &'static str,
    why: &'static str,
}

/// Returns the endings in the documentation of `run`.
fn endings() -> Vec<Ending> {
    const DECLINED: &str = "declined: invalid digit found in string";
    const UNREADABLE: &str = "the event could not be read as the handler's type: invalid type, expected a string at";
    const UNWRITABLE: &str = "the response could not be serialised: must not be serialised";
    const JSON: &str = "serde_json::error::Error";
    let row = |how: Value, texts: [&'static str; 4]| {
        let [error_type, message, exception, why] = texts;
        Ending { how, error_type, message, exception, why }
    };
    vec![
        row(json!("ok"), ["", "", "", "a response"]),
        row(json!("select"), ["", "", "", "work that the handler itself cancels"]),
        row(json!("stream"), ["", "", "", "a stream to its end"]),
        row(json!("error"), ["Declined", DECLINED, "Declined", "a boxed error with a source"]),
        row(json!("text"), ["Error", "no such name", "Error", "a text as the error"]),
        row(json!("secret"), ["Error", "GET https://REDACTED@h/x?REDACTED", "Error", "a text with a credential"]),
        row(json!("panic"), ["panic", "panicked: at the disco", "panic", "a panic of the handler"]),
        row(json!("task"), ["JoinError::Panic", "task ", "JoinError::Panic", "a panic in a task that it awaits"]),
        row(json!("unwrap"), ["panic", "panicked: called `Result::unwrap()`", "panic", "the same, unwrapped"]),
        row(json!(7), ["invalid_event", UNREADABLE, JSON, "an event that is not the handler's type"]),
        row(json!("large"), ["response_too_large", "Lambda refused the response: 413", "response_too_large", "7 MB"]),
        row(
            json!("refuse with 400"),
            ["response_refused", "Lambda refused the response: 400", "response_refused", "an invalid one"],
        ),
        row(
            json!("refuse with 410"),
            ["response_refused", "Lambda refused the response: 410", "response_refused", "one too late"],
        ),
        row(
            json!("refuse with 500"),
            ["response_refused", "Lambda refused the response: 500", "response_refused", "Lambda's fault"],
        ),
        row(json!("unwritable"), ["invalid_response", UNWRITABLE, JSON, "a response that cannot be serialised"]),
        row(json!("stream breaks"), ["Declined", DECLINED, "Declined", "which Lambda takes for a success"]),
        row(json!("stream panics"), ["panic", "panicked: in the stream", "panic", "which only ends the stream"]),
    ]
}

/// Runs a program: bare, with thundra's layer beside another layer, or with thundra's own subscriber.
pub(crate) fn run(name: &str) {
    if name.starts_with("endings_bare") || name.starts_with("endings_ours") {
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false).without_time();
        let ours = name.starts_with("endings_ours").then(thundra_core::layer);
        tracing_subscriber::registry().with(lines.with_filter(LevelFilter::ERROR)).with(ours).init();
    }
    let one = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let threads = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    match name {
        "endings_bare" => one().block_on(lambda_runtime::run(service_fn(handle))).unwrap(),
        "endings_ours" | "endings_sole" => one().block_on(thundra_aws::run(service_fn(handle))).unwrap(),
        "endings_bare_concurrent" => threads().block_on(lambda_runtime::run_concurrent(service_fn(handle))).unwrap(),
        "endings_ours_concurrent" | "endings_sole_concurrent" => {
            threads().block_on(thundra_aws::run_concurrent(service_fn(handle))).unwrap();
        }
        "endings_layer" | "endings_layer_alone" => one().block_on(own_runtime(name)).unwrap(),
        "endings_layer_concurrent" => threads().block_on(own_runtime(name)).unwrap(),
        "endings_anyhow" => one().block_on(thundra_aws::run(service_fn(with_anyhow))).unwrap(),
        "endings_cancelled" => one().block_on(cancelled()),
        "endings_init_fails" => {
            assert_eq!(init(async || Err::<String, _>(Error::from(declined()))), ExitCode::FAILURE);
        }
        "endings_init_panics" => {
            init(async || -> Result<String, Error> { panic!("at the start") });
        }
        other => panic!("no program {other}"),
    }
}

/// Runs a runtime of the program's own, with a layer of AWS's inside of thundra's.
async fn own_runtime(name: &str) -> Result<(), Error> {
    let traced = InvocationLayer::new();
    if name == "endings_layer_alone" {
        return Runtime::new(service_fn(handle)).layer(traced).run().await;
    }
    let runtime = Runtime::new(traced.handler(service_fn(handle))).layer(TracingLayer::new()).layer(traced);
    let runtime = runtime.register_snapstart_resource(traced.snapstart_resource());
    if name == "endings_layer_concurrent" {
        return traced.until_the_end(runtime.run_concurrent()).await;
    }
    traced.until_the_end(runtime.run()).await
}

#[derive(Deserialize)]
struct Event {
    how: String,
}

/// A response in one piece.
enum Body {
    Text(String),
    Unwritable,
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Body::Text(text) => text.serialize(serializer),
            Body::Unwritable => Err(S::Error::custom("must not be serialised")),
        }
    }
}

type Chunks = BoxStream<'static, Result<Bytes, Error>>;
type Response = FunctionResponse<Body, Chunks>;

async fn handle(event: LambdaEvent<Event>) -> Result<Response, Error> {
    match event.payload.how.as_str() {
        "error" => Err(declined().into()),
        "text" => Err("no such name".into()),
        "secret" => Err("GET https://user:s3cr3t@h/x?token=s3cr3t".into()),
        "panic" => panic!("at the disco"),
        "task" => Ok(text(tokio::spawn(panics()).await?)),
        "unwrap" => Ok(text(tokio::spawn(panics()).await.unwrap())),
        "select" => tokio::select! {
            () = std::future::pending() => Ok(text("never")),
            () = std::future::ready(()) => Ok(text("the other branch")),
        },
        "large" => Ok(text("x".repeat(7_000_000))),
        "unwritable" => Ok(FunctionResponse::BufferedResponse(Body::Unwritable)),
        "stream" => Ok(streamed(stream::iter([Ok(Bytes::from_static(b", chunk 2"))]))),
        "stream breaks" => Ok(streamed(stream::iter([Err(declined().into())]))),
        "stream panics" => Ok(streamed(stream::once(async { panic!("in the stream") }))),
        "stream for ever" => Ok(streamed(stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Some((Ok(Bytes::from_static(b"chunk")), ()))
        }))),
        "stream hangs" => Ok(streamed(stream::pending())),
        "stream late" => Ok(streamed(stream::once(async {
            // Longer than a response of the Runtime API takes.
            tokio::time::sleep(Duration::from_millis(200)).await;
            Err(declined().into())
        }))),
        other => Ok(text(other)),
    }
}

fn text(text: impl Into<String>) -> Response {
    FunctionResponse::BufferedResponse(Body::Text(text.into()))
}

fn streamed(rest: impl stream::Stream<Item = Result<Bytes, Error>> + Send + 'static) -> Response {
    let first = async { tracing::info_span!("first chunk").in_scope(|| Ok(Bytes::from_static(b"chunk 1"))) };
    FunctionResponse::StreamingResponse(StreamResponse::from(stream::once(first).chain(rest).boxed()))
}

async fn panics() -> String {
    panic!("in a task")
}

/// An error with a source.
#[derive(Debug)]
struct Declined(std::num::ParseIntError);

fn declined() -> Declined {
    Declined("x".parse::<u8>().unwrap_err())
}

impl fmt::Display for Declined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("declined")
    }
}

impl std::error::Error for Declined {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

async fn with_anyhow(event: LambdaEvent<Event>) -> anyhow::Result<String> {
    match event.payload.how.as_str() {
        "panic" => panic!("at the disco"),
        _ => Err(anyhow::Error::new(declined()).context("order 7")),
    }
}

/// Runs a program that gives up `run` while an invocation is in progress.
async fn cancelled() {
    let called = Arc::new(Notify::new());
    let handler = service_fn(|_: LambdaEvent<Event>| {
        called.notify_one();
        std::future::pending::<Result<String, Error>>()
    });
    {
        let mut running = pin!(thundra_aws::run(handler));
        tokio::select! {
            result = &mut running => panic!("{result:?}"),
            () = called.notified() => {}
        }
    }
    thundra_core::flush(thundra_core::Records::default(), None).await;
}

fn init<I, F>(init: I) -> ExitCode
where
    I: FnOnce() -> F,
    F: Future<Output = Result<String, Error>>,
{
    let echo = |_: Arc<String>| service_fn(async |event: LambdaEvent<String>| Ok::<_, Error>(event.payload));
    thundra_aws::__private::main_with_state(thundra_core::Telemetry::default, init, echo)
}

/// Two invocations at once.
pub(crate) const TWO: (&str, &str) = ("AWS_LAMBDA_MAX_CONCURRENCY", "2");

pub(crate) fn event(how: &Value) -> Value {
    json!({ "how": how })
}

/// Returns the outcome of an event, the root span if any, and the lines on standard error.
async fn end(program: &str, how: &Value, variables: &[(&str, &str)]) -> (Outcome, Option<Span>, Vec<String>) {
    let mut lambda = Lambda::start(program, variables).await;
    let outcome = lambda.outcome(event(how)).await;
    if matches!(outcome, Outcome::Ended(_)) {
        let root = lambda.roots().pop();
        return (outcome, root, lines(&lambda.stderr_so_far()));
    }
    let root = if program.contains("bare") { None } else { Some(lambda.traced().await) };
    let (_, stderr) = lambda.stop().await;
    (outcome, root, lines(&stderr))
}

/// Returns the lines of a program without the parts that differ from run to run: numbers, and the surrounding spans.
fn lines(stderr: &str) -> Vec<String> {
    let line = |line: &str| {
        let line = line.find("lambda_runtime::").and_then(|at| line.get(at..)).unwrap_or(line);
        line.chars().filter(|c| !c.is_ascii_digit()).collect::<String>()
    };
    stderr.lines().map(line).collect()
}

fn assert_ending(ending: &Ending, root: &Span, program: &str) {
    let why = format!("{program}, {}: {root:?}", ending.why);
    assert_eq!(root.text("error.type"), ending.error_type, "{why}");
    assert_eq!(root.status.is_some(), !ending.error_type.is_empty(), "{why}");
    assert!(root.status.as_deref().unwrap_or_default().starts_with(ending.message), "{why}");
    assert!(!format!("{root:?}").contains("s3cr3t"), "{why}");
    match root.exceptions.as_slice() {
        [] => assert_eq!(ending.exception, "", "{why}"),
        [exception] => {
            assert_eq!(exception.error_type, ending.exception, "{why}");
            assert_eq!(Some(&exception.message), root.status.as_ref(), "{why}");
            assert_eq!(exception.stack_trace, "", "nobody asked: {why}");
        }
        several => panic!("{several:?}: {why}"),
    }
}

#[tokio::test]
async fn every_ending_has_a_root_and_the_outcome_of_the_bare_runtime() {
    for ending in endings() {
        let (expected, _, bare_lines) = end("endings_bare", &ending.how, &[]).await;
        assert_eq!(matches!(expected, Outcome::Ended(_)), ending.how == "unwritable", "{expected:?}: {}", ending.why);
        for program in ["endings_ours", "endings_sole", "endings_layer"] {
            let (outcome, root, lines) = end(program, &ending.how, &[]).await;
            let is_numbered = ending.how == "task" || ending.how == "unwrap";
            assert!(outcome == expected || is_numbered, "{program}, {}: {outcome:?} {expected:?}", ending.why);
            assert_ending(&ending, &root.expect(ending.why), program);
            if program == "endings_ours" {
                assert_eq!(lines, bare_lines, "{}", ending.why);
            }
        }
    }
}

#[tokio::test]
async fn every_ending_has_a_root_beside_other_invocations() {
    // The caller of a worker that ends gets no response: see `a_worker_that_panics_leaves_the_others_and_its_span`.
    for ending in endings().into_iter().filter(|ending| ending.how != "unwritable") {
        let (expected, _, bare_lines) = end("endings_bare_concurrent", &ending.how, &[TWO]).await;
        for program in ["endings_ours_concurrent", "endings_sole_concurrent", "endings_layer_concurrent"] {
            let (outcome, root, lines) = end(program, &ending.how, &[TWO]).await;
            let is_numbered = ending.how == "task" || ending.how == "unwrap";
            assert!(outcome == expected || is_numbered, "{program}, {}: {outcome:?} {expected:?}", ending.why);
            assert_ending(&ending, &root.expect(ending.why), program);
            if program == "endings_ours_concurrent" {
                assert_eq!(lines, bare_lines, "{}", ending.why);
            }
        }
    }
}

#[tokio::test]
async fn a_layer_alone_knows_of_a_failure_what_the_runtime_logs() {
    for (how, error_type, message, why) in [
        (json!("ok"), "", None, "a response"),
        (json!("error"), "Declined", Some("Declined(ParseIntError { kind: InvalidDigit })"), "an error"),
        (json!("text"), "Error", Some("no such name"), "a text as the error"),
        (json!("secret"), "Error", Some("GET https://REDACTED@h/x?REDACTED"), "a text with a credential"),
        (json!("panic"), "panic", Some("panicked"), "a panic"),
        (json!(7), "invalid_event", Some("the event could not be read as the handler's type"), "another event"),
        (json!("large"), "response_too_large", Some("Lambda refused the response: 413 Payload Too Large"), "7 MB"),
    ] {
        let (expected, ..) = end("endings_bare", &how, &[]).await;
        let (outcome, root, _) = end("endings_layer_alone", &how, &[]).await;
        assert_eq!(outcome, expected, "{why}");
        let root = root.unwrap();
        assert_eq!((root.text("error.type").as_str(), root.status.as_deref()), (error_type, message), "{why}");
    }
}

#[tokio::test]
async fn an_invocation_without_an_answer_of_the_runtime_api_is_exported_before_the_end() {
    const BREAKS: &[(&str, &str)] = &[("TEST_BREAKS", "1")];
    for how in ["ok", "stream for ever"] {
        let (expected, ..) = end("endings_bare", &json!(how), BREAKS).await;
        assert_eq!(expected, Outcome::Ended(Some(101)), "{how}");
        for program in ["endings_sole", "endings_layer"] {
            let (outcome, root, _) = end(program, &json!(how), BREAKS).await;
            assert_eq!(outcome, expected, "{program}: {how}");
            let root = root.unwrap();
            assert_eq!(root.text("error.type"), "runtime_api_error", "{program}: {how}: {root:?}");
        }
    }
}

#[tokio::test]
async fn an_error_of_anyhow_has_its_sources_and_a_backtrace_where_asked() {
    for (variables, asked) in [(&[][..], false), (&[("RUST_BACKTRACE", "1")], true)] {
        for (how, message, place) in [
            ("error", "order 7: declined: invalid digit found in string", "with_anyhow"),
            ("panic", "panicked: at the disco", "tests/lambda/endings.rs:"),
        ] {
            let lambda = Lambda::start("endings_anyhow", variables).await;
            lambda.invoke(event(&json!(how))).await.unwrap_err();
            let root = lambda.traced().await;
            let [exception] = root.exceptions.as_slice() else { panic!("{root:?}") };
            assert_eq!((exception.message.as_str(), root.status.as_deref()), (message, Some(message)));
            assert_eq!(exception.stack_trace.contains(place), asked, "{how}: {}", exception.stack_trace);
            assert_eq!(exception.stack_trace.is_empty(), !asked, "{how}: {}", exception.stack_trace);
        }
    }
}

#[tokio::test]
async fn an_invocation_that_is_given_up_is_cancelled() {
    let mut lambda = Lambda::start("endings_cancelled", &[]).await;
    assert_eq!(lambda.outcome(event(&json!("hang"))).await, Outcome::Ended(Some(0)));
    let roots = lambda.roots();
    let [root] = roots.as_slice() else { panic!("{roots:?}") };
    assert_eq!((root.text("error.type").as_str(), root.status.as_deref()), ("cancelled", Some("cancelled")));
    assert!(root.exceptions.is_empty(), "nothing was thrown");
}

#[tokio::test]
async fn an_init_that_ends_the_program_is_a_failed_trace() {
    for (program, error_type, exception, message, code) in [
        ("endings_init_fails", "init_failed", "Declined", "declined: invalid digit found in string", 0),
        ("endings_init_panics", "panic", "panic", "panicked: at the start", 101),
    ] {
        let mut lambda = Lambda::start(program, &[]).await;
        assert_eq!(lambda.outcome(event(&json!("ok"))).await, Outcome::Ended(Some(code)), "{program}");
        let spans = lambda.spans();
        let [root] = spans.as_slice() else { panic!("{spans:?}") };
        assert_eq!((root.name.as_str(), root.text("error.type").as_str()), ("init", error_type));
        assert_eq!(root.status.as_deref(), Some(message));
        let [thrown] = root.exceptions.as_slice() else { panic!("{root:?}") };
        assert_eq!((thrown.error_type.as_str(), thrown.message.as_str()), (exception, message));
        assert_eq!(lambda.stderr_so_far().matches("panicked at").count(), usize::from(code == 101), "{program}");
    }
}
