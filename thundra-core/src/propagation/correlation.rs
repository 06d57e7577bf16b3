//! Correlation ids, wire-compatible with the DAZN Lambda Powertools convention used by Node services.
//!
//! Any `x-correlation-*` key travels on, beside two that have a meaning of their own:
//! `debug-log-enabled` (`"true"` or `"false"`) and `call-chain-length` (how many programs deep the
//! chain of calls is; the receiver adds one).

use std::borrow::Cow;

use super::ows;

/// The id every chain of calls has.
pub const CORRELATION_ID: &str = "x-correlation-id";
/// Our trace context among the correlation ids: a Node function in between hands it on.
pub const CORRELATION_TRACEPARENT: &str = "x-correlation-traceparent";
/// Whether debug logs were switched on for this chain of calls.
pub const DEBUG_LOG_ENABLED: &str = "debug-log-enabled";
/// How deep the chain of calls is.
pub const CALL_CHAIN_LENGTH: &str = "call-chain-length";
/// The key of the object that carries all this inside a JSON payload.
pub const PAYLOAD_CONTEXT: &str = "__context__";
/// The user agent of the request that started the chain, spelled as Node functions spell it.
pub const USER_AGENT: &str = "User-Agent";

const PREFIX: &str = "x-correlation-";
/// An id longer than this, or not of printable ASCII, is not taken.
const MAX_VALUE_BYTES: usize = 256;
/// More ids than this are not taken, beside [`CORRELATION_ID`] itself: that one is never left out.
const MAX_IDS: usize = 40;
/// More further values than this are not known again.
const MAX_FURTHER: usize = 8;
/// More than this are not taken from an untrusted caller: there must be room for the scope's own.
const MAX_UNTRUSTED_IDS: usize = 32;
/// The bytes of ids that are taken from an untrusted caller, as headers count them: every call and log line repeats them.
const MAX_UNTRUSTED_BYTES: usize = 1024;

/// The correlation ids of one scope: a chain of calls as one invocation sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorrelationIds {
    /// Sorted by key.
    ids: Vec<Id>,
    /// The last value that was received and does not count.
    overwritten: Option<Box<Overwritten>>,
    pub(crate) user_agent: Option<String>,
    pub(crate) debug: Option<bool>,
    pub(crate) chain_length: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Id {
    key: Cow<'static, str>,
    value: String,
    /// `true` if the value came from a carrier.
    received: bool,
}

/// A value that was received and then set to another, or that came behind the first of its key, and those before it. Few
/// scopes have one.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Overwritten {
    id: Id,
    before: Option<Box<Overwritten>>,
}

impl CorrelationIds {
    /// The value of a key: of `x-correlation-{key}`, or of the key as it stands if it has that prefix.
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.position(key).or_else(|_| self.position(&full_key(key).unwrap_or_default())).ok()?;
        self.ids.get(at).map(|id| id.value.as_str())
    }

    /// The ids with their full, lower-case keys, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ids.iter().map(|id| (&*id.key, id.value.as_str()))
    }

    /// How many programs deep the chain of calls is: 1 where it began.
    pub fn chain_length(&self) -> u32 {
        self.chain_length.max(1)
    }

    /// Whether debug logs were switched on for this chain of calls.
    pub fn debug_log_enabled(&self) -> bool {
        self.debug == Some(true)
    }

    /// Sets an id; the key gets the prefix `x-correlation-` unless it has it.
    ///
    /// Returns whether it was taken: a key is ASCII letters, digits, `-`, `_` and `.`, a value 1 to 256
    /// bytes of printable ASCII (it becomes a header), and there are at most 40 ids beside `x-correlation-id`.
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        self.put(MAX_IDS, key, value, false)
    }

    fn put(&mut self, limit: usize, key: &str, value: &str, received: bool) -> bool {
        let key = match full_key(key) {
            Some(key) if key != CORRELATION_TRACEPARENT => key,
            _ => return false,
        };
        self.insert(Id { key, value: value.to_owned(), received }, limit)
    }

    fn insert(&mut self, id: Id, limit: usize) -> bool {
        if !is_value(&id.value) {
            return false;
        }
        let is_full = || self.ids.len() - usize::from(self.has_id()) >= limit;
        match self.position(&id.key) {
            Ok(at) => {
                let known = self.ids.get_mut(at).map(|known| std::mem::replace(known, id));
                if let Some(id) = known.filter(|known| known.received) {
                    self.overwrite(id);
                }
            }
            Err(_) if id.key != CORRELATION_ID && is_full() => return false,
            Err(at) => self.ids.insert(at, id),
        }
        true
    }

    fn overwrite(&mut self, id: Id) {
        self.overwritten = Some(Box::new(Overwritten { id, before: self.overwritten.take() }));
    }

    fn overwritten(&self) -> impl Iterator<Item = &Id> {
        let last = self.overwritten.as_deref();
        std::iter::successors(last, |last| last.before.as_deref()).map(|overwritten| &overwritten.id)
    }

    /// Returns whether this value was received under this full key, or is the one that it has.
    pub(super) fn was_received(&self, key: &str, value: &str) -> bool {
        ows::all_known(value, |value| {
            self.get(key) == Some(value)
                || self.overwritten().any(|old| old.key.eq_ignore_ascii_case(key) && old.value == value)
        })
    }

    /// Keeps a further value of an id, to know it where it is sent on.
    #[cold]
    fn take_further(&mut self, key: &str, value: &str) {
        let is_new = is_value(value) && self.overwritten().count() < MAX_FURTHER && !self.was_received(key, value);
        if let Some(key) = full_key(key).filter(|_| is_new) {
            self.overwrite(Id { key, value: value.to_owned(), received: true });
        }
    }

    /// Fills in the ids of another carrier.
    pub(super) fn fill(&mut self, other: &CorrelationIds) {
        for id in &other.ids {
            if self.position(&id.key).is_err() {
                self.insert(id.clone(), MAX_IDS);
            }
        }
    }

    /// Where this full key stands, or would.
    fn position(&self, key: &str) -> Result<usize, usize> {
        self.ids.binary_search_by(|id| (*id.key).cmp(key))
    }

    /// Whether it is known which chain of calls this is.
    pub(crate) fn has_id(&self) -> bool {
        self.position(CORRELATION_ID).is_ok()
    }

    /// Fills in what no caller sent. The id of a new chain is `default_id`.
    pub(crate) fn complete(&mut self, default_id: impl FnOnce() -> String) {
        if let Err(at) = self.position(CORRELATION_ID) {
            let value = default_id();
            if is_value(&value) {
                self.ids.insert(at, Id { key: CORRELATION_ID.into(), value, received: false });
            }
        }
        self.chain_length = self.chain_length.saturating_add(1);
    }

    /// Takes one pair from a carrier, whatever its case; a first value wins. `switches` says whether the
    /// debug switch and the chain length are obeyed.
    pub(super) fn take(&mut self, key: &str, value: &str, switches: bool) -> Taken {
        if starts_with_ignore_case(key, PREFIX) {
            let limit = if switches { MAX_IDS } else { MAX_UNTRUSTED_IDS };
            let taken = match self.get(key) {
                Some(known) if known == value => true,
                Some(_) => {
                    self.take_further(key, value);
                    true
                }
                None => self.put(limit, key, value, true),
            };
            return if taken { Taken::Id } else { Taken::Dropped };
        }
        if key.eq_ignore_ascii_case(DEBUG_LOG_ENABLED) {
            let debug = debug(value);
            self.debug = self.debug.or(debug.filter(|_| switches));
            return Taken::Debug(debug);
        }
        if key.eq_ignore_ascii_case(CALL_CHAIN_LENGTH) {
            let length = chain_length(value);
            if switches && self.chain_length == 0 {
                self.chain_length = length.unwrap_or_default();
            }
            return Taken::ChainLength(length);
        }
        if key.eq_ignore_ascii_case(USER_AGENT) && is_value(value) && self.user_agent.is_none() {
            self.user_agent = Some(value.to_owned());
        }
        Taken::NotOurs
    }

    /// Keeps of an untrusted caller's ids what may be repeated: the id of the chain of calls, then the others in order.
    /// Returns the number of those that are left out.
    pub(super) fn bound(&mut self) -> u32 {
        let chain = self.get(CORRELATION_ID).map_or(0, |id| header_bytes(CORRELATION_ID, id));
        let mut room = MAX_UNTRUSTED_BYTES.saturating_sub(chain);
        let before = self.ids.len();
        self.ids.retain(|id| {
            let left = room.checked_sub(header_bytes(&id.key, &id.value));
            let is_chain = id.key == CORRELATION_ID;
            room = left.filter(|_| !is_chain).unwrap_or(room);
            is_chain || left.is_some()
        });
        (before - self.ids.len()) as u32
    }
}

/// The fate of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is an id, or a further value of one.
    Id,
    /// It is an id that is malformed or too much.
    Dropped,
    /// It is the length of the chain of calls; `None` where that is malformed.
    ChainLength(Option<u32>),
    /// It is the debug switch; `None` where that is malformed.
    Debug(Option<bool>),
    /// Its key is none of ours, or one that every client has a value of its own for.
    NotOurs,
}

/// Reads a chain length. JavaScript numbers may be written with a fraction, and never beyond 2^53.
pub(super) fn chain_length(value: &str) -> Option<u32> {
    value.parse::<f64>().ok().filter(|n| (0.0..1e6).contains(n)).map(|n| n as u32)
}

/// Reads the debug switch.
pub(super) fn debug(value: &str) -> Option<bool> {
    match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// Returns the bytes of a header field in HTTP/1.1.
pub fn header_bytes(key: &str, value: &str) -> usize {
    key.len() + ": ".len() + value.len() + "\r\n".len()
}

fn full_key(key: &str) -> Option<Cow<'static, str>> {
    if key.eq_ignore_ascii_case(CORRELATION_ID) {
        return Some(CORRELATION_ID.into());
    }
    let legal = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if key.is_empty()
        || key.len() > MAX_VALUE_BYTES - PREFIX.len()
        || !legal
        || key.ends_with('.')
        || key.contains("..")
    {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    Some(Cow::Owned(if lower.starts_with(PREFIX) { lower } else { format!("{PREFIX}{lower}") }))
}

pub(super) fn is_value(value: &str) -> bool {
    // Without an early end many bytes are looked at together.
    (1..=MAX_VALUE_BYTES).contains(&value.len())
        && value.bytes().fold(true, |legal, byte| legal & (b' '..=b'~').contains(&byte))
}

fn starts_with_ignore_case(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_get_the_prefix_and_lose_their_case() {
        let mut ids = CorrelationIds::default();
        assert!(ids.set("order", "o-9"));
        assert!(ids.set("X-Correlation-User", "u-1"));
        assert_eq!(ids.iter().collect::<Vec<_>>(), [("x-correlation-order", "o-9"), ("x-correlation-user", "u-1")]);
        assert_eq!((ids.get("Order"), ids.get("x-correlation-user")), (Some("o-9"), Some("u-1")));
    }

    #[test]
    fn what_cannot_be_a_header_or_attribute_is_refused() {
        let mut ids = CorrelationIds::default();
        for (key, value, why) in [
            ("", "v", "no key"),
            ("a b", "v", "a space in the key"),
            ("a..b", "v", "SQS refuses two dots in a row"),
            ("k", "", "an empty value: SNS refuses it"),
            ("k", "a\nb", "a control character"),
            ("k", &"x".repeat(257), "too long"),
            ("traceparent", "v", "ours"),
        ] {
            assert!(!ids.set(key, value), "{why}");
        }
        assert!((0..50).filter(|i| ids.set(&format!("k{i}"), "v")).count() == 40);
    }

    #[test]
    fn however_many_were_sent_a_scope_has_its_id_and_room() {
        for (trusted, taken, own) in [(false, 32, 8), (true, 40, 0)] {
            let mut ids = CorrelationIds::default();
            let dropped = |n| ids.take(&format!("x-correlation-k{n}"), "v", trusted) == Taken::Dropped;
            assert_eq!((0..50).map(dropped).filter(|dropped| *dropped).count(), 50 - taken);
            assert_eq!(ids.iter().count(), taken);
            ids.complete(|| "c-1".to_owned());
            assert_eq!(ids.get("id"), Some("c-1"));
            assert_eq!((0..50).filter(|n| ids.set(&format!("own{n}"), "v")).count(), own);
            assert!(ids.set("id", "c-2") && ids.set("k0", "w"), "what is there can be set anew");
        }
    }

    #[test]
    fn an_untrusted_caller_fills_one_kibibyte() {
        // 24 bytes of key and 4 around it make 128 of each.
        let id = |n: usize| (format!("x-correlation-000000000{n}"), "v".repeat(100));
        for (others, chain, kept, dropped) in
            [(8, 0, 8, 0), (9, 0, 8, 1), (9, 108, 7, 2), (9, 109, 6, 3), (2, 256, 2, 0)]
        {
            let mut ids = CorrelationIds::default();
            (0..others).map(id).for_each(|(key, value)| assert_eq!(ids.take(&key, &value, false), Taken::Id));
            // It comes last, and is never left out.
            ids.take(CORRELATION_ID, &"c".repeat(chain), false);
            assert_eq!(ids.bound(), dropped, "{others} and {chain}");
            let expected: Vec<_> =
                (0..kept).map(|n| id(n).0).chain((chain > 0).then(|| CORRELATION_ID.to_owned())).collect();
            assert_eq!(ids.iter().map(|(key, _)| key).collect::<Vec<_>>(), expected, "{others} and {chain}");
        }
    }

    #[test]
    fn a_value_that_was_received_is_known_after_another_was_set() {
        let mut ids = CorrelationIds::default();
        ids.take("X-Correlation-Order", "o-9", true);
        ids.set("own", "1");
        for (key, value) in [("order", "o-10"), ("order", "o-11"), ("own", "2")] {
            assert!(ids.set(key, value));
        }
        for (key, value, expected, why) in [
            ("x-correlation-order", "o-9", true, "received"),
            ("X-CORRELATION-ORDER", "o-9", true, "in any case"),
            ("x-correlation-order", "o-11", true, "what it has"),
            ("x-correlation-order", "o-10", false, "what was set in between"),
            ("x-correlation-own", "1", false, "what was never received"),
            ("x-correlation-other", "o-9", false, "another key"),
        ] {
            assert_eq!(ids.was_received(key, value), expected, "{why}");
        }
    }

    #[test]
    fn the_first_of_several_values_wins() {
        let mut ids = CorrelationIds::default();
        for (key, value) in [
            ("debug-log-enabled", "what"),
            ("debug-log-enabled", "false"),
            ("debug-log-enabled", "true"),
            ("call-chain-length", "what"),
            ("call-chain-length", "3"),
            ("call-chain-length", "7"),
            ("x-correlation-a", "1"),
            ("x-correlation-a", "2"),
        ] {
            ids.take(key, value, true);
        }
        assert_eq!((ids.debug_log_enabled(), ids.chain_length(), ids.get("a")), (false, 3, Some("1")));
    }

    #[test]
    fn switches_are_read_only_where_trusted() {
        let pairs = [("Debug-Log-Enabled", "true"), ("Call-Chain-Length", "3"), ("X-Correlation-Id", "c-1")];
        for (trusted, debug, length) in [(true, true, 4), (false, false, 1)] {
            let mut ids = CorrelationIds::default();
            for (key, value) in pairs {
                ids.take(key, value, trusted);
            }
            ids.complete(|| unreachable!());
            assert_eq!((ids.debug_log_enabled(), ids.chain_length(), ids.get("id")), (debug, length, Some("c-1")));
        }
    }

    #[test]
    fn a_chain_starts_with_its_default() {
        let mut ids = CorrelationIds::default();
        for length in ["abc", "-1", "NaN", "1e9", ""] {
            ids.take(CALL_CHAIN_LENGTH, length, true);
        }
        ids.complete(|| "request-1".to_owned());
        assert_eq!((ids.get("id"), ids.chain_length()), (Some("request-1"), 1));
    }
}
