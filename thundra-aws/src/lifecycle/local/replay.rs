//! A captured event, read back from its line.
//!
//! The line is found in the output of a log: alone, behind the timestamp and the name of a stream, or pretty-printed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use memchr::memmem;
use serde::Deserialize;
use serde::de::IgnoredAny;
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

/// Finds the line of a captured event. `None` for any other input, which is itself an event.
///
/// # Errors
///
/// A message for people, about several lines, about a line of a later version, and about a line with a missing member.
pub(super) fn find(input: &[u8]) -> Result<Option<Replay>, String> {
    // Invalid UTF-8 in another line must not hide the line.
    let text = String::from_utf8_lossy(input);
    if serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        // The whole input is one JSON value. Only its first member can mark a captured event.
        return read(text.trim()).transpose();
    }
    let (mut found, mut at) = (None, 0);
    while let Some(line) = next(&text, &mut at) {
        match read(line) {
            None => {}
            Some(_) if found.is_some() => {
                return Err("the input has several captured events: give one of these lines at a time".to_owned());
            }
            Some(replay) => found = Some(replay?),
        }
    }
    Ok(found)
}

/// Returns the next JSON object with the marker as its first key, no JSON before the object on the line, and nothing
/// behind: a message may hold the text of a captured event.
fn next<'a>(text: &'a str, at: &mut usize) -> Option<&'a str> {
    let key = format!("\"{}\"", MARKER.0);
    loop {
        let from = *at;
        let marker = from + memmem::find(text.as_bytes().get(from..)?, key.as_bytes())?;
        if let Some((start, object)) = object(text, from..marker) {
            *at = start + object.len();
            return Some(object);
        }
        // The rest of this line is behind a key.
        *at = marker + line(text.get(marker..)?).len();
    }
}

/// Returns the object whose first key ends a range, and the start of the object. The range begins with a line.
fn object(text: &str, before: Range<usize>) -> Option<(usize, &str)> {
    let prefix = text.get(before.clone())?.trim_end().strip_suffix('{')?;
    if prefix.rsplit(BREAKS).next()?.contains(['{', '"', '\\']) {
        return None;
    }
    let start = before.start + prefix.len();
    let mut values = serde_json::Deserializer::from_str(text.get(start..)?).into_iter::<&RawValue>();
    let object = values.next()?.ok()?.get();
    line(text.get(start + object.len()..)?).trim().is_empty().then_some((start, object))
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

/// Reads a line. `None` for an object without the marker as its first member.
fn read(line: &str) -> Option<Result<Replay, String>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"_thundra":"event/1","level":"ERROR","function_request_id":"r-1","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","x-correlation-id":"c-1","masked":["$.token"],"cut":[],"event":{"a":"}\"{","b":[1]}}"#;

    #[test]
    fn a_line_is_found_as_it_comes_out_of_a_log() {
        let pretty = LINE.replace("\"_thundra\":", "\n  \"_thundra\" : ").replace(",\"level\"", ",\n  \"level\"");
        for (input, why) in [
            (LINE.to_owned(), "alone"),
            (format!("{LINE}\n"), "with a line break"),
            (format!("  {LINE}\r\n"), "with spaces"),
            (format!("2026-11-26T11:44:58.123000+00:00 2026/11/26/[$LATEST]0123abcd {LINE}\n"), "from `aws logs tail`"),
            (format!("2026-11-26T11:44:58.123Z\tr-1\tERROR\t{LINE}"), "behind tabs"),
            (
                format!("START RequestId: r-1\n{{\"message\":\"hello\"}}\n{LINE}\nEND RequestId: r-1\n"),
                "among other lines",
            ),
            (pretty.clone(), "pretty"),
            (format!("2026-11-26T11:44:58 stream\n{pretty}\n"), "pretty, behind a timestamp"),
            (format!("the key \"_thundra\" marks a line\n{LINE}\n"), "behind a line about it"),
            (format!("INFO order {LINE} refused\n{LINE}\n"), "behind a message with the text of a line"),
            (format!("café\n{LINE}\n"), "among bytes that are no text"),
        ] {
            let bytes: Vec<u8> = input.bytes().map(|byte| if byte == 0xc3 { 0xff } else { byte }).collect();
            let replay = find(&bytes).unwrap().expect(why);
            assert_eq!(replay.event, br#"{"a":"}\"{","b":[1]}"#, "{why}");
            assert_eq!((replay.masked.as_slice(), replay.cut.len()), (&["$.token".to_owned()][..], 0), "{why}");
            assert_eq!(replay.original.unwrap().span_id.to_string(), "b7ad6b7169203331", "{why}");
            assert_eq!(replay.request_id.as_deref(), Some("r-1"), "{why}");
            assert_eq!(replay.correlation, HashMap::from([("x-correlation-id".to_owned(), "c-1".to_owned())]), "{why}");
        }
    }

    #[test]
    fn an_event_that_looks_similar_is_an_event() {
        let text = serde_json::to_string(LINE).unwrap();
        for (input, why) in [
            (r#"{"a":1}"#.to_owned(), "nothing of it"),
            (format!(r#"{{"Records":[{{"body":{text}}}]}}"#), "a line in a text"),
            (format!(r#"{{"detail":{LINE}}}"#), "a line in an event"),
            (format!("[{LINE}]"), "a line in a list"),
            (text, "a line as a text"),
            (
                LINE.replace(
                    "\"_thundra\":\"event/1\",\"level\":\"ERROR\"",
                    "\"level\":\"ERROR\",\"_thundra\":\"event/1\"",
                ),
                "the marker elsewhere",
            ),
            (LINE.replace("event/1", "order/1"), "another word"),
            (LINE.replace("\"event/1\"", "1"), "a number"),
            (format!("{{\"detail\":{LINE}"), "a broken event with a line"),
            (format!("INFO order {LINE} refused"), "a line in a message"),
            (format!("INFO a \"_thundra\" order {LINE}"), "a line behind a key"),
            ("not JSON".to_owned(), "no event at all"),
        ] {
            assert_eq!(find(input.as_bytes()), Ok(None), "{why}: {input}");
        }
        assert_eq!(find(b"\xff"), Ok(None));
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for (input, expected) in [
            (format!("{LINE}\n{LINE}\n"), "several captured events"),
            (LINE.replace("event/1", "event/2"), "has the form 2"),
            (r#"{"_thundra":"event/2","payload":{}}"#.to_owned(), "has the form 2"),
            (r#"{"_thundra":"event/1"}"#.to_owned(), "is incomplete"),
            (LINE.replace("\"masked\"", "\"hidden\""), "is incomplete"),
            (r#"{"_thundra":"event/1","event":{},"masked":1,"cut":[]}"#.to_owned(), "is incomplete"),
        ] {
            assert!(find(input.as_bytes()).unwrap_err().contains(expected), "{input}");
        }
    }

    #[test]
    fn of_a_repeated_key_the_last_one_is_ours() {
        let line = LINE.replace("\"level\":\"ERROR\"", "\"event\":7,\"masked\":8");
        assert_eq!(find(line.as_bytes()).unwrap().unwrap().event, br#"{"a":"}\"{","b":[1]}"#);
    }
}
