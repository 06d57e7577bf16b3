//! One connection to the collector, kept open between exports.
//!
//! A function may be frozen between two exports, and the connection may be lost during the freeze without any sign. A
//! connection idle during a freeze therefore gets less time to respond than a new connection.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http::request::Parts;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use tokio::runtime::{self, Handle};
use tokio::time::timeout_at;

use super::connection::{Connection, Error};
use super::connector::Connector;
use super::host::Host;
use super::response::{Body, Response};

/// The minimum idle time of a possibly frozen connection.
const FREEZE: Duration = Duration::from_millis(100);

/// The least time for a response on an idle connection.
const LEAST_PATIENCE: Duration = Duration::from_millis(500);

/// The number of recent responses. The slowest response counts.
const RECENT: usize = 8;

#[derive(Debug)]
pub(super) struct Transport {
    connector: Connector,
    /// `true` where the process may be frozen between two exports.
    freezes: bool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    idle: Option<Idle>,
    /// The durations of recent responses.
    recent: VecDeque<Duration>,
}

/// The connection of the last export.
#[derive(Debug)]
struct Idle {
    connection: Connection,
    since: Instant,
    /// The runtime that opened the connection. Another runtime would wait in vain for a socket of this one, unless this
    /// one runs meanwhile.
    runtime: runtime::Id,
}

/// The limits of an exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The longest time. An idle connection found dead takes as long again.
    pub(super) time: Duration,
    /// The largest body of a response.
    pub(super) response_bytes: usize,
}

/// The reason for a missing response.
#[derive(Debug)]
pub(super) enum Failure {
    /// The collector cannot be reached, or closed the connection.
    Unreachable(Error),
    /// The connection took too long.
    NotConnected,
    /// The response took too long.
    NoResponse,
}

impl Transport {
    pub(super) fn new(host: &Host, freezes: bool) -> Self {
        Transport { connector: Connector::new(host), freezes, state: Mutex::default() }
    }

    /// Sends a request, whose head has an absolute address, and returns the response, within the limits. Ends at the
    /// deadline in any case.
    pub(super) async fn exchange(
        &self,
        head: &Parts,
        body: &Bytes,
        limits: &Limits,
        deadline: Instant,
    ) -> Result<Response, Failure> {
        // A connection takes a request for good, and an idle connection may turn out to be dead.
        let request = || self.connector.prepare(Request::from_parts(head.clone(), Full::new(body.clone())));
        if let Some(Idle { connection, since, .. }) = self.idle() {
            let frozen = self.freezes && since.elapsed() > FREEZE;
            let until = deadline.min(Instant::now() + if frozen { self.patience() } else { limits.time });
            if let Ok(response) = self.send(connection, request, limits, until).await {
                return Ok(response);
            }
        }
        let until = deadline.min(Instant::now() + limits.time);
        // A box, because nearly every export has a connection, and none should carry the room to open one.
        let connected = timeout_at(until.into(), Box::pin(self.connector.connect())).await;
        let connection = connected.map_err(|_| Failure::NotConnected)?.map_err(Failure::Unreachable)?;
        self.send(connection, request, limits, until).await
    }

    async fn send(
        &self,
        mut connection: Connection,
        request: impl Fn() -> Request<Full<Bytes>>,
        limits: &Limits,
        until: Instant,
    ) -> Result<Response, Failure> {
        let sent = Instant::now();
        let response = timeout_at(until.into(), connection.send(request))
            .await
            .map_err(|_| Failure::NoResponse)?
            .map_err(|error| Failure::Unreachable(error.into()))?;
        self.responded(sent.elapsed());
        let (head, body) = response.into_parts();
        let body = if body.is_end_stream() {
            // Most collectors have nothing to say about an accepted request.
            Body::Whole(Bytes::new())
        } else {
            // A box, as for the connection.
            let read = Box::pin(connection.work_while(read(body, limits.response_bytes)));
            timeout_at(until.into(), read).await.unwrap_or(Body::Endless)
        };
        // Any other body makes the connection unusable.
        if let Body::Whole(_) = body {
            let (since, runtime) = (Instant::now(), Handle::current().id());
            self.state().idle = Some(Idle { connection, since, runtime });
        }
        Ok(Response { status: head.status, headers: head.headers, body })
    }

    /// Closes an idle connection, possibly lost while the process was frozen. Called where no time is left for a test.
    pub(super) fn close_frozen(&self) {
        if self.freezes {
            self.state().idle = None;
        }
    }

    /// Closes the idle connection, and forgets the durations of responses.
    pub(super) fn renew(&self) {
        *self.state() = State::default();
    }

    /// Takes the connection of the last export, if the connection looks open, and belongs to this runtime.
    fn idle(&self) -> Option<Idle> {
        let idle = self.state().idle.take()?;
        (!idle.connection.is_closed() && idle.runtime == Handle::current().id()).then_some(idle)
    }

    /// Returns the time for a response on an idle connection.
    fn patience(&self) -> Duration {
        let slowest = self.state().recent.iter().max().copied().unwrap_or_default();
        LEAST_PATIENCE.max(slowest * 4)
    }

    fn responded(&self, took: Duration) {
        let recent = &mut self.state().recent;
        if recent.len() == RECENT {
            recent.pop_front();
        }
        recent.push_back(took);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads a body of at most `limit` bytes.
async fn read(body: Incoming, limit: usize) -> Body {
    // The announced length is known before any byte is read.
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Body::TooLarge;
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Body::Whole(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Body::TooLarge,
        Err(_) => Body::BrokenOff,
    }
}
