//! Problems of the instrumentation, written as lines on standard error: a single line for each kind of problem.
//!
//! The lines never go through `tracing`, because the subscriber may be part of the problem.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::escape::{self, Escaped};
use crate::whole_line::{StandardStream, write_line};
use crate::{formatted, redact};

/// The limit of reported kinds that contain a name. A caller with invented names can then neither silence other kinds
/// nor fill the memory.
const MAX_NAMED: usize = 128;

/// The longest message, in bytes.
const MAX_LINE_BYTES: usize = 2048;

/// The kinds reported so far.
static REPORTED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// `true` while an exporter writes to standard error, possibly blocked by a slow reader.
static HELD: AtomicBool = AtomicBool::new(false);

/// Runs `write`, which writes to standard error and may block. Messages do not wait for the end of `write`.
pub(crate) fn while_held<T>(write: impl FnOnce() -> T) -> T {
    HELD.store(true, Ordering::Relaxed);
    let result = write();
    HELD.store(false, Ordering::Relaxed);
    result
}

/// Writes `thundra: {message}` to standard error, unless `kind` was reported before.
///
/// For problems of the instrumentation, such as an invalid setting, a dead collector or a dropped value. A kind with
/// the name of a host, a key or a variable has a space before the name, as in `host example.com`; up to 128 kinds with
/// a name are reported. Errors of standard error are ignored.
///
/// A message may quote a collector or a variable. Credentials are therefore redacted, control characters escaped, and
/// the message is cut after 2,048 bytes.
pub fn once(kind: &str, message: impl Display) {
    report_once(kind, &message);
}

/// Writes a message of any type, with a single copy of the code in a program.
#[cold]
#[inline(never)]
fn report_once(kind: &str, message: &dyn Display) {
    let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
    let full = kind.contains(' ') && reported.iter().filter(|kind| kind.contains(' ')).count() >= MAX_NAMED;
    if full || reported.iter().any(|known| known == kind) {
        return;
    }
    reported.push(kind.to_owned());
    drop(reported);
    let line = line(message);
    if HELD.load(Ordering::Relaxed) {
        // The program must not wait for a reader of standard error.
        let _ = std::thread::Builder::new().spawn(move || write(&line));
    } else {
        write(&line);
    }
}

fn write(line: &str) {
    let _ = write_line(StandardStream::Error, line.as_bytes());
}

fn line(message: &dyn Display) -> String {
    // The message may contain an error of the program's own exporter, so it is formatted before anything is locked.
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
            assert_eq!(line(&message), expected, "{why}");
        }
        let long = line(&"é".repeat(MAX_LINE_BYTES));
        assert_eq!((long.chars().count(), long.ends_with("é…\n")), (9 + MAX_LINE_BYTES / 2 + 2, true));
    }
}
