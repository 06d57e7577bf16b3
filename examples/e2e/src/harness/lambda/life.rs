//! The state of a function, and the rules for changes of the state.

use std::collections::{HashMap, VecDeque};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::body::Bytes;
use axum::http::HeaderMap;
use tokio::sync::{oneshot, watch};

use super::event::{Event, Invocation, Outcome};
use super::runtime_api;
use super::sandbox::{Exit, Sandbox, Written};
use super::settings::{Platform, Settings};
use crate::harness::Error;

/// The time for a function to request an event.
const PATIENCE: Duration = Duration::from_secs(60);

/// The response to a request for an event.
pub(super) type Delivery = (HeaderMap, Bytes);

/// The times of an invocation.
#[derive(Clone, Debug)]
pub struct Record {
    /// The id of the request.
    pub request_id: String,
    /// The time at which the event was sent.
    pub sent: Instant,
    /// The time at which the whole response, or the error, had been received.
    pub answered: Option<Instant>,
    /// The time at which the function requested the next event.
    pub next: Option<Instant>,
    /// The process was killed at the deadline.
    pub killed: bool,
}

impl Record {
    /// Returns the time from the response to the request for the next event.
    #[must_use]
    pub fn to_next(&self) -> Option<Duration> {
        Some(self.next?.saturating_duration_since(self.answered?))
    }
}

#[derive(Debug)]
pub(super) struct Life {
    platform: Platform,
    xray_samples: bool,
    state: Mutex<State>,
    changed: watch::Sender<()>,
    written: Written,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) sandbox: Option<Sandbox>,
    concurrency: usize,
    may_freeze: bool,
    /// The pending requests for an event.
    pollers: VecDeque<oneshot::Sender<Delivery>>,
    /// The invocations without an outcome.
    flights: HashMap<String, Flight>,
    /// The invocations whose process has not requested a further event, by index in `records`.
    unfinished: VecDeque<usize>,
    records: Vec<Record>,
    extensions: Vec<Extension>,
    starts: usize,
    exits: Vec<ExitStatus>,
}

#[derive(Debug)]
struct Flight {
    record: usize,
    caller: oneshot::Sender<Outcome>,
}

#[derive(Debug)]
struct Extension {
    id: String,
    name: String,
    waits: bool,
}

impl State {
    /// Returns `true` if nothing is in flight, and every worker and extension waits for an event.
    pub(super) fn is_idle(&self) -> bool {
        self.flights.is_empty()
            && self.unfinished.is_empty()
            && self.pollers.iter().filter(|poller| !poller.is_closed()).count() >= self.concurrency
            && self.extensions.iter().all(|extension| extension.waits)
    }

    fn freeze_if_idle(&mut self) {
        if self.may_freeze
            && self.is_idle()
            && let Some(sandbox) = &mut self.sandbox
        {
            sandbox.freeze();
        }
    }
}

impl Life {
    pub(super) fn new(settings: &Settings) -> Self {
        let Settings { platform, xray_samples, .. } = *settings;
        let state = State {
            concurrency: platform.concurrency(),
            may_freeze: platform == Platform::OnDemand,
            ..State::default()
        };
        Self {
            platform,
            xray_samples,
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
            written: Written::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.state());
        self.changed.send_replace(());
        result
    }

    /// Waits until the state is as expected. Returns `false` after `patience`.
    pub(super) async fn wait_for(&self, patience: Duration, mut expected: impl FnMut(&State) -> bool) -> bool {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            loop {
                changed.mark_unchanged();
                if expected(&self.state()) || changed.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(patience, waiting).await.is_ok()
    }

    // The process.

    pub(super) fn ensure_started(
        life: &Arc<Self>,
        start: impl FnOnce() -> Result<(Sandbox, Exit), Error>,
    ) -> Result<(), Error> {
        let mut state = life.state();
        if state.sandbox.is_none() {
            let (sandbox, exit) = start()?;
            state.sandbox = Some(sandbox);
            state.starts += 1;
            drop(state);
            let life = Arc::clone(life);
            tokio::spawn(async move {
                if let Some(status) = exit.wait().await {
                    life.ended(status);
                }
            });
        }
        Ok(())
    }

    fn ended(&self, status: ExitStatus) {
        self.change(|state| {
            state.sandbox = None;
            state.exits.push(status);
            state.pollers.clear();
            state.extensions.clear();
            state.unfinished.clear();
            for (_, flight) in state.flights.drain() {
                let _ = flight.caller.send(Outcome::Ended(status));
            }
        });
    }

    pub(super) fn kill(&self) {
        if let Some(sandbox) = &self.state().sandbox {
            sandbox.kill();
        }
    }

    pub(super) fn terminate(&self) {
        if let Some(sandbox) = &mut self.state().sandbox {
            sandbox.terminate();
        }
    }

    /// Sends SIGTERM and returns `true` if an extension is registered.
    pub(super) fn begin_shutdown(&self) -> bool {
        let extends = !self.state().extensions.is_empty();
        if extends {
            self.terminate();
        }
        extends
    }

    pub(super) fn memory(&self) -> Option<u64> {
        self.state().sandbox.as_ref().and_then(Sandbox::memory)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.state().sandbox.as_ref().is_some_and(Sandbox::is_stopped)
    }

    pub(super) fn output(&self) -> &Written {
        &self.written
    }

    pub(super) fn records(&self) -> Vec<Record> {
        self.state().records.clone()
    }

    pub(super) fn starts(&self) -> usize {
        self.state().starts
    }

    pub(super) fn exits(&self) -> usize {
        self.state().exits.len()
    }

    pub(super) fn last_exit(&self) -> Option<ExitStatus> {
        self.state().exits.last().copied()
    }

    // Extensions.

    /// Registers an extension. Returns `false` after the initialisation, as Lambda refuses later registrations.
    pub(super) fn register(&self, id: &str, name: &str) -> bool {
        self.change(|state| {
            let initialised = !state.pollers.is_empty() || !state.unfinished.is_empty() || !state.flights.is_empty();
            if !initialised {
                state.extensions.push(Extension { id: id.to_owned(), name: name.to_owned(), waits: false });
            }
            !initialised
        })
    }

    /// Records the request of an extension for an event. Returns `false` for an unknown extension.
    pub(super) fn extension_waits(&self, id: &str) -> bool {
        self.change(|state| {
            let known = state.extensions.iter_mut().find(|extension| extension.id == id);
            let known = known.map(|extension| extension.waits = true).is_some();
            state.freeze_if_idle();
            known
        })
    }

    pub(super) fn extensions(&self) -> Vec<String> {
        self.state().extensions.iter().map(|extension| extension.name.clone()).collect()
    }

    // Invocations.

    /// Records a request for an event. The event comes through the channel.
    pub(super) fn asked(&self, now: Instant) -> oneshot::Receiver<Delivery> {
        self.change(|state| {
            if let Some(record) = state.unfinished.pop_front().and_then(|at| state.records.get_mut(at)) {
                record.next = Some(now);
            }
            let (poller, delivery) = oneshot::channel();
            state.pollers.push_back(poller);
            state.freeze_if_idle();
            delivery
        })
    }

    pub(super) async fn invoke(life: &Arc<Self>, event: Event) -> Result<Invocation, Error> {
        let ready = |state: &State| {
            state.pollers.iter().any(|poller| !poller.is_closed())
                && state.extensions.iter().all(|extension| extension.waits)
        };
        if !life.wait_for(PATIENCE, |state| ready(state) || state.sandbox.is_none()).await {
            return Err(format!("the function asks for no event:\n{}", life.written.stderr()).into());
        }
        let timeout = event.timeout;
        let sent = Instant::now();
        let (outcome, record) = life.send(event, sent);
        let deadline = life.enforce(record, sent + timeout);
        let outcome = outcome.await.unwrap_or(Outcome::TimedOut);
        if life.platform != Platform::OnDemand {
            deadline.abort();
        }
        Ok(Invocation { outcome, waited: sent.elapsed() })
    }

    /// Sends an event to a pending request.
    fn send(&self, event: Event, now: Instant) -> (oneshot::Receiver<Outcome>, usize) {
        self.change(|state| {
            let at = state.records.len();
            let request_id = format!("6b6a4d1c-0000-4000-8000-{at:012x}");
            state.records.push(Record {
                request_id: request_id.clone(),
                sent: now,
                answered: None,
                next: None,
                killed: false,
            });
            let (caller, outcome) = oneshot::channel();
            let headers = runtime_api::headers(&event, &request_id, at, self.xray_samples, SystemTime::now());
            let mut delivery = Some((headers, event.body));
            if let Some(sandbox) = &mut state.sandbox {
                sandbox.thaw();
            }
            while let (Some(poller), Some(unsent)) = (state.pollers.pop_front(), delivery.take()) {
                delivery = poller.send(unsent).err();
                if delivery.is_none() {
                    break;
                }
            }
            match (delivery, state.exits.last()) {
                // The process has ended before taking the event.
                (Some(_), Some(status)) if state.sandbox.is_none() => {
                    let _ = caller.send(Outcome::Ended(*status));
                }
                _ => {
                    state.flights.insert(request_id, Flight { record: at, caller });
                }
            }
            (outcome, at)
        })
    }

    /// Sends the outcome to the caller. Returns `false` for an unknown invocation.
    pub(super) fn answered(&self, request_id: &str, outcome: Outcome) -> bool {
        self.change(|state| {
            let Some(flight) = state.flights.remove(request_id) else { return false };
            if let Some(record) = state.records.get_mut(flight.record) {
                record.answered = Some(Instant::now());
            }
            state.unfinished.push_back(flight.record);
            let _ = flight.caller.send(outcome);
            true
        })
    }

    /// Enforces the deadline of an invocation, including the work of the function after the response.
    fn enforce(self: &Arc<Self>, at: usize, deadline: Instant) -> tokio::task::JoinHandle<()> {
        let life = Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep_until(deadline.into()).await;
            life.change(|state| {
                let Some(record) = state.records.get_mut(at).filter(|record| record.next.is_none()) else { return };
                let request_id = record.request_id.clone();
                record.killed = life.platform == Platform::OnDemand;
                if let Some(flight) = state.flights.remove(&request_id) {
                    let _ = flight.caller.send(Outcome::TimedOut);
                    if life.platform != Platform::OnDemand {
                        // The code goes on, and requests an event later.
                        state.unfinished.push_back(at);
                    }
                }
                if life.platform == Platform::OnDemand
                    && let Some(sandbox) = &state.sandbox
                {
                    sandbox.kill();
                }
            });
            if life.platform == Platform::OnDemand {
                // The next event finds a new process.
                life.wait_for(PATIENCE, |state| state.sandbox.is_none()).await;
            }
        })
    }
}

/// Returns a time in Lambda's format, in milliseconds since 1970.
pub(super) fn millis(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
