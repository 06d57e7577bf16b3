//! Our own trouble: one line on standard error per kind, never through `tracing` (it would loop).

use std::collections::BTreeSet;
use std::fmt::Display;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// After this many different kinds, further ones stay silent: a kind may name a host or a variable.
const MAX_KINDS: usize = 256;

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Writes `thundra: {message}` to standard error, unless this `kind` was reported before.
///
/// For the instrumentation's own trouble (a bad setting, a dead collector, a dropped value); the
/// user's work goes on. A failing standard error is ignored.
pub fn once(kind: &str, message: impl Display) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.len() >= MAX_KINDS || !said.insert(kind.to_owned()) {
        return;
    }
    drop(said);
    let _ = writeln!(std::io::stderr().lock(), "thundra: {message}");
}
