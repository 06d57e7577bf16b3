//! Responses and errors that cannot be formatted or serialised, or only once: the outcome must equal the outcome of the
//! bare runtime.

use std::cell::Cell;
use std::fmt;

use lambda_runtime::{Diagnostic, FunctionResponse, IntoFunctionResponse};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use thundra_aws::{Error, LambdaEvent, handler, service_fn};

use crate::peers::{Lambda, Outcome};

/// Runs a program, traced or bare, with a subscriber that writes everything.
pub(crate) fn run(name: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if name.starts_with("fmt") {
        tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    }
    let threads = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let result = match name {
        "bare_concurrent" => threads().block_on(lambda_runtime::run_concurrent(service_fn(broken))),
        "ours_concurrent" => threads().block_on(thundra_aws::run_concurrent(service_fn(broken))),
        "broken_init" => return assert_eq!(init(), std::process::ExitCode::FAILURE),
        "bare" | "fmt_bare" => runtime.block_on(lambda_runtime::run(service_fn(broken))),
        "ours" | "fmt_ours" => runtime.block_on(thundra_aws::run(service_fn(broken))),
        "in_place" | "fmt_in_place" => runtime.block_on(lambda_runtime::run(service_fn(broken_in_place))),
        "both" => runtime.block_on(thundra_aws::run(service_fn(broken_in_place))),
        "bare_conversion" => runtime.block_on(lambda_runtime::run(service_fn(conversion))),
        "ours_event" => {
            runtime.block_on(thundra_aws::run(service_fn(async |_: LambdaEvent<Event>| Ok::<_, Error>(()))))
        }
        "ours_conversion" => runtime.block_on(thundra_aws::run(service_fn(conversion))),
        other => panic!("no program {other}"),
    };
    result.unwrap();
}

/// Runs a program whose state cannot be built.
fn init() -> std::process::ExitCode {
    let connect = async || {
        let failure = Failure { how: "error: Display panics".to_owned(), once: Cell::new(false) };
        Err::<String, _>(failure)
    };
    let handle = |_: std::sync::Arc<String>| service_fn(async |_: LambdaEvent<Value>| Ok::<_, Error>(()));
    thundra_aws::__private::main_with_state(thundra_core::Telemetry::default, connect, handle)
}

async fn broken(event: LambdaEvent<Value>) -> Result<Response, Failure> {
    let how = event.payload["rawPath"].as_str().unwrap_or_default().trim_start_matches('/').to_owned();
    let once = Cell::new(false);
    if how.contains("error") { Err(Failure { how, once }) } else { Ok(Response { how, once }) }
}

#[handler]
async fn broken_in_place(event: LambdaEvent<Value>) -> Result<Response, Failure> {
    broken(event).await
}

async fn conversion(_: LambdaEvent<Value>) -> Result<Unconvertible, Error> {
    Ok(Unconvertible)
}

struct Response {
    how: String,
    once: Cell<bool>,
}

impl Serialize for Response {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("a", "b")?;
        match self.how.as_str() {
            "panics" => panic!("cannot be serialised"),
            "fails" => return Err(S::Error::custom("must not be serialised")),
            "once" if self.once.replace(true) => panic!("cannot be serialised twice"),
            _ => {}
        }
        object.serialize_entry("statusCode", &503)?;
        if self.how == "panics late" {
            panic!("cannot be serialised to the end");
        }
        object.end()
    }
}

struct Failure {
    how: String,
    once: Cell<bool>,
}

impl Failure {
    fn write(&self, what: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.how.contains(&format!("{what} panics")) {
            panic!("cannot be formatted by {what}");
        }
        if self.how.contains(&format!("{what} once")) && self.once.replace(true) {
            panic!("cannot be formatted by {what} twice");
        }
        write!(f, "{what} of an error")
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write("Debug", f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write("Display", f)
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_message = match failure.how.contains("conversion") {
            true => "a message of its own".to_owned(),
            false => failure.to_string(),
        };
        Diagnostic { error_type: "Failure".to_owned(), error_message }
    }
}

/// An unreadable event.
struct Event;

impl<'de> serde::Deserialize<'de> for Event {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        panic!("cannot be read")
    }
}

/// A response that cannot be converted.
struct Unconvertible;

type Nothing = futures_util::stream::Empty<Result<bytes::Bytes, Error>>;

impl IntoFunctionResponse<Value, Nothing> for Unconvertible {
    fn into_response(self) -> FunctionResponse<Value, Nothing> {
        panic!("cannot be converted")
    }
}

fn event(how: &str, http: bool) -> Value {
    let mut event = json!({ "rawPath": format!("/{how}") });
    if http {
        event["version"] = "2.0".into();
        event["routeKey"] = "$default".into();
        event["requestContext"] = json!({ "http": { "method": "GET", "path": "/x" }, "requestId": "g" });
    }
    event
}

/// Returns the outcome of an event, and of a valid event that follows.
async fn outcomes(program: &str, event: &Value) -> Vec<Outcome> {
    let mut lambda = Lambda::start(program, &[]).await;
    let mut outcomes = vec![lambda.outcome(event.clone()).await];
    if !matches!(outcomes[0], Outcome::Ended(_)) {
        outcomes.push(lambda.outcome(self::event("fine", true)).await);
    }
    outcomes
}

#[tokio::test]
async fn what_cannot_be_formatted_has_the_outcome_of_the_bare_runtime() {
    for (how, ends, ends_with_fmt) in [
        ("error", false, false),
        ("error: Display panics", true, true),
        ("error: Display once", false, false),
        ("error: Debug panics", false, true),
        ("error: Debug once", false, false),
        ("error: conversion, Display panics", false, false),
        ("error: conversion, Debug panics, Display panics", false, true),
    ] {
        let event = event(how, false);
        for (bare, ours, ends) in [
            ("bare", ["ours", "in_place", "both"], ends),
            ("fmt_bare", ["fmt_ours", "fmt_in_place", "fmt_ours"], ends_with_fmt),
        ] {
            let expected = outcomes(bare, &event).await;
            assert_eq!(matches!(expected[0], Outcome::Ended(Some(101))), ends, "{bare} {how}: {expected:?}");
            for ours in ours {
                // With `in_place`, the export comes before the formatting of the runtime, so the text is formatted
                // twice.
                if how.contains("Display once") && ours.contains("in_place") {
                    continue;
                }
                assert_eq!(outcomes(ours, &event).await, expected, "{ours} {how}");
            }
        }
    }
}

#[tokio::test]
async fn what_cannot_be_serialised_has_the_outcome_of_the_bare_runtime() {
    for http in [true, false] {
        for (how, ends) in [("fine", false), ("once", false), ("panics", true), ("panics late", true), ("fails", true)]
        {
            let event = event(how, http);
            let expected = outcomes("bare", &event).await;
            assert_eq!(matches!(expected[0], Outcome::Ended(Some(101))), ends, "{how}: {expected:?}");
            for ours in ["ours", "in_place", "both"] {
                assert_eq!(outcomes(ours, &event).await, expected, "{ours} {how}");
            }
        }
    }
    let event = event("fine", true);
    let expected = outcomes("bare_conversion", &event).await;
    assert_eq!(expected, [Outcome::Ended(Some(101))]);
    assert_eq!(outcomes("ours_conversion", &event).await, expected);
}

#[tokio::test]
async fn an_init_error_that_cannot_be_formatted_ends_the_program() {
    let mut lambda = Lambda::start("broken_init", &[]).await;
    assert_eq!(lambda.outcome(event("fine", true)).await, Outcome::Ended(Some(0)), "it returned its failure");
}

/// The end of one worker does not affect the other workers. The next flush exports the invocation of the ended worker.
#[tokio::test]
async fn a_worker_that_panics_leaves_the_others_and_its_span() {
    for program in ["bare_concurrent", "ours_concurrent"] {
        let lambda = Lambda::start(program, &[("AWS_LAMBDA_MAX_CONCURRENCY", "2")]).await;
        let mut statuses = Vec::new();
        let others = async {
            for _ in 0..50 {
                lambda.invoke(event("fine", true)).await.unwrap();
                statuses = lambda.roots().into_iter().filter_map(|root| root.status).collect();
                if statuses.iter().any(|status| status.starts_with("panicked")) {
                    break;
                }
            }
        };
        tokio::select! {
            biased;
            answer = lambda.invoke(event("panics", true)) => panic!("{answer:?}"),
            () = others => {}
        }
        let panicked = statuses.iter().filter(|status| *status == "panicked: cannot be serialised").count();
        assert_eq!(panicked, usize::from(program.starts_with("ours")), "{program}: {statuses:?}");
    }
}

/// The program ends, and the last spans arrive before the end.
#[tokio::test]
async fn the_invocation_that_ends_the_program_is_exported() {
    for (program, how, error_type) in [
        ("ours", "panics", "panic"),
        ("both", "panics late", "panic"),
        ("ours", "fails", "invalid_response"),
        ("ours_conversion", "fine", "panic"),
        ("ours_event", "panics", "panic"),
    ] {
        let mut lambda = Lambda::start(program, &[]).await;
        assert_eq!(lambda.outcome(event(how, true)).await, Outcome::Ended(Some(101)), "{program}: {how}");
        let types = lambda.roots().iter().map(|root| root.text("error.type")).collect::<Vec<_>>();
        assert_eq!(types, [error_type], "{program}: {how}");
    }
}

/// At the end of the program, waiting spans are spilled, or else counted.
#[tokio::test]
async fn the_end_of_the_program_reports_what_did_not_arrive() {
    for how in ["panics", "fails"] {
        let mut lambda = Lambda::start("ours", &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]).await;
        assert_eq!(lambda.outcome(event(how, true)).await, Outcome::Ended(Some(101)), "{how}");
        lambda.wait_for_line("that could not be exported before the end").await;
    }
}

#[tokio::test]
async fn the_span_has_the_text_that_the_runtime_formats() {
    let mut lambda = Lambda::start("ours", &[]).await;
    for (how, status, error_type) in [
        ("fine", "", "503"),
        ("once", "", "503"),
        ("error: Display once", "Display of an error", "Failure"),
        ("error: conversion, Display panics", "a message of its own", "Failure"),
    ] {
        lambda.outcome(event(how, true)).await;
        let root = lambda.traced().await;
        assert_eq!((root.status.as_deref(), root.text("error.type").as_str()), (Some(status), error_type), "{how}");
    }
    let mut lambda = Lambda::start("in_place", &[]).await;
    lambda.outcome(event("error: conversion, Display panics", true)).await;
    assert_eq!(lambda.traced().await.status.as_deref(), Some("(its text is not known: formatting it panicked)"));
}
