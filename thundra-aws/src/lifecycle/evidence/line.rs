//! The line with the event of an invocation.

use serde::de::IgnoredAny;
use thundra_core::redact::mask::{Bounds, Payload, payload};
use thundra_core::{Members, ScopeRef, Status, Value};
use tracing::Level;

use super::Outcome;
use super::records::only_records;
use crate::captured::Captured;

/// The first member of a line: the key marks a line with an event, and the value names the form of the event.
pub(in crate::lifecycle) const MARKER: (&str, &str) = ("_thundra", "event/1");

/// The keys of the masked paths, of the cut paths, and of the event. No other member of the line has these keys.
pub(in crate::lifecycle) const MASKED: &str = "masked";
pub(in crate::lifecycle) const CUT: &str = "cut";
pub(in crate::lifecycle) const EVENT: &str = "event";

const TRIGGER: &str = "trigger";
const OUTCOME: &str = "outcome";
const ERROR: &str = "error";

/// The keys of a line besides the keys of a log line.
const OWN: [&str; 7] = [MARKER.0, TRIGGER, OUTCOME, ERROR, MASKED, CUT, EVENT];

/// The limit of a line: an event of CloudWatch Logs has 256 KiB, and some bytes of overhead.
const MAX_LINE_BYTES: usize = 256 * 1024 - 64;

/// The bounds of an event. Common readers of JSON accept the depth.
const BOUNDS: Bounds = Bounds { bytes: 128 * 1024, depth: 64, nodes: 16 * 1024 };

/// Returns the line of an invocation, with a line break.
pub(super) fn line(scope: ScopeRef, captured: &Captured, outcome: Outcome) -> Vec<u8> {
    let mut members = scope.line_head(level(outcome), message(outcome), &OWN, thundra_core::config());
    let mut own = Members::default();
    own.text(TRIGGER, captured.trigger);
    own.text(OUTCOME, outcome.name());
    if let Status::Error { description } = scope.status()
        && !description.is_empty()
    {
        own.text(ERROR, thundra_core::cut(&description, 8 * 1024));
    }
    members.extend_from_slice(own.as_bytes());
    let failed = captured.failed().clone();
    let records = if outcome == Outcome::FailedRecords { only_records(&captured.event, &failed) } else { None };
    let (event, cut) = match &records {
        Some(only) => (only.event.as_slice(), only.cut.as_slice()),
        None => (&captured.event[..], &[][..]),
    };
    let mut bounds = BOUNDS;
    loop {
        let mut copy = masked(event, &bounds);
        copy.cut.extend(cut.iter().map(|path| (*path).to_owned()));
        let line = assemble(&members, copy);
        if line.len() <= MAX_LINE_BYTES {
            return line;
        }
        // The escapes of a hostile text are longer than the text, and the ids may be many.
        if bounds.bytes == 0 {
            members.clear();
        }
        bounds.bytes /= 2;
    }
}

fn level(outcome: Outcome) -> Level {
    if outcome == Outcome::Success { Level::INFO } else { Level::ERROR }
}

fn message(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "the event of this invocation",
        Outcome::Error => "the event of this invocation, which failed",
        Outcome::FailedRecords => "the failed records of this invocation",
        Outcome::Timeout => "the event of this invocation, which is about to time out",
        Outcome::Shutdown => "the event of this invocation, which still runs at the end of the environment",
    }
}

/// Returns the masked event. An event other than JSON becomes `null`, and is marked as cut.
fn masked(event: &[u8], bounds: &Bounds) -> Payload {
    let mut copy = payload(event, bounds);
    if serde_json::from_str::<IgnoredAny>(&copy.json).is_err() {
        "null".clone_into(&mut copy.json);
        (copy.masked, copy.cut) = (Vec::new(), vec!["$".to_owned()]);
    }
    copy
}

/// Assembles a line. The event comes last, so a reader without much room sees the ids.
fn assemble(members: &[u8], copy: Payload) -> Vec<u8> {
    let mut places = Members::default();
    places.value(MASKED, &Value::Array(copy.masked));
    places.value(CUT, &Value::Array(copy.cut));
    let (marker, version) = MARKER;
    let start = format!("{{\"{marker}\":\"{version}\"");
    let event = format!(",\"{EVENT}\":{}}}\n", copy.json);
    [start.as_bytes(), members, places.as_bytes(), event.as_bytes()].concat()
}
