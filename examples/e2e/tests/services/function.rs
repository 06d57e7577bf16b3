//! The function `consumer` in a separate process, with a Runtime API of the test.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::Value;
use thundra_examples::harness::process::Process;
use thundra_examples::harness::receiver::Receiver;
use thundra_examples::harness::target;
use thundra_examples::report::{Kind, Span};
use thundra_examples::seen::Seen;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

use crate::PATIENCE;

/// The time of an invocation.
const DEADLINE: Duration = Duration::from_secs(10);

/// A running function, which is dropped before the receiver.
pub(crate) struct Function {
    _process: Process,
    receiver: Receiver,
    events: mpsc::Sender<Bytes>,
    answers: Mutex<mpsc::Receiver<Result<Bytes, Bytes>>>,
}

impl Function {
    pub(crate) async fn start(name: &str) -> Self {
        Self::start_with(name, &[]).await
    }

    /// Starts the function with further variables.
    pub(crate) async fn start_with(name: &str, further: &[(&str, &str)]) -> Self {
        let receiver = Receiver::open().await.unwrap();
        let (events, coming) = mpsc::channel(1);
        let (answered, answers) = mpsc::channel(1);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let runtime = Arc::new(RuntimeApi { events: Mutex::new(coming), answered });
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/it/response", post(response))
            .route("/2018-06-01/runtime/invocation/it/error", post(error))
            .with_state(runtime);
        tokio::spawn(async move { axum::serve(listener, app).await });

        let mut command = Command::new(env!("CARGO_BIN_EXE_consumer"));
        let variables = [
            ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
            ("AWS_LAMBDA_FUNCTION_NAME", "consumer"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", &receiver.endpoint()),
            ("ENDS_WITH_STDIN", "yes"),
        ];
        let variables: Vec<_> = variables.iter().chain(further).copied().collect();
        let scratch = target::path("home").unwrap();
        let log = target::path(&format!("{name}-function.log")).unwrap();
        let process = Process::start(&mut command, variables, &scratch, &log).unwrap();
        Self { _process: process, receiver, events, answers: Mutex::new(answers) }
    }

    /// Sends an event, and returns the response.
    pub(crate) async fn respond(&self, event: &Value) -> Value {
        self.events.send(event.to_string().into()).await.unwrap();
        let mut answers = self.answers.lock().await;
        let answer = tokio::time::timeout(PATIENCE, answers.recv()).await.expect("an answer").unwrap();
        let answer = answer.unwrap_or_else(|error| panic!("it failed: {}", String::from_utf8_lossy(&error)));
        serde_json::from_slice(&answer).unwrap()
    }

    /// Sends an event, and returns the ids of the only record, or of the invocation if the event has no record.
    pub(crate) async fn invoke(&self, event: &Value) -> Seen {
        serde_json::from_value(self.respond(event).await).unwrap()
    }

    /// Waits for the span of the record in a trace.
    pub(crate) async fn record(&self, trace: &str) -> Span {
        let came = self.receiver.wait_until(PATIENCE, |spans| of(spans, trace).1.is_some()).await;
        let spans = self.receiver.spans();
        assert!(came, "no record is in the trace {trace}: {spans:#?}");
        of(&spans, trace).1.unwrap()
    }

    /// Waits for the spans of the invocation and of the record in a trace.
    pub(crate) async fn spans(&self, trace: &str, record: bool) -> (Span, Option<Span>) {
        let whole = |spans: &[Span]| {
            let (invocation, process) = of(spans, trace);
            invocation.is_some() && process.is_some() == record
        };
        let came = self.receiver.wait_until(PATIENCE, whole).await;
        let spans = self.receiver.spans();
        assert!(came, "no invocation is in the trace {trace}: {spans:#?}");
        let (invocation, process) = of(&spans, trace);
        (invocation.unwrap(), process)
    }
}

impl Function {
    /// Returns the spans received so far.
    pub(crate) fn received(&self) -> Vec<Span> {
        self.receiver.spans()
    }
}

/// Finds the spans of the invocation and of the record in a trace.
fn of(spans: &[Span], trace: &str) -> (Option<Span>, Option<Span>) {
    let find = |kind| spans.iter().find(|span| span.trace == trace && span.kind == kind).cloned();
    (find(Kind::Server), find(Kind::Consumer))
}

/// A Runtime API for one event at a time.
struct RuntimeApi {
    events: Mutex<mpsc::Receiver<Bytes>>,
    answered: mpsc::Sender<Result<Bytes, Bytes>>,
}

async fn next(State(runtime): State<Arc<RuntimeApi>>) -> impl IntoResponse {
    let Some(event) = runtime.events.lock().await.recv().await else { return std::future::pending().await };
    let deadline = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + DEADLINE;
    let headers = [
        ("lambda-runtime-aws-request-id", "it".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.as_millis().to_string()),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:consumer".to_owned()),
    ];
    (headers, event)
}

async fn response(State(runtime): State<Arc<RuntimeApi>>, body: Bytes) -> StatusCode {
    runtime.answered.send(Ok(body)).await.unwrap();
    StatusCode::ACCEPTED
}

async fn error(State(runtime): State<Arc<RuntimeApi>>, body: Bytes) -> StatusCode {
    runtime.answered.send(Err(body)).await.unwrap();
    StatusCode::ACCEPTED
}
