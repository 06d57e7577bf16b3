//! The names of the primary keys of tables.
//!
//! A `PutItem` does not say which attributes are the key. Other calls and the records of streams name the key of the
//! same table. The names of a key are a fact about a table, not about an invocation.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most tables to learn.
const MAX_TABLES: usize = 256;

static KNOWN: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());

fn known() -> MutexGuard<'static, BTreeMap<String, Vec<String>>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Learns the one or two names of a key.
pub(crate) fn learn(table: &str, key: &[(Cow<'_, str>, Cow<'_, [u8]>)]) {
    let names = || key.iter().map(|(name, _)| name.as_ref());
    let mut known = known();
    let is_news = known.get(table).is_none_or(|known| !known.iter().map(String::as_str).eq(names()));
    if is_news && (1..=2).contains(&key.len()) && (known.len() < MAX_TABLES || known.contains_key(table)) {
        known.insert(table.to_owned(), names().map(str::to_owned).collect());
    }
}

/// Returns the names of the key of a table.
pub(crate) fn of(table: &str) -> Option<Vec<String>> {
    known().get(table).cloned()
}
