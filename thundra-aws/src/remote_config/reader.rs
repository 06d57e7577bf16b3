//! The readings, one at a time.

use std::error::Error;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use aws_sdk_ssm::types::Parameter;
use thundra_core::config::Document;
use thundra_core::diagnostics;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::RemoteConfig;
use super::schedule::{Moment, Schedule};
use crate::own_calls::{self, CallError};

/// The longest wait of a flush for a reading. A slower reading goes on beside the next invocations.
const PATIENCE: Duration = Duration::from_secs(2);

/// The reader of the process, if the settings name a document.
static READER: OnceLock<Reader> = OnceLock::new();

struct Reader {
    parameter: String,
    state: Mutex<State>,
    /// Wakes the flush that waits for a reading.
    ended: Notify,
}

struct State {
    schedule: Schedule,
    is_reading: bool,
    /// The document in force, with its version.
    in_force: Option<(Document, i64)>,
}

/// Makes the reader. The first call counts.
pub(super) fn start(remote: &RemoteConfig) {
    let state = State { schedule: Schedule::new(remote.interval), is_reading: false, in_force: None };
    READER.get_or_init(|| Reader {
        parameter: remote.parameter.clone(),
        state: Mutex::new(state),
        ended: Notify::new(),
    });
}

/// Reads the document, if a reading is due.
pub(super) async fn read() {
    if let Some(reader) = READER.get() {
        let ended = reader.ended.notified();
        if reader.begin() {
            let _ = timeout(PATIENCE, ended).await;
        }
    }
}

/// Begins a due reading.
pub(super) fn begin() {
    if let Some(reader) = READER.get() {
        reader.begin();
    }
}

/// Makes a reading due at once.
pub(super) fn renew() {
    if let Some(reader) = READER.get() {
        reader.state().schedule.renew();
    }
}

impl Reader {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a due reading on a thread, unless another reading is under way. Returns `true` for a begun reading.
    fn begin(&'static self) -> bool {
        let mut state = self.state();
        if state.is_reading || !state.schedule.begin(Moment::now()) {
            return false;
        }
        state.is_reading = true;
        drop(state);
        let reading = Reading { reader: self, is_failure: true };
        own_calls::on_thread("thundra-config", read_parameter(&self.parameter), |result| reading.end(result));
        true
    }

    /// Takes over a document, unless the document is in force already.
    fn take(&self, parameter: Option<Parameter>) -> Result<(), Unread> {
        let parameter = parameter.ok_or(Unread::Invalid("is missing in the answer"))?;
        let document = Document::parse(parameter.value.as_deref().unwrap_or_default());
        let read = (document.map_err(|error| Unread::Invalid(error.reason()))?, parameter.version);
        if self.state().in_force.as_ref() == Some(&read) {
            return Ok(());
        }
        for problem in thundra_core::revise(&read.0, Some(read.1)) {
            diagnostics::once(&format!("THUNDRA_CONFIG {problem}"), format_args!("THUNDRA_CONFIG: {problem}"));
        }
        self.state().in_force = Some(read);
        Ok(())
    }

    /// Reports the reason of a failed reading, once for each kind.
    fn report(&self, reason: &Unread) {
        let stays = if self.state().in_force.is_some() { "the last document stays" } else { "the environment serves" };
        let (kind, reason) = match reason {
            Unread::Call(CallError::Refused { code, message }) => (code.as_str(), format!("{code}: {message}")),
            Unread::Call(error @ CallError::NoAnswer(_)) => ("no answer", with_sources(error)),
            Unread::Invalid(reason) => (*reason, format!("the parameter {reason}")),
        };
        let remedy = match kind {
            "AccessDeniedException" => "; it takes ssm:GetParameter, and kms:Decrypt for a key of your own",
            _ => "",
        };
        diagnostics::once(
            &format!("config {kind}"),
            format_args!("the settings of THUNDRA_CONFIG could not be read, so {stays}: {reason}{remedy}"),
        );
    }
}

/// The reason why a document could not be read, without the text of the document.
enum Unread {
    Call(CallError),
    Invalid(&'static str),
}

/// A reading. Dropping the value ends the reading, as a failure unless `end` has taken over the document.
struct Reading {
    reader: &'static Reader,
    is_failure: bool,
}

impl Reading {
    fn end(mut self, result: Result<Option<Parameter>, CallError>) {
        match result.map_err(Unread::Call).and_then(|parameter| self.reader.take(parameter)) {
            Ok(()) => self.is_failure = false,
            Err(reason) => self.reader.report(&reason),
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut state = self.reader.state();
        state.schedule.end(self.is_failure);
        state.is_reading = false;
        drop(state);
        self.reader.ended.notify_waiters();
    }
}

async fn read_parameter(name: &str) -> Result<Option<Parameter>, CallError> {
    own_calls::parameter(&own_calls::load_config().await, name).await
}

/// Returns the text of an error, with the texts of the sources.
fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        let _ = write!(text, ": {source}");
        next = source.source();
    }
    text
}
