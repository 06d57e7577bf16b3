//! A captured event, read back from its line.
//!
//! The line is found in the output of a log: alone, behind the timestamp and the name of a stream, or pretty-printed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{TraceContext, semconv};

use crate::lifecycle::evidence::line::{CUT, EVENT, MARKER, MASKED};

/// The beginning of the keys of correlation ids.
const CORRELATION: &str = "x-correlation-";

/// The event of an earlier invocation.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Replay {
    pub(super) event: Vec<u8>,
    /// The paths of masked values.
    pub(super) masked: Vec<String>,
    /// The paths of cut parts.
    pub(super) cut: Vec<String>,
    /// The span of the earlier invocation.
    pub(super) original: Option<TraceContext>,
    pub(super) request_id: Option<String>,
    /// The correlation ids of the earlier invocation.
    pub(super) correlation: HashMap<String, String>,
}

/// Finds the lines of captured events in the output of a log, with the place of each line.
///
/// # Errors
///
/// As [`read`].
pub(super) fn find(text: &str) -> Result<Vec<(usize, Replay)>, String> {
    let (mut found, mut at, mut long) = (Vec::new(), 0, 0);
    while let Some((start, line)) = next(text, &mut at, &mut long) {
        if let Some(replay) = read(line) {
            found.push((start, replay?));
        }
    }
    Ok(found)
}

/// Returns `true` for a JSON object that a log wrote: a line with a level and a time, a line of Lambda's own, metrics,
/// or exported telemetry.
pub(super) fn is_log_line(value: &[u8]) -> bool {
    let Ok(Pairs(members)) = serde_json::from_slice(value) else { return false };
    let has = |key: &str| members.iter().any(|(name, _)| name == key);
    let is_line = has("level") && (has("timestamp") || has("time"));
    let is_lambdas = has("time") && has("type") && has("record");
    is_line || is_lambdas || has("_aws") || has("__otel_otlp_stdout")
}

/// The most objects that break far behind the start. The limit exists because the search for the next object reads the
/// lines of a broken object again.
const MAX_LONG: usize = 16;

/// The most lines of a broken object that are read again without being counted.
const MAX_LINES: usize = 64;

/// Returns the place and the text of the next JSON object with the marker as the first key. No JSON stands before the
/// object on the line, and nothing behind, because a message may hold the text of a captured event.
fn next<'a>(text: &'a str, at: &mut usize, long: &mut usize) -> Option<(usize, &'a str)> {
    let key = format!("\"{}\"", MARKER.0);
    loop {
        let from = *at;
        let marker = from + memmem::find(text.as_bytes().get(from..)?, key.as_bytes())?;
        match object(text, from..marker) {
            Some(Ok((start, object))) => {
                *at = start + object.len();
                return Some((start, object));
            }
            Some(Err(Long)) if *long == MAX_LONG => return None,
            Some(Err(Long)) => *long += 1,
            None => {}
        }
        // The rest of this line is behind a key.
        *at = marker + line(text.get(marker..)?).len();
    }
}

/// A broken object with more than [`MAX_LINES`] lines.
struct Long;

/// Returns the object whose first key ends a range, and the start of the object. The range begins with a line.
fn object(text: &str, before: Range<usize>) -> Option<Result<(usize, &str), Long>> {
    let prefix = text.get(before.clone())?.trim_end().strip_suffix('{')?;
    if prefix.rsplit(BREAKS).next()?.contains(['{', '"', '\\']) {
        return None;
    }
    let start = before.start + prefix.len();
    let mut values = serde_json::Deserializer::from_str(text.get(start..)?).into_iter::<&RawValue>();
    let object = match values.next()? {
        Ok(object) => object.get(),
        Err(error) => return (error.line() > MAX_LINES).then_some(Err(Long)),
    };
    line(text.get(start + object.len()..)?).trim().is_empty().then_some(Ok((start, object)))
}

const BREAKS: [char; 2] = ['\n', '\r'];

/// Returns the rest of the first line of a text.
fn line(text: &str) -> &str {
    text.split(BREAKS).next().unwrap_or(text)
}

/// The members of an object, in their order.
struct Pairs<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> serde::de::Visitor<'de> for Members {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    pairs.push((pair.0.0, pair.1));
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads the line of a captured event. `None` for any other value: an object without the marker as the first member is
/// an event.
///
/// # Errors
///
/// A message for people, about a line of a later version, and about a line with a missing member.
pub(super) fn read(line: &str) -> Option<Result<Replay, String>> {
    let Pairs(members) = serde_json::from_str(line).ok()?;
    let (first, version) = members.first()?;
    let version: Key<'_> = serde_json::from_str(version.get()).ok()?;
    let form = version.0.strip_prefix("event/").filter(|_| *first == MARKER.0)?;
    let last = |key: &str| members.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.get());
    let places = |key: &str| serde_json::from_str::<Vec<String>>(last(key)?).ok();
    if *version.0 != *MARKER.1 {
        return Some(Err(format!("the captured event has the form {form}, and this program reads the form 1")));
    }
    let (Some(masked), Some(cut), Some(event)) = (places(MASKED), places(CUT), last(EVENT)) else {
        return Some(Err(format!(
            "the captured event is incomplete: its line has the members {MASKED}, {CUT} and {EVENT}"
        )));
    };
    let text = |key: &str| serde_json::from_str::<String>(last(key)?).ok();
    let original = text("trace_id").zip(text("span_id")).and_then(|(trace, span)| {
        let traceparent = format!("00-{trace}-{span}-01");
        Inbound::extract([("traceparent", traceparent.as_str())], Propagators::default(), Trust::Full).parent
    });
    let correlation = members.iter().filter(|(key, _)| key.starts_with(CORRELATION));
    let correlation = correlation
        .filter_map(|(key, value)| Some((key.clone().into_owned(), serde_json::from_str::<String>(value.get()).ok()?)));
    Some(Ok(Replay {
        event: event.as_bytes().to_vec(),
        masked,
        cut,
        original,
        request_id: text(semconv::FUNCTION_REQUEST_ID),
        correlation: correlation.collect(),
    }))
}
