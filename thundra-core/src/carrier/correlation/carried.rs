//! Correlation ids in carriers: extraction, limits, and recognition of forwarded ids.

use super::super::ows;
use super::ids::{CorrelationIds, Id, MAX_IDS};
use super::keys::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, DEBUG_LOG_ENABLED, PREFIX, USER_AGENT, full_key, header_bytes, is_value,
};

/// The most further values kept for recognition.
const MAX_FURTHER: usize = 8;
/// The most ids taken from an untrusted caller. The rest of [`MAX_IDS`] is for the scope's own ids.
const MAX_UNTRUSTED_IDS: usize = 32;
/// The most bytes of ids, counted as headers, taken from an untrusted caller. Every call and every log line repeats the
/// ids.
const MAX_UNTRUSTED_BYTES: usize = 1024;

impl CorrelationIds {
    /// Reads one pair of a carrier. Keys match in any case, and the first value of a key wins. `trusted` is `true` if
    /// the debug switch and the chain length take effect.
    pub(crate) fn take(&mut self, key: &str, value: &str, trusted: bool) -> Taken {
        if starts_with_ignore_case(key, PREFIX) {
            let limit = if trusted { MAX_IDS } else { MAX_UNTRUSTED_IDS };
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
            self.debug = self.debug.or(debug.filter(|_| trusted));
            return Taken::Debug(debug);
        }
        if key.eq_ignore_ascii_case(CALL_CHAIN_LENGTH) {
            let length = chain_length(value);
            if trusted && self.chain_length == 0 {
                self.chain_length = length.unwrap_or_default();
            }
            return Taken::ChainLength(length);
        }
        if key.eq_ignore_ascii_case(USER_AGENT) && is_value(value) && self.user_agent.is_none() {
            self.user_agent = Some(value.to_owned());
        }
        Taken::NotOurs
    }

    /// Removes ids beyond [`MAX_UNTRUSTED_BYTES`] and returns the number of removed ids. The id of the chain of calls
    /// stays, then the others in order.
    pub(crate) fn bound(&mut self) -> u32 {
        // Most callers send none.
        if self.ids.is_empty() {
            return 0;
        }
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

    /// Returns `true` if a full key has the value now, or was received with the value.
    pub(crate) fn was_received(&self, key: &str, value: &str) -> bool {
        ows::all_known(value, |value| {
            self.get(key) == Some(value)
                || self.overwritten().any(|old| old.key.eq_ignore_ascii_case(key) && old.value == value)
        })
    }

    /// Keeps a further value of an id, for recognition.
    #[cold]
    fn take_further(&mut self, key: &str, value: &str) {
        let is_new = is_value(value) && self.overwritten().count() < MAX_FURTHER && !self.was_received(key, value);
        if let Some(key) = full_key(key).filter(|_| is_new) {
            self.overwrite(Id { key, value: value.to_owned(), received: true });
        }
    }
}

/// The kind of an extracted pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// An id, or a further value of one.
    Id,
    /// A malformed id, or one over a limit.
    Dropped,
    /// The length of the chain of calls; `None` for a malformed length.
    ChainLength(Option<u32>),
    /// The debug switch; `None` for a malformed switch.
    Debug(Option<bool>),
    /// A pair with another key.
    NotOurs,
}

/// Parses a chain length. JavaScript may write a number with a fraction.
pub(crate) fn chain_length(value: &str) -> Option<u32> {
    // Nearly every length has one digit, and a number with a fraction costs more to read.
    match value.as_bytes() {
        [digit @ b'0'..=b'9'] => Some(u32::from(digit - b'0')),
        _ => value.parse::<f64>().ok().filter(|n| (0.0..1e6).contains(n)).map(|n| n as u32),
    }
}

/// Parses the debug switch.
pub(crate) fn debug(value: &str) -> Option<bool> {
    match value {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn starts_with_ignore_case(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}
