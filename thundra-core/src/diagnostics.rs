//! Our own trouble: one line on standard error per kind, never through `tracing` (it would loop).

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::escape::{self, Escaped};
use crate::{formatted, redact};

/// Kinds that name a host, a key or a variable (they hold a space) are so many at most: a crawler must not
/// silence the others, nor fill our memory.
const MAX_NAMED: usize = 128;

/// A line that is longer says no more to people.
const MAX_LINE_BYTES: usize = 2048;

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// `true` while somebody else writes to standard error, for as long as nobody reads it.
static HELD: AtomicBool = AtomicBool::new(false);

/// Runs `write`, which writes to standard error for as long as that takes. Messages do not wait for it.
pub(crate) fn while_held<T>(write: impl FnOnce() -> T) -> T {
    HELD.store(true, Ordering::Relaxed);
    let result = write();
    HELD.store(false, Ordering::Relaxed);
    result
}

/// Writes `thundra: {message}` to standard error, unless this `kind` was reported before.
///
/// For the instrumentation's own trouble (a bad setting, a dead collector, a dropped value); the
/// user's work goes on. A kind that names something of the user's holds a space, as in `host example.com`. A
/// failing standard error is ignored.
///
/// A message may quote a collector or a variable: credentials in it are redacted, control characters are escaped, and
/// it is cut after 2,048 bytes.
pub fn once(kind: &str, message: impl Display) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let full = kind.contains(' ') && said.iter().filter(|kind| kind.contains(' ')).count() >= MAX_NAMED;
    if full || !said.insert(kind.to_owned()) {
        return;
    }
    drop(said);
    let line = line(message);
    if HELD.load(Ordering::Relaxed) {
        // Nobody may be reading standard error: the program does not wait for that.
        let _ = std::thread::Builder::new().spawn(move || write(&line));
    } else {
        write(&line);
    }
}

fn write(line: &str) {
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

fn line(message: impl Display) -> String {
    // It may hold the error of a user's own exporter, which is formatted before anything is locked.
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
        assert!(!SAID.is_poisoned());
    }

    #[test]
    fn a_message_is_one_line_without_secrets() {
        for (message, said, why) in [
            ("refused: no\nthundra: all is well", "thundra: refused: no\\nthundra: all is well\n", "a forged line"),
            ("refused: \u{1b}]0;x\u{7}\u{9b}2J", "thundra: refused: \\u{1b}]0;x\\u{7}\\u{9b}2J\n", "escape sequences"),
            ("sending to https://u:p@c/?key=abc", "thundra: sending to https://REDACTED@c/?REDACTED\n", "an endpoint"),
        ] {
            assert_eq!(line(message), said, "{why}");
        }
        let long = line("é".repeat(MAX_LINE_BYTES));
        assert_eq!((long.chars().count(), long.ends_with("é…\n")), (9 + MAX_LINE_BYTES / 2 + 2, true));
    }
}
