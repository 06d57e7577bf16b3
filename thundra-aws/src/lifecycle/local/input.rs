//! The input of a local run: events from a file or from standard input.

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use lambda_runtime::{Context, Error};
use thundra_core::export::{StandardStream, write_line};
use thundra_core::{Escaped, Scope, Value, diagnostics, semconv};

use super::events::{Event, Events};
use super::replay::Replay;

/// The argument to run an event although parts of the event are masked or cut.
const REPLAY_MASKED: &str = "--replay-masked";

/// The input, between [`check`] and [`take`].
static CHECKED: Mutex<Option<Events>> = Mutex::new(None);

impl Event {
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

/// Reads the input, before any code of the program runs. Names the masked and cut parts of captured events.
///
/// # Errors
///
/// The input cannot be read, is empty, or has masked or cut parts without the argument `--replay-masked`.
pub(super) fn check() -> Result<(), Error> {
    let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    if checked.is_none() {
        *checked = Some(read()?);
    }
    Ok(())
}

/// Returns the input, as [`check`] does.
pub(super) fn take() -> Result<Events, Error> {
    check()?;
    let checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner).take();
    checked.ok_or_else(|| "the event was read before".into())
}

fn read() -> Result<Events, Error> {
    let mut arguments = std::env::args_os();
    let program = arguments.next().unwrap_or_default();
    let (flags, files): (Vec<_>, Vec<_>) = arguments.partition(|argument| argument == REPLAY_MASKED);
    let events = Events::read(read_bytes(&program, &files)?)?;
    let replays: Vec<_> = events.events.iter().filter_map(|event| event.replayed.as_ref()).collect();
    if name_places(&replays) && flags.is_empty() {
        let lacks = "nothing was run: parts of the captured event are masked or cut";
        return Err(format!("{lacks} ({REPLAY_MASKED} runs it as it is)").into());
    }
    Ok(events)
}

/// Names the masked and cut parts, a line each. Returns `true` for an event with such parts.
fn name_places(replays: &[&Replay]) -> bool {
    let places = replays.iter().flat_map(|replay| [(&replay.masked, "masked"), (&replay.cut, "cut")]);
    let lines = places.flat_map(|(places, how)| places.iter().map(move |place| format!("{how}: {}\n", Escaped(place))));
    let lines: String = lines.collect();
    let _ = write_line(StandardStream::Error, lines.as_bytes());
    !lines.is_empty()
}

fn read_bytes(program: &OsString, files: &[OsString]) -> Result<Vec<u8>, Error> {
    let mut input = Vec::new();
    match files.first().map(Path::new) {
        Some(path) => {
            input = std::fs::read(path)
                .map_err(|error| format!("cannot read the event from {}: {error}", path.display()))?;
        }
        None if std::io::stdin().is_terminal() => return Err(usage(program).into()),
        None => {
            std::io::stdin()
                .lock()
                .read_to_end(&mut input)
                .map_err(|error| format!("cannot read the event: {error}"))?;
        }
    }
    if input.iter().all(u8::is_ascii_whitespace) {
        return Err(format!("{} (the input is empty)", usage(program)).into());
    }
    if files.iter().skip(1).any(|file| Path::new(file).is_file()) {
        diagnostics::once(
            "local.files",
            "events are read from the first file alone: `cat a.json b.json | program` runs those of several",
        );
    }
    Ok(input)
}

fn usage(program: &OsString) -> String {
    let name = Path::new(program).file_name().unwrap_or(program).display().to_string();
    format!("usage: {name} EVENT.json   or   {name} < EVENT.json")
}
