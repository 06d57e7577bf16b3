//! What was made, sent and lost since the last collection of metrics.
//!
//! Counted where metrics are exported, once for a request and not for each record. A scope adds its spans at its end.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Signal;
use crate::export::LossReason;

/// The most requests whose durations are kept. A flush sends few, and each flush or each minute collects.
const MAX_REQUESTS: usize = 256;

/// `true` if metrics are exported.
static IS_ON: AtomicBool = AtomicBool::new(false);

/// For each signal, the number of exported records, then that of lost ones by reason.
static RECORDS: [Outcomes; 3] = [const { Outcomes::new() }; 3];

/// The number of spans started in sampled scopes, and in scopes that are recorded all the same.
static STARTED: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

static REQUESTS: Mutex<Vec<Request>> = Mutex::new(Vec::new());

struct Outcomes {
    exported: AtomicU64,
    lost: [AtomicU64; LossReason::ALL.len()],
}

impl Outcomes {
    const fn new() -> Self {
        Outcomes { exported: AtomicU64::new(0), lost: [const { AtomicU64::new(0) }; LossReason::ALL.len()] }
    }
}

/// A request to a destination.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) signal: Signal,
    pub(crate) duration: Duration,
    /// The `error.type` of a failed request.
    pub(crate) error_type: Option<&'static str>,
}

pub(crate) fn turn_on() {
    IS_ON.store(true, Ordering::Relaxed);
}

#[inline]
pub(crate) fn is_on() -> bool {
    IS_ON.load(Ordering::Relaxed)
}

fn outcomes(signal: Signal) -> Option<&'static Outcomes> {
    RECORDS.get(signal as usize)
}

/// Counts exported records.
pub(crate) fn exported(signal: Signal, count: u64) {
    if let Some(outcomes) = outcomes(signal).filter(|_| is_on()) {
        outcomes.exported.fetch_add(count, Ordering::Relaxed);
    }
}

/// Counts lost records.
#[cold]
pub(crate) fn lost(signal: Signal, count: u64, reason: LossReason) {
    if let Some(lost) = outcomes(signal).and_then(|outcomes| outcomes.lost.get(reason as usize)).filter(|_| is_on()) {
        lost.fetch_add(count, Ordering::Relaxed);
    }
}

/// Counts the spans of a scope.
#[inline]
pub(crate) fn started(is_sampled: bool, count: u64) {
    let [sampled, recorded] = &STARTED;
    if is_on() {
        (if is_sampled { sampled } else { recorded }).fetch_add(count, Ordering::Relaxed);
    }
}

/// Keeps the duration of a request.
pub(crate) fn requested(request: Request) {
    if is_on() {
        let mut requests = REQUESTS.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() < MAX_REQUESTS {
            requests.push(request);
        }
    }
}

/// Takes the records of a signal: the exported ones, and the lost ones by reason.
pub(crate) fn take_records(signal: Signal) -> (u64, Vec<(LossReason, u64)>) {
    let Some(outcomes) = outcomes(signal) else { return (0, Vec::new()) };
    let take = |count: &AtomicU64| count.swap(0, Ordering::Relaxed);
    let lost = LossReason::ALL.iter().copied().zip(outcomes.lost.iter().map(take));
    (take(&outcomes.exported), lost.filter(|(_, count)| *count > 0).collect())
}

/// Takes the numbers of started spans: of sampled scopes, and of others that are recorded.
pub(crate) fn take_started() -> [u64; 2] {
    STARTED.each_ref().map(|count| count.swap(0, Ordering::Relaxed))
}

/// Takes the requests.
pub(crate) fn take_requests() -> Vec<Request> {
    std::mem::take(&mut REQUESTS.lock().unwrap_or_else(PoisonError::into_inner))
}
