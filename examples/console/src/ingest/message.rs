//! Messages out of lines: the prefixes of `aws logs tail` and of CloudWatch's exports are taken off, and lines without
//! one continue the message before.

use thundra_lines::nanoseconds;

/// The longest message. CloudWatch Logs takes 1 MiB.
const MAX_BYTES: usize = 4 << 20;

/// A message of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// Nanoseconds since 1970; 0 if the log does not say.
    pub(super) time: u64,
    /// The log stream; empty if the log does not say.
    pub(super) stream: String,
    pub(super) text: String,
}

/// Joins lines to messages.
#[derive(Debug, Default)]
pub(super) struct Messages {
    open: Option<Message>,
    /// `true` after a line with a prefix: then lines without one are continuations.
    has_prefixes: bool,
}

impl Messages {
    /// Takes a line. Returns the message that it ends.
    pub(super) fn line(&mut self, line: &str) -> Option<Message> {
        let line = line.trim_end_matches(['\r', '\n']);
        if let Some(message) = prefixed(line) {
            self.has_prefixes = true;
            return self.open.replace(message);
        }
        // The second line of a report, in logs without prefixes too.
        let is_continued = self.has_prefixes || line.starts_with("XRAY TraceId: ");
        match self.open.as_mut().filter(|_| is_continued) {
            Some(open) => {
                if open.text.len() + line.len() < MAX_BYTES {
                    open.text.push('\n');
                    open.text.push_str(line);
                }
                None
            }
            None => self.open.replace(Message { text: line.to_owned(), ..Message::default() }),
        }
    }

    /// Returns the last message.
    pub(super) fn end(&mut self) -> Option<Message> {
        self.open.take()
    }
}

/// Reads a line with a time, and perhaps a stream, before the message.
fn prefixed(line: &str) -> Option<Message> {
    let (first, rest) = line.split_once(' ')?;
    let time = nanoseconds(first)?;
    let (stream, text) = match rest.split_once(' ') {
        Some((word, rest)) if is_stream(word) => (word, rest),
        _ if is_stream(rest) => (rest, ""),
        _ => ("", rest),
    };
    Some(Message { time, stream: stream.to_owned(), text: text.to_owned() })
}

/// Returns `true` for a log stream of Lambda: `2026/11/26/[$LATEST]0123…`, or with a name in front.
fn is_stream(word: &str) -> bool {
    let bytes = word.as_bytes();
    word.contains('[') && word.contains(']') && bytes.get(4) == Some(&b'/') && bytes.get(7) == Some(&b'/')
        || word.contains("/[$LATEST]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(log: &str) -> Vec<(u64, String, String)> {
        let mut messages = Messages::default();
        let mut all: Vec<Message> = log.lines().filter_map(|line| messages.line(line)).collect();
        all.extend(messages.end());
        all.into_iter().map(|message| (message.time / 1_000_000_000, message.stream, message.text)).collect()
    }

    #[test]
    fn prefixes_are_taken_off_and_continuations_joined() {
        const STREAM: &str = "2026/11/26/[$LATEST]0f";
        for (log, expected, why) in [
            (
                "2026-11-26T00:00:01.000000+00:00 2026/11/26/[$LATEST]0f a b\n  at c\n2026-11-26T00:00:02Z 2026/11/26/[$LATEST]0f d",
                vec![(1_795_651_201, STREAM, "a b\n  at c"), (1_795_651_202, STREAM, "d")],
                "aws logs tail",
            ),
            ("2026-11-26T00:00:01.000Z {\"a\": 1}", vec![(1_795_651_201, "", "{\"a\": 1}")], "an export"),
            ("2026-11-26T00:00:01 a", vec![(1_795_651_201, "", "a")], "short"),
            ("a b\n\nc", vec![(0, "", "a b"), (0, "", ""), (0, "", "c")], "no prefixes"),
            ("REPORT x\nXRAY TraceId: 1", vec![(0, "", "REPORT x\nXRAY TraceId: 1")], "a report"),
            (
                "2026-11-26T00:00:01.000Z\tid\tINFO\tx",
                vec![(0, "", "2026-11-26T00:00:01.000Z\tid\tINFO\tx")],
                "a runtime's",
            ),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(time, stream, text)| (time, stream.to_owned(), text.to_owned())).collect();
            assert_eq!(messages(log), expected, "{why}");
        }
    }
}
