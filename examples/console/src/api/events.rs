//! Server-sent events: what arrived.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::Stream;
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::answer::seq;
use super::{Api, Failure, Parameters};
use crate::store::{Change, Store};

/// The least time between events. What comes meanwhile is summed.
const PAUSE: Duration = Duration::from_millis(100);

/// The time after which a comment shows that the connection lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// A connection.
struct Connection {
    store: Store,
    changes: Receiver<Change>,
    /// The sequence number that the browser knows.
    known: i64,
}

/// `GET /api/v1/events`
pub(crate) async fn answer(
    State(api): State<Api>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let since: Option<i64> = last.or(parameters.number("since", 0..=i64::MAX)?);
    // First, so that nothing falls between what is stored and what comes.
    let changes = api.store.changes();
    let now = api.store.read(seq).await?;
    let known = since.unwrap_or(now);
    let mut first = Vec::new();
    match api.store.since(known) {
        Some(change) if change.seq > known => first.push(event(&change)),
        Some(_) => {}
        None if known == now => {}
        // The console was started anew, or it was too long ago.
        None => first.push(Event::default().event("reset").id(now.to_string()).data(json!({ "seq": now }).to_string())),
    }
    let connection = Connection { store: api.store, changes, known: now.max(known.min(now)) };
    let later = stream::unfold(connection, |mut connection| async move {
        let change = connection.next().await?;
        Some((event(&change), connection))
    });
    Ok(Sse::new(stream::iter(first).chain(later).map(Ok)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

impl Connection {
    /// Waits for a change, and sums what comes shortly after. `None` at the end of the store.
    async fn next(&mut self) -> Option<Change> {
        loop {
            let mut sum = match self.changes.recv().await {
                Ok(change) => change,
                Err(RecvError::Lagged(_)) => self.store.since(self.known)?,
                Err(RecvError::Closed) => return None,
            };
            if sum.seq <= self.known {
                continue;
            }
            tokio::time::sleep(PAUSE).await;
            while let Ok(change) = self.changes.try_recv() {
                if change.seq > sum.seq {
                    sum.join(&change);
                }
            }
            self.known = sum.seq;
            return Some(sum);
        }
    }
}

fn event(change: &Change) -> Event {
    let data = json!({
        "seq": change.seq, "spans": change.spans, "logs": change.logs, "points": change.points,
        "requests": change.requests, "more": change.more, "invocations": change.invocations, "evicted": change.evicted,
    });
    Event::default().event("batch").id(change.seq.to_string()).data(data.to_string())
}
