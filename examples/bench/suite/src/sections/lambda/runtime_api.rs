//! Lambda's Runtime API: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode};
use axum::routing::{get, post};
use tokio::sync::Notify;

use super::process::{self, Usage};
use super::run::Invocations;

/// A Runtime API that sends events one after the other, and measures the times of the responses.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    invocations: Invocations,
    /// The process of the function, once started.
    pub(super) process: OnceLock<u32>,
    seen: Mutex<Seen>,
    /// Notified when every event has a response and the function requests another event.
    pub(super) done: Notify,
}

/// The times of the measured invocations.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// The time of the request for the first event.
    pub(super) started: Option<Instant>,
    /// The times from sending an event to receiving its response.
    pub(super) response: Vec<Duration>,
    /// The times from sending an event to the next request for an event.
    pub(super) next: Vec<Duration>,
    pub(super) usage: Usage,
    before: Usage,
    events: usize,
    sent: Option<Instant>,
    pub(super) errors: usize,
    /// The number of opened connections.
    pub(super) connections: usize,
}

impl RuntimeApi {
    pub(super) fn new(invocations: Invocations) -> Arc<Self> {
        let (process, seen, done) = (OnceLock::new(), Mutex::default(), Notify::new());
        Arc::new(RuntimeApi { invocations, process, seen, done })
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().expect("nobody panics while holding it")
    }

    /// Counts a connection.
    pub(super) fn connected(&self) {
        let mut seen = self.seen();
        seen.connections += usize::from(seen.events > self.invocations.warm_up);
    }

    pub(super) fn routes(self: Arc<Self>) -> Router {
        Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(self)
    }

    /// Records the request for an event. Returns the number of the event to send, if any is left.
    fn asked(&self, now: Instant) -> Option<usize> {
        let Invocations { warm_up, measured } = self.invocations;
        let mut seen = self.seen();
        let usage = || self.process.get().and_then(|process| process::usage(*process).ok()).unwrap_or_default();
        seen.started.get_or_insert(now);
        if seen.events > warm_up
            && let Some(sent) = seen.sent
        {
            seen.next.push(now - sent);
        }
        if seen.events == warm_up + measured {
            seen.usage = usage() - seen.before;
            self.done.notify_one();
            return None;
        }
        if seen.events == warm_up {
            seen.before = usage();
        }
        seen.events += 1;
        seen.sent = Some(Instant::now());
        Some(seen.events)
    }
}

type Headers = [(HeaderName, String); 4];

async fn next(State(api): State<Arc<RuntimeApi>>) -> (Headers, String) {
    let Some(number) = api.asked(Instant::now()) else { std::future::pending().await };
    let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let header = HeaderName::from_static;
    let headers = [
        (header("lambda-runtime-aws-request-id"), format!("6b6a4d1c-0000-4000-8000-{number:012x}")),
        (header("lambda-runtime-deadline-ms"), (unix.as_millis() + 30_000).to_string()),
        (
            header("lambda-runtime-invoked-function-arn"),
            "arn:aws:lambda:eu-central-1:123456789012:function:orders".to_owned(),
        ),
        (
            header("lambda-runtime-trace-id"),
            format!("Root=1-{:08x}-{number:024x};Parent=53995c3f42cd8ad8;Sampled=1", unix.as_secs()),
        ),
    ];
    (headers, thundra_bench_lambda::event(number as u64))
}

async fn response(State(api): State<Arc<RuntimeApi>>) -> StatusCode {
    let mut seen = api.seen();
    if seen.events > api.invocations.warm_up
        && let Some(sent) = seen.sent
    {
        seen.response.push(sent.elapsed());
    }
    StatusCode::ACCEPTED
}

async fn error(State(api): State<Arc<RuntimeApi>>) -> StatusCode {
    api.seen().errors += 1;
    StatusCode::ACCEPTED
}
