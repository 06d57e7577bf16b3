//! The spans and log records received by a collector.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use thundra_core::testing::{LogData, Recorded, RequestForm};
use thundra_core::{Signal, SpanData, SpanId, TraceId, Value};
use tokio::sync::watch;

/// The spans and log records received by a collector.
#[derive(Debug)]
pub(super) struct Received {
    state: Mutex<State>,
    /// The number of requests. Each request wakes the waiting tests.
    requests: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    recorded: Recorded,
    /// The spans in `recorded`.
    known: HashSet<(TraceId, SpanId)>,
    /// The refused requests, each with the reason.
    refused: Vec<String>,
}

impl Default for Received {
    fn default() -> Self {
        Received { state: Mutex::default(), requests: watch::Sender::new(0) }
    }
}

impl Received {
    /// Takes a request.
    ///
    /// # Errors
    ///
    /// The body is not of the form in `form`.
    pub(super) fn take(&self, signal: Signal, form: RequestForm, body: &[u8]) -> Result<(), String> {
        let read = Recorded::of_request(signal, form, body);
        let mut state = self.state();
        let result = match read {
            Ok(mut recorded) => {
                let known = &mut state.known;
                recorded.spans.retain(|span| known.insert((span.context.trace_id, span.context.span_id)));
                state.recorded.append(recorded);
                Ok(())
            }
            Err(why) => {
                state.refused.push(format!("a request with {signal}: {why}"));
                Err(why)
            }
        };
        drop(state);
        self.requests.send_modify(|requests| *requests += 1);
        result
    }

    /// Returns a receiver that is notified of each request.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.requests.subscribe()
    }

    pub(super) fn requests(&self) -> u64 {
        *self.requests.borrow()
    }

    pub(super) fn refused(&self) -> Vec<String> {
        self.state().refused.clone()
    }

    pub(super) fn all(&self) -> Recorded {
        self.state().recorded.clone()
    }

    /// Returns the spans and the log records of the traces with an id.
    pub(super) fn traces_of(&self, id: &str) -> Recorded {
        let state = self.state();
        let Recorded { spans, logs, .. } = &state.recorded;
        let of_spans = spans.iter().filter(|span| span_has(span, id)).map(|span| span.context.trace_id);
        let of_logs = logs.iter().filter(|log| log_has(log, id)).filter_map(|log| log.trace_id);
        let traces: HashSet<TraceId> = of_spans.chain(of_logs).collect();
        let is_in = |trace: TraceId| traces.contains(&trace);
        let mut found = Recorded::default();
        found.spans = spans.iter().filter(|span| is_in(span.context.trace_id)).cloned().collect();
        found.logs = logs.iter().filter(|log| log.trace_id.is_some_and(is_in)).cloned().collect();
        found.logs.sort_by_key(|log| log.time);
        found
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn span_has(span: &SpanData, id: &str) -> bool {
    span.context.trace_id.to_string() == id
        || has(&span.attributes, id)
        || span.events.iter().any(|event| has(&event.attributes, id))
}

fn log_has(log: &LogData, id: &str) -> bool {
    has(&log.attributes, id)
}

fn has(attributes: &[(String, Value)], id: &str) -> bool {
    attributes.iter().any(|(_, value)| match value {
        Value::Str(text) => text == id,
        Value::Array(texts) => texts.iter().any(|text| text == id),
        value => value.to_string() == id,
    })
}
