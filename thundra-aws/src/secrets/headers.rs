//! The values of secret headers: read ahead, kept, and read again.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::HeaderName;
use http::request::Parts;
use thundra_core::export::ExportError;
use thundra_http::export::{Authorize, AuthorizeFuture};
use tokio::sync::Notify;
use tokio::time::timeout_at;

use super::reference::Reference;
use super::store::{self, Unread, Values};

/// The age from which values are read again. Requests have the old values meanwhile.
const OLD: Duration = Duration::from_secs(60 * 60);

/// The least time between two readings after refusals.
const BETWEEN_REFUSALS: Duration = Duration::from_secs(60);

/// The pause after a failed reading. Each further failure doubles the pause.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The longest wait of a request.
const PATIENCE: Duration = Duration::from_secs(2);

/// Headers whose values are secrets.
pub(super) struct SecretHeaders {
    references: Vec<(HeaderName, Reference)>,
    /// Shared with the thread that reads.
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the requests that wait for a reading.
    read: Notify,
}

#[derive(Default)]
struct State {
    values: Option<Kept>,
    /// The current reading. The result of an earlier one, whose values were forgotten meanwhile, counts for nothing.
    reading: Option<u64>,
    readings: u64,
    failure: Option<Failure>,
    refused: Option<SystemTime>,
}

/// Values in use. The system's clock tells their age, because the other one may stand still while a function is frozen.
struct Kept {
    values: Arc<Values>,
    since: SystemTime,
}

struct Failure {
    reason: Arc<Unread>,
    since: SystemTime,
    pause: Duration,
}

/// The reason why a request has no secret yet.
#[derive(Debug)]
enum NotYet {
    /// The reading failed.
    Failed(Arc<Unread>),
    /// The reading takes longer than a request waits.
    Slow,
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotYet::Failed(reason) => reason.fmt(f),
            NotYet::Slow => f.write_str("the secrets of OTLP headers could not be read in time"),
        }
    }
}

impl Error for NotYet {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            NotYet::Failed(reason) => reason.source(),
            NotYet::Slow => None,
        }
    }
}

/// Shows no value.
impl fmt::Debug for SecretHeaders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretHeaders").field("references", &self.references).finish_non_exhaustive()
    }
}

impl SecretHeaders {
    pub(super) fn new(references: Vec<(HeaderName, Reference)>) -> Self {
        SecretHeaders { references, shared: Arc::default() }
    }

    pub(super) fn has(&self, references: &[(HeaderName, Reference)]) -> bool {
        self.references == references
    }

    /// Begins to read the secrets.
    pub(super) fn read(&self) {
        let begun = self.begin(&mut self.shared.state(), SystemTime::now());
        self.start(begun);
    }

    /// Begins a reading, unless one is under way, or the last one failed a moment ago.
    fn begin(&self, state: &mut State, now: SystemTime) -> Option<End> {
        if state.reading.is_some() || state.failure.as_ref().is_some_and(|failure| failure.pauses(now)) {
            return None;
        }
        state.readings += 1;
        state.reading = Some(state.readings);
        Some(End { shared: self.shared.clone(), reading: state.readings })
    }

    /// Starts the thread of a reading. The state must not be locked: a reading without a thread ends at once.
    fn start(&self, begun: Option<End>) {
        if let Some(end) = begun {
            store::read(self.references.clone(), move |result| end.with(result));
        }
    }

    /// Returns the values, as soon as they are there.
    async fn values(&self, deadline: Instant) -> Result<Arc<Values>, NotYet> {
        let deadline = deadline.min(Instant::now() + PATIENCE);
        loop {
            let read = self.shared.read.notified();
            let (begun, result) = self.look(SystemTime::now());
            self.start(begun);
            match result {
                Some(result) => return result,
                None => timeout_at(deadline.into(), read).await.map_err(|_| NotYet::Slow)?,
            }
        }
    }

    /// Returns the values or the last failure, and the reading to start; no result while a first reading is under way.
    fn look(&self, now: SystemTime) -> (Option<End>, Option<Result<Arc<Values>, NotYet>>) {
        let mut state = self.shared.state();
        let is_due = state.values.as_ref().is_none_or(|kept| age(kept.since, now) >= OLD);
        let begun = if is_due { self.begin(&mut state, now) } else { None };
        let result = match (&state.values, &state.failure) {
            (Some(kept), _) => Some(Ok(kept.values.clone())),
            (None, Some(failure)) if state.reading.is_none() => Some(Err(NotYet::Failed(failure.reason.clone()))),
            _ => None,
        };
        (begun, result)
    }
}

impl Authorize for SecretHeaders {
    fn authorize<'a>(&'a self, head: &'a mut Parts, _: &'a Bytes, deadline: Instant) -> AuthorizeFuture<'a> {
        Box::pin(async move {
            let values = self.values(deadline).await.map_err(ExportError::retryable)?;
            head.headers.extend(values.iter().cloned());
            Ok(())
        })
    }

    fn refused(&self) -> bool {
        let (mut state, now) = (self.shared.state(), SystemTime::now());
        if state.refused.is_some_and(|last| age(last, now) < BETWEEN_REFUSALS) {
            return false;
        }
        state.refused = Some(now);
        state.forget();
        let begun = self.begin(&mut state, now);
        drop(state);
        self.start(begun);
        true
    }

    fn renew(&self) {
        self.shared.state().forget();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends a reading, unless its values were forgotten meanwhile.
    fn end(&self, reading: u64, result: Result<Values, Unread>) {
        let (mut state, since) = (self.state(), SystemTime::now());
        if state.reading != Some(reading) {
            return;
        }
        state.reading = None;
        match result {
            Ok(values) => {
                state.values = Some(Kept { values: Arc::new(values), since });
                state.failure = None;
            }
            Err(reason) => {
                let last = state.failure.take().map_or(Duration::ZERO, |failure| failure.pause);
                let pause = (last * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                state.failure = Some(Failure { reason: Arc::new(reason), since, pause });
            }
        }
        drop(state);
        self.read.notify_waiters();
    }
}

impl State {
    fn forget(&mut self) {
        (self.values, self.reading, self.failure) = (None, None, None);
    }
}

impl Failure {
    /// Returns `true` while nothing is read after the failure.
    fn pauses(&self, now: SystemTime) -> bool {
        age(self.since, now) < self.pause
    }
}

/// Ends a reading once.
struct End {
    shared: Arc<Shared>,
    reading: u64,
}

impl End {
    fn with(self, result: Result<Values, Unread>) {
        self.shared.end(self.reading, result);
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.shared.end(self.reading, Err(Unread::ended()));
    }
}

/// Returns the time since `then`. A clock that was set back gives zero.
fn age(then: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(then).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> SecretHeaders {
        let reference = Reference::parse("ssm:/key").unwrap();
        SecretHeaders::new(vec![(HeaderName::from_static("api-key"), reference)])
    }

    fn values(value: &'static str) -> Result<Values, Unread> {
        Ok(vec![(HeaderName::from_static("api-key"), http::HeaderValue::from_static(value))])
    }

    /// Begins a reading by hand.
    fn begin(headers: &SecretHeaders) -> u64 {
        let mut state = headers.shared.state();
        state.readings += 1;
        state.reading = Some(state.readings);
        state.readings
    }

    async fn value(headers: &SecretHeaders, patience: u64) -> Result<String, String> {
        let deadline = Instant::now() + Duration::from_millis(patience);
        let values = headers.values(deadline).await.map_err(|error| error.to_string())?;
        Ok(values[0].1.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_request_waits_for_the_values_and_no_longer_than_its_deadline() {
        let headers = headers();
        let reading = begin(&headers);
        assert!(value(&headers, 20).await.unwrap_err().contains("in time"));
        let shared = headers.shared.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            shared.end(reading, values("one"));
        });
        assert_eq!(value(&headers, 10_000).await.as_deref(), Ok("one"));
    }

    #[tokio::test]
    async fn a_failure_is_told_at_once_and_paused_after() {
        let headers = headers();
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            let reading = begin(&headers);
            headers.shared.end(reading, Err(Unread::ended()));
            let error = value(&headers, 10_000).await.unwrap_err();
            assert!(error.contains("could not be read"), "{error}");
            assert_eq!(headers.shared.state().failure.as_ref().map(|failure| failure.pause.as_secs()), Some(pause));
        }
        assert!(headers.shared.state().reading.is_none(), "nothing is read during a pause");
        let reading = begin(&headers);
        headers.shared.end(reading, values("one"));
        assert_eq!(value(&headers, 0).await.as_deref(), Ok("one"));
        assert!(headers.shared.state().failure.is_none());
    }

    #[tokio::test]
    async fn old_values_serve_while_new_ones_are_read() {
        let headers = headers();
        let reading = begin(&headers);
        headers.shared.end(reading, values("one"));
        let old = SystemTime::now().checked_sub(OLD);
        headers.shared.state().values.as_mut().unwrap().since = old.unwrap();
        let reading = begin(&headers);
        assert_eq!(value(&headers, 0).await.as_deref(), Ok("one"));
        headers.shared.end(reading, Err(Unread::ended()));
        assert_eq!(value(&headers, 0).await.as_deref(), Ok("one"), "a failure leaves them");
        let reading = begin(&headers);
        headers.shared.end(reading, values("two"));
        assert_eq!(value(&headers, 0).await.as_deref(), Ok("two"));
    }

    #[test]
    fn a_result_from_before_the_values_were_forgotten_counts_for_nothing() {
        let headers = headers();
        let first = begin(&headers);
        headers.renew();
        headers.shared.end(first, values("from the snapshot"));
        assert!(headers.shared.state().values.is_none());
        let second = begin(&headers);
        headers.shared.end(first, values("from the snapshot"));
        assert!(headers.shared.state().values.is_none());
        headers.shared.end(second, values("fresh"));
        assert!(headers.shared.state().values.is_some());
        assert!(!format!("{headers:?}").contains("fresh"));
    }

    #[test]
    fn a_thread_that_ends_early_ends_the_reading() {
        let headers = headers();
        let reading = begin(&headers);
        drop(End { shared: headers.shared.clone(), reading });
        assert!(headers.shared.state().reading.is_none() && headers.shared.state().failure.is_some());
    }
}
