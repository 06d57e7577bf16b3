//! The input of a local run: an event, or the line of a captured event, from a file or from standard input.

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use lambda_runtime::{Context, Error};
use thundra_core::export::{StandardStream, write_line};
use thundra_core::{Escaped, Scope, Value, semconv};

use super::replay::{self, Replay};

/// The argument to run an event although parts of the event are masked or cut.
const REPLAY_MASKED: &str = "--replay-masked";

/// The input, between [`check`] and [`take`].
static CHECKED: Mutex<Option<Input>> = Mutex::new(None);

/// The input of a local run.
pub(super) struct Input {
    pub(super) event: Bytes,
    /// The facts about the earlier invocation with this event.
    replayed: Option<Replay>,
}

impl Input {
    /// Returns the initial context of the invocation: the ids of the earlier invocation come as from a client.
    pub(super) fn context(&self, given: &Context) -> Context {
        let mut context = given.clone();
        if let Some(Replay { correlation, .. }) = &self.replayed {
            // `lambda_runtime` does not export the type.
            context.client_context = serde_json::from_value(serde_json::json!({ "custom": correlation })).ok();
        }
        context
    }

    /// Links the invocation to the earlier invocation.
    pub(super) fn link(&self, scope: &Scope) {
        if let Some(Replay { original: Some(original), request_id, .. }) = &self.replayed {
            let id = request_id.clone().map(|id| (semconv::FAAS_INVOCATION_ID, Value::from(id)));
            scope.add_link(original, id);
        }
    }
}

/// Reads the input, before any code of the program runs. Names the masked and cut parts of a captured event.
///
/// # Errors
///
/// The input cannot be read, or has masked or cut parts without the argument `--replay-masked`.
pub(super) fn check() -> Result<(), Error> {
    let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    if checked.is_none() {
        *checked = Some(read()?);
    }
    Ok(())
}

/// Returns the input, as [`check`] does.
pub(super) fn take() -> Result<Input, Error> {
    check()?;
    let checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner).take();
    checked.ok_or_else(|| "the event was read before".into())
}

fn read() -> Result<Input, Error> {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    let (flags, files): (Vec<_>, Vec<_>) = arguments.partition(|argument| argument == REPLAY_MASKED);
    let input = read_bytes(&program, files.first())?;
    let Some(mut replay) = replay::find(&input)? else { return Ok(Input { event: input.into(), replayed: None }) };
    if !(replay.masked.is_empty() && replay.cut.is_empty()) {
        name_places(&replay);
        if flags.is_empty() {
            let lacks = "nothing was run: parts of the captured event are masked or cut";
            return Err(format!("{lacks} ({REPLAY_MASKED} runs it as it is)").into());
        }
    }
    Ok(Input { event: std::mem::take(&mut replay.event).into(), replayed: Some(replay) })
}

/// Names the masked and cut parts, a line each.
fn name_places(replay: &Replay) {
    let lines = [(&replay.masked, "masked"), (&replay.cut, "cut")].into_iter();
    let lines = lines.flat_map(|(places, how)| places.iter().map(move |place| format!("{how}: {}\n", Escaped(place))));
    let _ = write_line(StandardStream::Error, lines.collect::<String>().as_bytes());
}

fn read_bytes(program: &OsString, file: Option<&OsString>) -> Result<Vec<u8>, Error> {
    let mut event = Vec::new();
    match file.map(Path::new) {
        Some(path) => {
            event = std::fs::read(path)
                .map_err(|error| format!("cannot read the event from {}: {error}", path.display()))?;
        }
        None if std::io::stdin().is_terminal() => {
            let name = Path::new(program).file_name().unwrap_or(program).display().to_string();
            return Err(format!("usage: {name} EVENT.json   or   {name} < EVENT.json").into());
        }
        None => {
            std::io::stdin()
                .lock()
                .read_to_end(&mut event)
                .map_err(|error| format!("cannot read the event: {error}"))?;
        }
    }
    Ok(event)
}
