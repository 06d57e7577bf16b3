//! Problems of the instrumentation itself, as lines on standard error: one for each kind of problem.
//!
//! A line never goes through `tracing`, whose subscriber may be the one that has the problem.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::escape::{self, Escaped};
use crate::{formatted, redact};

/// The most kinds that name a host, a key or a variable, which are those with a space. A caller that makes up names can
/// then neither silence the other kinds nor fill the memory.
const MAX_NAMED: usize = 128;

/// The longest message, in bytes. People read no more of a longer one.
const MAX_LINE_BYTES: usize = 2048;

/// The kinds that were reported.
static REPORTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// `true` while an exporter writes to standard error, which lasts as long as nobody reads it.
static HELD: AtomicBool = AtomicBool::new(false);

/// Runs `write`, which writes to standard error and may block. Messages do not wait for it.
pub(crate) fn while_held<T>(write: impl FnOnce() -> T) -> T {
    HELD.store(true, Ordering::Relaxed);
    let result = write();
    HELD.store(false, Ordering::Relaxed);
    result
}

/// Writes `thundra: {message}` to standard error, unless this `kind` was reported before.
///
/// It is for problems of the instrumentation itself, such as a bad setting, a dead collector or a dropped value; the
/// program goes on. A kind that names something of the program's has a space, as in `host example.com`. A failing
/// standard error is ignored.
///
/// A message may quote a collector or a variable, so credentials in it are redacted, control characters are escaped, and
/// it is cut after 2,048 bytes.
pub fn once(kind: &str, message: impl Display) {
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    let full = kind.contains(' ') && reported.iter().filter(|kind| kind.contains(' ')).count() >= MAX_NAMED;
    if full || !reported.insert(kind.to_owned()) {
        return;
    }
    drop(reported);
    let line = line(message);
    if HELD.load(Ordering::Relaxed) {
        // Nobody may be reading standard error, and the program must not wait for a reader.
        let _ = std::thread::Builder::new().spawn(move || write(&line));
    } else {
        write(&line);
    }
}

fn write(line: &str) {
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn line(message: impl Display) -> String {
    // The message may contain the error of the program's own exporter. It is formatted before anything is locked.
    let message = redact::text(formatted(|| message.to_string()));
    let start = escape::cut(&message, MAX_LINE_BYTES);
    format!("thundra: {}{}\n", Escaped(start), if start.len() == message.len() { "" } else { "…" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_cannot_be_formatted_stops_nobody() {
        struct Broken;
        impl Display for Broken {
            fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                panic!("broken")
            }
        }
        once("test.broken", Broken);
        once("test.fine", "the next one is written");
        assert!(!REPORTED.is_poisoned());
    }

    #[test]
    fn a_message_is_one_line_without_secrets() {
        for (message, expected, why) in [
            ("refused: no\nthundra: all is well", "thundra: refused: no\\nthundra: all is well\n", "a forged line"),
            ("refused: \u{1b}]0;x\u{7}\u{9b}2J", "thundra: refused: \\u{1b}]0;x\\u{7}\\u{9b}2J\n", "escape sequences"),
            ("sending to https://u:p@c/?key=abc", "thundra: sending to https://REDACTED@c/?REDACTED\n", "an endpoint"),
        ] {
            assert_eq!(line(message), expected, "{why}");
        }
        let long = line("é".repeat(MAX_LINE_BYTES));
        assert_eq!((long.chars().count(), long.ends_with("é…\n")), (9 + MAX_LINE_BYTES / 2 + 2, true));
    }
}
