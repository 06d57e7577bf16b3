//! The events of an input: JSON values, or the captured events among the lines of a log.

use bytes::Bytes;

use super::replay::{self, Replay};
use super::values::{self, Values};

/// The events of an input.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// The events, in order.
    pub(super) events: Vec<Event>,
    /// The reason why the input was not read to the end.
    pub(super) broken: Option<String>,
}

/// An event of an input.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) bytes: Bytes,
    /// The number of the line where the event starts, from 1.
    pub(super) line: usize,
    /// The facts about the earlier invocation with this event.
    pub(super) replayed: Option<Replay>,
}

impl Event {
    fn captured(line: usize, mut replay: Replay) -> Self {
        Event { bytes: std::mem::take(&mut replay.event).into(), line, replayed: Some(replay) }
    }
}

impl Events {
    /// Reads the events of an input.
    ///
    /// Every JSON value is an event, or the line of a captured event. If the input has a captured event, the lines of a
    /// log among the values are skipped. An input that is no JSON is the text of a log, if the text has a captured
    /// event. Else the input ends with the first text that is no JSON. If no value precedes the text, the input is a
    /// single broken event.
    ///
    /// # Errors
    ///
    /// A message for people, about a captured event that cannot be run.
    pub(super) fn read(input: Vec<u8>) -> Result<Events, String> {
        let input = values::utf8(input);
        let Values { found, broken } = values::split(&input);
        if let Some(broken) = &broken
            && let Some(events) = captured_in_log(&input, broken.start)?
        {
            return Ok(Events { events, broken: None });
        }
        let input = Bytes::from(input);
        if found.is_empty() {
            return Ok(Events { events: vec![Event { bytes: input, line: 1, replayed: None }], broken: None });
        }
        let broken = broken.map(|broken| format!("the value {} is not JSON: {}", found.len() + 1, broken.why));
        let (mut events, mut line, mut counted) = (Vec::with_capacity(found.len()), 1, 0);
        for range in found {
            line += values::line_breaks(input.get(counted..range.start).unwrap_or_default());
            counted = range.start;
            let text = input.get(range.clone()).and_then(|value| std::str::from_utf8(value).ok());
            events.push(match text.and_then(replay::read).transpose()? {
                Some(replay) => Event::captured(line, replay),
                None => Event { bytes: input.slice(range), line, replayed: None },
            });
        }
        if events.iter().any(|event| event.replayed.is_some()) {
            events.retain(|event| event.replayed.is_some() || !replay::is_log_line(&event.bytes));
        }
        Ok(Events { events, broken })
    }
}

/// Returns the captured events in a log. The first text that is no JSON starts at `broken`. `None` if the text at
/// `broken` is a broken event, and for an input without a captured event.
fn captured_in_log(input: &[u8], broken: usize) -> Result<Option<Vec<Event>>, String> {
    // Invalid UTF-8 in another line must not hide the line of a captured event.
    let text = String::from_utf8_lossy(input);
    let found = replay::find(&text)?;
    let is_event = input.get(broken) == Some(&b'{') && found.iter().all(|(start, _)| *start < broken);
    if found.is_empty() || is_event {
        return Ok(None);
    }
    let (mut events, mut line, mut counted) = (Vec::with_capacity(found.len()), 1, 0);
    for (start, replay) in found {
        line += values::line_breaks(text.as_bytes().get(counted..start).unwrap_or_default());
        counted = start;
        events.push(Event::captured(line, replay));
    }
    Ok(Some(events))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    const LINE: &str = r#"{"_thundra":"event/1","level":"ERROR","function_request_id":"r-1","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","x-correlation-id":"c-1","masked":["$.token"],"cut":[],"event":{"a":"}\"{","b":[1]}}"#;

    fn captured(input: &[u8], why: &str) -> Replay {
        let mut events = Events::read(input.to_vec()).expect(why);
        assert_eq!((events.events.len(), &events.broken), (1, &None), "{why}");
        let event = events.events.pop().expect(why);
        assert_eq!(event.bytes, &br#"{"a":"}\"{","b":[1]}"#[..], "{why}");
        event.replayed.expect(why)
    }

    fn is_one_event(input: &[u8]) -> bool {
        let events = Events::read(input.to_vec()).unwrap();
        matches!(&events.events[..], [Event { bytes, replayed: None, .. }] if bytes == input) && events.broken.is_none()
    }

    /// Returns the events, with captured events in brackets, and the place of the text that is no event.
    fn shown(input: &str) -> (String, Option<String>) {
        let Events { events, broken } = Events::read(input.into()).unwrap();
        let shown = events.iter().map(|event| match (&event.replayed, String::from_utf8_lossy(&event.bytes)) {
            (None, text) => format!("{}:{text}", event.line),
            (Some(_), text) => format!("{}:<{}>", event.line, text.len()),
        });
        (shown.collect::<Vec<_>>().join(" "), broken)
    }

    #[test]
    fn captured_events_stand_among_events_and_among_the_lines_of_a_log() {
        const LOG: &str = r#"{"level":"INFO","message":"hello","timestamp":"2026-11-26T12:58:09.285Z"}"#;
        for (input, expected, why) in [
            (format!("{LINE}\n{LINE}"), "1:<20> 2:<20>", "several"),
            (format!("1\n{LINE}\n{{}}"), "1:1 2:<20> 3:{}", "among events"),
            (format!("{LOG}\n{LINE}\n{LOG}"), "2:<20>", "among lines of a log in JSON"),
            (format!("{LOG}\n{{}}"), &format!("1:{LOG} 2:{{}}"), "without a captured event, every value is one"),
            (format!("START\n{LINE}\n{{}}\n{LINE}\nEND"), "2:<20> 4:<20>", "among lines of a log in text"),
            (format!("{LINE}\nEND"), "1:<20>", "before a line of a log in text"),
        ] {
            assert_eq!(shown(&input), (expected.to_owned(), None), "{why}");
        }
        let (events, broken) = shown(&format!("1\n{LINE}\n{{\"a\":"));
        assert_eq!(events, "1:1 2:<20>", "before a broken event");
        assert!(broken.is_some_and(|why| why.starts_with("the value 3 is not JSON: EOF ")));
    }

    #[test]
    fn the_events_before_a_broken_value_are_events() {
        let expected = "the value 2 is not JSON: expected value at line 2 column 1 (the value starts at byte 2)";
        assert_eq!(shown("7\noops\n8"), ("1:7".to_owned(), Some(expected.to_owned())));
    }

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
            let replay = captured(&bytes, why);
            assert_eq!((replay.masked.as_slice(), replay.cut.len()), (&["$.token".to_owned()][..], 0), "{why}");
            assert_eq!(replay.original.unwrap().span_id.to_string(), "b7ad6b7169203331", "{why}");
            assert_eq!(replay.request_id.as_deref(), Some("r-1"), "{why}");
            assert_eq!(replay.correlation, HashMap::from([("x-correlation-id".to_owned(), "c-1".to_owned())]), "{why}");
        }
    }

    #[test]
    fn lines_that_the_log_cut_off_hide_no_line_and_are_read_a_few_times_alone() {
        let cut = "{\"_thundra\":\"event/1\",\"a\":[\n";
        assert_eq!(shown(&format!("START\n{}{LINE}\n", cut.repeat(3))), ("5:<20>".to_owned(), None));
        // Reading each up to the end would take minutes.
        for end in ["", "END"] {
            let (events, broken) = shown(&format!("START\n{}{end}", cut.repeat(40_000)));
            assert!(events.starts_with("1:START\n") && broken.is_none());
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
            assert!(is_one_event(input.as_bytes()), "{why}: {input}");
        }
        assert!(is_one_event(b"\xff"));
    }

    #[test]
    fn what_is_not_clear_is_refused() {
        for (input, expected) in [
            (LINE.replace("event/1", "event/2"), "has the form 2"),
            (r#"{"_thundra":"event/2","payload":{}}"#.to_owned(), "has the form 2"),
            (r#"{"_thundra":"event/1"}"#.to_owned(), "is incomplete"),
            (LINE.replace("\"masked\"", "\"hidden\""), "is incomplete"),
            (r#"{"_thundra":"event/1","event":{},"masked":1,"cut":[]}"#.to_owned(), "is incomplete"),
        ] {
            for input in [input.clone(), format!("{{}}\n{input}")] {
                assert!(Events::read(input.clone().into()).unwrap_err().contains(expected), "{input}");
            }
        }
    }

    #[test]
    fn of_a_repeated_key_the_last_one_is_ours() {
        let line = LINE.replace("\"level\":\"ERROR\"", "\"event\":7,\"masked\":8");
        captured(line.as_bytes(), "a repeated key");
    }
}
