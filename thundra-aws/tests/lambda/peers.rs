//! The peers of a function: Lambda's Runtime API, an OTLP collector and a queue, on one loopback port.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::routing::{get, post};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value};
use opentelemetry_proto::tonic::logs;
use opentelemetry_proto::tonic::trace::v1::span;
use prost::Message;
use serde_json::Value;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::PATIENCE;

/// A request to the peers. The peers record requests in order.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    Next,
    Response,
    Error,
    Traces(Vec<Span>),
    /// A request with metrics.
    Metrics(Bytes),
    Logs(Vec<LogRecord>),
    /// Spans refused by the collector.
    Refused,
    /// The request for the restore of a snapshot.
    Restore,
    /// The report of a failed initialisation, or of a failed restore.
    Failure(&'static str),
    /// A request for the metadata of the environment.
    Metadata,
    /// The registration of an extension, with the body.
    Registration(String),
    /// The request of an extension for the next event.
    ExtensionNext,
    /// A message to the queue: the body, and the X-Ray header of the request.
    Message(String, String),
}

impl Seen {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Seen::Next => "next",
            Seen::Response => "response",
            Seen::Error => "error",
            Seen::Traces(_) => "traces",
            Seen::Metrics(_) => "metrics",
            Seen::Logs(_) => "logs",
            Seen::Refused => "refused",
            Seen::Restore => "restore",
            Seen::Failure(phase) => phase,
            Seen::Metadata => "metadata",
            Seen::Registration(_) => "registration",
            Seen::ExtensionNext => "extension next",
            Seen::Message(..) => "message",
        }
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        if let Seen::Traces(spans) = self { spans.clone() } else { Vec::new() }
    }

    pub(crate) fn logs(&self) -> Vec<LogRecord> {
        if let Seen::Logs(records) = self { records.clone() } else { Vec::new() }
    }

    pub(crate) fn span_count(&self) -> usize {
        self.spans().len()
    }

    /// Returns the span of the invocation, the first one where concurrent invocations share an export.
    pub(crate) fn root(&self) -> Option<Span> {
        self.roots().into_iter().next()
    }

    /// Returns the spans of the invocations: concurrent invocations share an export.
    pub(crate) fn roots(&self) -> Vec<Span> {
        self.spans().into_iter().filter(|span| span.kind == 2).collect()
    }

    pub(crate) fn children(&self) -> Vec<Span> {
        self.spans().into_iter().filter(|span| span.kind == 1).collect()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) trace: String,
    pub(crate) id: String,
    pub(crate) parent: String,
    pub(crate) kind: i32,
    pub(crate) sampled: bool,
    pub(crate) status: Option<String>,
    pub(crate) links: Vec<String>,
    pub(crate) dropped_links: u32,
    pub(crate) exceptions: Vec<Exception>,
    attributes: HashMap<String, String>,
}

/// An exception event.
#[derive(Clone, Debug)]
pub(crate) struct Exception {
    pub(crate) error_type: String,
    pub(crate) message: String,
    pub(crate) stack_trace: String,
}

impl Span {
    pub(crate) fn text(&self, key: &str) -> String {
        self.attributes.get(key).cloned().unwrap_or_default()
    }
}

/// A log record.
#[derive(Clone, Debug)]
pub(crate) struct LogRecord {
    pub(crate) body: String,
    pub(crate) event_name: String,
    pub(crate) trace: String,
    pub(crate) span: String,
    attributes: HashMap<String, String>,
}

impl LogRecord {
    fn of(record: logs::v1::LogRecord) -> Self {
        LogRecord {
            body: text(record.body.and_then(|body| body.value)),
            event_name: record.event_name,
            trace: hex(&record.trace_id),
            span: hex(&record.span_id),
            attributes: texts(record.attributes),
        }
    }

    pub(crate) fn text(&self, key: &str) -> String {
        self.attributes.get(key).cloned().unwrap_or_default()
    }
}

/// The outcome of an event.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// A response, or an error.
    Posted(Result<Value, Value>),
    /// The end of the process, with the exit code.
    Ended(Option<i32>),
}

type Answer = oneshot::Sender<Result<Value, Value>>;

/// An event for the function.
struct Event {
    body: Value,
    /// The X-Ray header.
    xray: Option<String>,
    answer: Answer,
}

struct World {
    events: tokio::sync::Mutex<mpsc::Receiver<Event>>,
    waiting: Mutex<HashMap<String, Answer>>,
    seen: Mutex<Vec<Seen>>,
    changed: Notify,
    /// Notified of each request for an event.
    asked: Arc<Notify>,
    /// `true` if invocations have an X-Ray header.
    xray: bool,
    /// The tenant of all invocations.
    tenant: Option<String>,
    /// Lets a snapshot be restored.
    restored: Notify,
    /// `true` if the Runtime API responds before the end of a response, like some emulators.
    is_early: bool,
    /// `true` if the Runtime API responds at the start of a stream, and closes the connection.
    hangs_up: bool,
    /// `true` if the connection to the Runtime API breaks during a response.
    breaks: bool,
    /// `true` while the collector refuses requests.
    refuses: AtomicBool,
    /// `true` if extensions can be registered.
    extensions: bool,
    /// The connections with spans, in order.
    connections: Mutex<Vec<SocketAddr>>,
}

impl World {
    fn saw(&self, seen: Seen) {
        self.seen.lock().unwrap().push(seen);
        self.changed.notify_waiters();
    }
}

/// A running function.
pub(crate) struct Lambda {
    world: Arc<World>,
    events: mpsc::Sender<Event>,
    /// The number of events that the function requests at once.
    pollers: usize,
    child: Child,
    stderr: Arc<Mutex<String>>,
    ended: Arc<Notify>,
    reader: Option<JoinHandle<()>>,
}

impl Lambda {
    pub(crate) async fn start(program: &str, variables: &[(&str, &str)]) -> Self {
        let (events, receiver) = mpsc::channel(16);
        let world = Arc::new(World {
            events: receiver.into(),
            waiting: Mutex::default(),
            seen: Mutex::default(),
            changed: Notify::new(),
            asked: Arc::default(),
            xray: variables.iter().any(|(key, _)| *key == "AWS_LAMBDA_MAX_CONCURRENCY"),
            tenant: variables.iter().find(|(key, _)| *key == "TEST_TENANT").map(|(_, tenant)| (*tenant).to_owned()),
            restored: Notify::new(),
            is_early: variables.iter().any(|(key, _)| *key == "TEST_EARLY"),
            hangs_up: variables.iter().any(|(key, _)| *key == "TEST_HANGS_UP"),
            breaks: variables.iter().any(|(key, _)| *key == "TEST_BREAKS"),
            refuses: variables.iter().any(|(key, _)| *key == "TEST_REFUSED").into(),
            extensions: !variables.iter().any(|(key, _)| *key == "TEST_NO_EXTENSIONS"),
            connections: Mutex::default(),
        });
        let app = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/restore/next", get(restore))
            .route(
                "/2018-06-01/runtime/init/error",
                post(async |State(world): State<Arc<World>>| failure(&world, "init error")),
            )
            .route(
                "/2018-06-01/runtime/restore/error",
                post(async |State(world): State<Arc<World>>| failure(&world, "restore error")),
            )
            .route("/2026-01-15/metadata/execution-environment", get(metadata))
            .route("/2020-01-01/extension/register", post(register))
            .route("/2020-01-01/extension/event/next", get(extension_next))
            .route("/v1/traces", post(traces))
            .route("/v1/metrics", post(metrics))
            .route("/v1/logs", post(logs))
            .route("/", post(message))
            .with_state(world.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(
            async move { axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await },
        );

        let file = variables.iter().find(|(key, _)| *key == "TEST_STDOUT").map(|(_, path)| path);
        let stdout = file.map_or_else(Stdio::null, |path| File::create(path).unwrap().into());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "program", "--ignored", "--nocapture"])
            .env_clear()
            .envs(
                std::env::vars().filter(|(key, _)| key.starts_with("LD_") || key == "PATH" || key.starts_with("LLVM_")),
            )
            .envs([
                ("TEST_PROGRAM", program),
                ("AWS_LAMBDA_RUNTIME_API", &address),
                ("AWS_LAMBDA_FUNCTION_NAME", program),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_METADATA_API", &address),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", &format!("http://{address}")),
                // Disabled, except in the tests of logs and metrics.
                ("OTEL_LOGS_EXPORTER", "none"),
                ("OTEL_METRICS_EXPORTER", "none"),
            ])
            .envs(variables.iter().copied())
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = Arc::new(Mutex::new(String::new()));
        let ended = Arc::<Notify>::default();
        let (mut pipe, text, end) = (child.stderr.take().unwrap(), stderr.clone(), ended.clone());
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(n @ 1..) = pipe.read(&mut buffer) {
                text.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..n]));
            }
            end.notify_one();
        });
        let concurrency = variables.iter().find(|(key, _)| *key == "AWS_LAMBDA_MAX_CONCURRENCY");
        let pollers = concurrency.map_or(1, |(_, value)| value.parse().unwrap());
        Lambda { world, events, pollers, child, stderr, ended, reader: Some(reader) }
    }

    /// Restores the function from the snapshot, once the function requests the restore. The collector accepts all
    /// further requests.
    pub(crate) async fn restore(&self) {
        self.wait_for(|seen| seen.iter().any(|seen| matches!(seen, Seen::Restore))).await;
        self.world.refuses.store(false, Ordering::Relaxed);
        self.world.restored.notify_one();
    }

    /// Lets the collector take all requests from now on.
    pub(crate) fn take_spans(&self) {
        self.world.refuses.store(false, Ordering::Relaxed);
    }

    /// Stops the process for a time, as Lambda freezes an environment between invocations.
    pub(crate) async fn freeze(&self, time: std::time::Duration) {
        self.signal("-STOP");
        tokio::time::sleep(time).await;
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let kill = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }

    /// Sends SIGTERM, and waits for the end of the process. Returns the signal that ended the process, the requests,
    /// and the standard error.
    pub(crate) async fn terminate(mut self) -> (Option<i32>, Vec<Seen>, String) {
        use std::os::unix::process::ExitStatusExt;
        self.signal("-TERM");
        tokio::time::timeout(PATIENCE, self.ended.notified()).await.unwrap();
        let signal = self.child.wait().unwrap().signal();
        let (seen, stderr) = self.ended_now();
        (signal, seen, stderr)
    }

    /// Waits for the end of the process, and returns the requests and the standard error.
    pub(crate) async fn ended(mut self) -> (Vec<Seen>, String) {
        tokio::time::timeout(PATIENCE, self.ended.notified()).await.unwrap();
        self.ended_now()
    }

    fn ended_now(&mut self) -> (Vec<Seen>, String) {
        self.reader.take().unwrap().join().unwrap();
        let seen = self.world.seen.lock().unwrap().clone();
        (seen, self.stderr_so_far())
    }

    /// Returns the connections with spans, in order.
    pub(crate) fn connections(&self) -> Vec<SocketAddr> {
        self.world.connections.lock().unwrap().clone()
    }

    /// Sends an event and waits for the response or the error.
    pub(crate) async fn invoke(&self, event: Value) -> Result<Value, Value> {
        self.invoke_with(event, None).await
    }

    /// Sends an event with an X-Ray header and waits for the response or the error.
    pub(crate) async fn invoke_with(&self, body: Value, xray: Option<&str>) -> Result<Value, Value> {
        let (answer, result) = oneshot::channel();
        let event = Event { body, xray: xray.map(str::to_owned), answer };
        assert!(self.events.send(event).await.is_ok());
        match tokio::time::timeout(PATIENCE, result).await {
            Ok(result) => result.unwrap(),
            Err(_) => panic!("no answer; standard error:\n{}", self.stderr_so_far()),
        }
    }

    pub(crate) async fn outcome(&mut self, event: Value) -> Outcome {
        let (answer, result) = oneshot::channel();
        assert!(self.events.send(Event { body: event, xray: None, answer }).await.is_ok());
        let outcome = async {
            tokio::select! {
                result = result => Outcome::Posted(result.unwrap()),
                () = self.ended.notified() => Outcome::Ended(self.child.wait().unwrap().code()),
            }
        };
        match tokio::time::timeout(PATIENCE, outcome).await {
            Ok(outcome) => outcome,
            Err(_) => panic!("no outcome; standard error:\n{}", self.stderr_so_far()),
        }
    }

    /// Returns the root span of the last invocation, after waiting for the arrival.
    pub(crate) async fn traced(&self) -> Span {
        let answers = |seen: &[Seen]| seen.iter().filter(|seen| matches!(seen, Seen::Response | Seen::Error)).count();
        let roots = |seen: &[Seen]| seen.iter().flat_map(Seen::roots).collect::<Vec<_>>();
        self.wait_for(|seen| roots(seen).len() == answers(seen)).await;
        roots(&self.world.seen.lock().unwrap()).pop().unwrap()
    }

    /// Waits for the only root span and returns the span.
    pub(crate) async fn traced_one(&self) -> Span {
        self.wait_for(|seen| seen.iter().any(|seen| seen.root().is_some())).await;
        self.roots().pop().unwrap()
    }

    /// Returns the received root spans.
    pub(crate) fn roots(&self) -> Vec<Span> {
        let seen = self.world.seen.lock().unwrap();
        seen.iter().flat_map(Seen::roots).collect()
    }

    pub(crate) async fn wait_for(&self, enough: impl Fn(&[Seen]) -> bool) {
        let waiting = async {
            loop {
                let changed = self.world.changed.notified();
                if enough(&self.world.seen.lock().unwrap()) {
                    break;
                }
                changed.await;
            }
        };
        if tokio::time::timeout(PATIENCE, waiting).await.is_err() {
            panic!("it did not come; seen: {:?}\n{}", self.world.seen.lock().unwrap(), self.stderr_so_far());
        }
    }

    /// Sends an event without waiting for the response.
    pub(crate) async fn send(&self, event: Value) {
        let event = Event { body: event, xray: None, answer: oneshot::channel().0 };
        assert!(self.events.send(event).await.is_ok());
    }

    /// Lets the collector take requests from now on.
    pub(crate) fn take_requests(&self) {
        self.world.refuses.store(false, Ordering::Relaxed);
    }

    /// Waits for a text on standard error.
    pub(crate) async fn wait_for_line(&self, text: &str) {
        let deadline = std::time::Instant::now() + PATIENCE;
        while !self.stderr_so_far().contains(text) {
            assert!(std::time::Instant::now() < deadline, "no {text:?} in:\n{}", self.stderr_so_far());
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// Returns the requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.world.seen.lock().unwrap().clone()
    }

    /// Returns the received spans.
    pub(crate) fn spans(&self) -> Vec<Span> {
        self.world.seen.lock().unwrap().iter().flat_map(Seen::spans).collect()
    }

    pub(crate) fn stderr_so_far(&self) -> String {
        self.stderr.lock().unwrap().clone()
    }

    /// Ends the function once every worker waits for an event. Returns the requests and the standard error.
    pub(crate) async fn stop(mut self) -> (Vec<Seen>, String) {
        let pollers = self.pollers;
        let idle = |seen: &[Seen]| {
            let count = |f: fn(&Seen) -> bool| seen.iter().filter(|seen| f(seen)).count();
            let answered = count(|seen| matches!(seen, Seen::Response | Seen::Error));
            count(|seen| matches!(seen, Seen::Next)) == answered + pollers
        };
        self.wait_for(idle).await;
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let seen = self.world.seen.lock().unwrap().clone();
        (seen, self.stderr_so_far())
    }
}

impl Drop for Lambda {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

async fn register(State(world): State<Arc<World>>, headers: HeaderMap, body: String) -> (StatusCode, HeaderMap) {
    let mut answer = HeaderMap::new();
    world.saw(Seen::Registration(body));
    if !world.extensions || !headers.contains_key("lambda-extension-name") {
        return (StatusCode::FORBIDDEN, answer);
    }
    answer.insert("lambda-extension-identifier", HeaderValue::from_static("extension-1"));
    (StatusCode::OK, answer)
}

/// Records the request of an extension and never responds, because the extension has no events.
async fn extension_next(State(world): State<Arc<World>>, headers: HeaderMap) {
    assert_eq!(headers.get("lambda-extension-identifier").unwrap(), "extension-1");
    world.saw(Seen::ExtensionNext);
    std::future::pending().await
}

async fn next(State(world): State<Arc<World>>) -> (HeaderMap, Bytes) {
    world.saw(Seen::Next);
    world.asked.notify_waiters();
    let Event { body, xray: header, answer } = match world.events.lock().await.recv().await {
        Some(event) => event,
        None => std::future::pending().await,
    };
    let id = {
        let mut waiting = world.waiting.lock().unwrap();
        let id = format!("request-{}", waiting.len());
        waiting.insert(id.clone(), answer);
        id
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let deadline = now + body["deadline_in_ms"].as_i64().unwrap_or(10_000);
    let mut headers = HeaderMap::new();
    let mut put = |name: &'static str, value: String| headers.insert(name, HeaderValue::try_from(value).unwrap());
    if let Some(header) = header.or_else(|| world.xray.then(|| xray(&id))) {
        put("lambda-runtime-trace-id", header);
    }
    if let Some(tenant) = &world.tenant {
        put("lambda-runtime-aws-tenant-id", tenant.clone());
    }
    put("lambda-runtime-invocation-id", id.replace("request", "attempt"));
    put("lambda-runtime-aws-request-id", id);
    put("lambda-runtime-deadline-ms", deadline.to_string());
    put("lambda-runtime-invoked-function-arn", "arn:aws:lambda:eu-west-1:123456789012:function:f".into());
    (headers, body.to_string().into())
}

async fn restore(State(world): State<Arc<World>>) -> StatusCode {
    world.saw(Seen::Restore);
    world.restored.notified().await;
    StatusCode::OK
}

fn failure(world: &World, phase: &'static str) -> StatusCode {
    world.saw(Seen::Failure(phase));
    StatusCode::ACCEPTED
}

/// Serves the metadata of an environment. The token in the request names the zone.
async fn metadata(State(world): State<Arc<World>>, headers: HeaderMap) -> (StatusCode, String) {
    world.saw(Seen::Metadata);
    match headers["authorization"].to_str().unwrap() {
        "Bearer never" => std::future::pending().await,
        "Bearer refused" => (StatusCode::INTERNAL_SERVER_ERROR, r#"{"AvailabilityZoneID":"use1-az9"}"#.into()),
        "Bearer garbage" => (StatusCode::OK, "zone".into()),
        zone => {
            let zone = zone.strip_prefix("Bearer ").unwrap();
            (StatusCode::OK, format!(r#"{{"AvailabilityZoneID":"{zone}","Later":[1]}}"#))
        }
    }
}

/// Returns the X-Ray header of an invocation that X-Ray does not sample.
pub(crate) fn xray(request_id: &str) -> String {
    let number: u32 = request_id.rsplit('-').next().unwrap().parse().unwrap();
    format!("Root=1-5759e988-{:024x};Parent=53995c3f42cd8ad8;Sampled=0;Lineage=1:a87bd80c:{number}", number + 1)
}

async fn message(State(world): State<Arc<World>>, headers: HeaderMap, body: Bytes) -> &'static str {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let xray = headers.get("x-amzn-trace-id").map_or("", |header| header.to_str().unwrap());
    world.saw(Seen::Message(request["MessageBody"].as_str().unwrap().to_owned(), xray.to_owned()));
    "{}"
}

/// The longest response that Lambda accepts without streaming.
const MAX_RESPONSE_BYTES: usize = 6_291_556;

async fn response(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    request: HeaderMap,
    body: Body,
) -> (StatusCode, HeaderMap) {
    let mut headers = HeaderMap::new();
    if world.breaks {
        // Ends the task of the connection without a message.
        std::panic::resume_unwind(Box::new("broken"));
    }
    let is_stream = request.contains_key("lambda-runtime-function-response-mode");
    if world.is_early {
        tokio::spawn(async move { take_response(&world, &id, body).await });
        return (StatusCode::ACCEPTED, headers);
    }
    if world.hangs_up && is_stream {
        world.saw(Seen::Response);
        headers.insert("connection", HeaderValue::from_static("close"));
        // A client whose write fails would not read the response, so the body is read until the client requests an
        // event.
        let asked = world.asked.clone().notified_owned();
        tokio::spawn(async move {
            tokio::select! {
                _ = to_bytes(body, usize::MAX) => {}
                () = asked => {}
            }
        });
        return (answer(&world, &id, Ok(Value::Null)), headers);
    }
    (take_response(&world, &id, body).await, headers)
}

async fn take_response(world: &World, id: &str, body: Body) -> StatusCode {
    let body = to_bytes(body, usize::MAX).await.unwrap();
    world.saw(Seen::Response);
    if body.len() > MAX_RESPONSE_BYTES {
        answer(world, id, Err(serde_json::json!({ "errorType": "Function.ResponseSizeTooLarge" })));
        return StatusCode::PAYLOAD_TOO_LARGE;
    }
    if let Some(status) = refusal(&body) {
        answer(world, id, Err(serde_json::json!({ "errorType": "Runtime.Refused" })));
        return status;
    }
    let text = || Value::from(String::from_utf8_lossy(&body).into_owned());
    answer(world, id, Ok(serde_json::from_slice(&body).unwrap_or_else(|_| text())))
}

/// Returns the status of the refusal that a response requests.
fn refusal(body: &[u8]) -> Option<StatusCode> {
    StatusCode::from_bytes(body.strip_prefix(b"\"refuse with ")?.strip_suffix(b"\"")?).ok()
}

async fn error(State(world): State<Arc<World>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    world.saw(Seen::Error);
    answer(&world, &id, Err(serde_json::from_slice(&body).unwrap_or_default()))
}

fn answer(world: &World, id: &str, result: Result<Value, Value>) -> StatusCode {
    let mut waiting = world.waiting.lock().unwrap();
    // The entry stays, so that ids count up.
    if let Some(answer) = waiting.insert(id.to_owned(), oneshot::channel().0) {
        let _ = answer.send(result);
    }
    StatusCode::ACCEPTED
}

async fn traces(
    State(world): State<Arc<World>>,
    ConnectInfo(connection): ConnectInfo<SocketAddr>,
    body: Bytes,
) -> StatusCode {
    world.connections.lock().unwrap().push(connection);
    if world.refuses.load(Ordering::Relaxed) {
        world.saw(Seen::Refused);
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    world.saw(Seen::Traces(spans(&body)));
    StatusCode::OK
}

async fn logs(State(world): State<Arc<World>>, body: Bytes) -> StatusCode {
    if world.refuses.load(Ordering::Relaxed) {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let request = ExportLogsServiceRequest::decode(&*body).unwrap();
    let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
    world.saw(Seen::Logs(scopes.flat_map(|scope| scope.log_records).map(LogRecord::of).collect()));
    StatusCode::OK
}

async fn metrics(State(world): State<Arc<World>>, body: Bytes) {
    world.saw(Seen::Metrics(body));
}

pub(crate) fn spans(request: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(request).unwrap();
    let spans =
        request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans);
    let spans = spans.map(|span| Span {
        name: span.name,
        trace: hex(&span.trace_id),
        id: hex(&span.span_id),
        parent: hex(&span.parent_span_id),
        kind: span.kind,
        sampled: span.flags & 1 == 1,
        status: span.status.filter(|status| status.code == 2).map(|status| status.message),
        dropped_links: span.dropped_links_count,
        links: span.links.iter().map(|link| hex(&link.span_id)).collect(),
        exceptions: span.events.into_iter().filter(|event| event.name == "exception").map(exception).collect(),
        attributes: texts(span.attributes),
    });
    spans.collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn exception(event: span::Event) -> Exception {
    let mut attributes = texts(event.attributes);
    let mut take = |key: &str| attributes.remove(key).unwrap_or_default();
    Exception {
        error_type: take("exception.type"),
        message: take("exception.message"),
        stack_trace: take("exception.stacktrace"),
    }
}

/// Returns the attributes by key.
pub(crate) fn texts(attributes: Vec<KeyValue>) -> HashMap<String, String> {
    attributes.into_iter().map(|pair| (pair.key, text(pair.value.and_then(|value| value.value)))).collect()
}

/// Returns the value of an attribute, the items of a list with commas between.
fn text(value: Option<any_value::Value>) -> String {
    match value {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(any_value::Value::DoubleValue(number)) => number.to_string(),
        Some(any_value::Value::BoolValue(truth)) => truth.to_string(),
        None => String::new(),
        Some(any_value::Value::ArrayValue(list)) => {
            list.values.into_iter().map(|item| text(item.value)).collect::<Vec<_>>().join(",")
        }
        other => format!("{other:?}"),
    }
}
