//! Our own trouble: one line on standard error per kind, never through `tracing` (it would loop).

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use crate::export::console;
use crate::formatted;

/// Kinds that name a host, a key or a variable (they hold a space) are so many at most: a crawler must not
/// silence the others, nor fill our memory.
const MAX_NAMED: usize = 128;

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Writes `thundra: {message}` to standard error, unless this `kind` was reported before.
///
/// For the instrumentation's own trouble (a bad setting, a dead collector, a dropped value); the
/// user's work goes on. A kind that names something of the user's holds a space, as in `host example.com`. A
/// failing standard error is ignored.
pub fn once(kind: &str, message: impl Display) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let full = kind.contains(' ') && said.iter().filter(|kind| kind.contains(' ')).count() >= MAX_NAMED;
    if full || !said.insert(kind.to_owned()) {
        return;
    }
    drop(said);
    // It may hold the error of a user's own exporter, which is formatted before anything is locked.
    let line = formatted(|| format!("thundra: {message}\n"));
    if console::is_writing() {
        // Nobody may be reading standard error: the program does not wait for that.
        let _ = std::thread::Builder::new().spawn(move || write(&line));
    } else {
        write(&line);
    }
}

fn write(line: &str) {
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
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
}
