//! The correlation ids of a scope.

use std::borrow::Cow;

use super::keys::{CORRELATION_ID, CORRELATION_TRACEPARENT, MAX_VALUE_BYTES, full_key, is_value};
use crate::redact::mask;

/// The most ids of a scope, besides [`CORRELATION_ID`].
pub(super) const MAX_IDS: usize = 40;

/// The number of ids whose memory the next scope gets.
const KEPT_IDS: usize = 4;

/// The correlation ids of a scope.
///
/// # Examples
///
/// ```
/// use thundra_core::propagation::CorrelationIds;
///
/// let mut ids = CorrelationIds::default();
/// assert!(ids.set("order", "o-9"));
/// assert!(!ids.set("order", "a line\nbreak"), "a header could not carry it");
/// assert_eq!(ids.iter().collect::<Vec<_>>(), [("x-correlation-order", "o-9")]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CorrelationIds {
    /// The ids, sorted by key.
    pub(super) ids: Vec<Id>,
    /// The last received value without effect.
    overwritten: Option<Box<Overwritten>>,
    pub(crate) user_agent: Option<String>,
    pub(crate) debug: Option<bool>,
    pub(crate) chain_length: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Id {
    pub(super) key: Cow<'static, str>,
    pub(super) value: String,
    /// `true` if the value came from a carrier.
    pub(super) received: bool,
}

/// A received value without effect, replaced by the program or preceded by another value of the key, in a list of such
/// values. Few scopes have any.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Overwritten {
    id: Id,
    before: Option<Box<Overwritten>>,
}

impl CorrelationIds {
    /// Returns the value of `x-correlation-{key}`. The key may include the prefix.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::propagation::CorrelationIds;
    ///
    /// let mut ids = CorrelationIds::default();
    /// ids.set("order", "o-9");
    /// assert_eq!((ids.get("order"), ids.get("x-correlation-order")), (Some("o-9"), Some("o-9")));
    /// ```
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.position(key).or_else(|_| self.position(&full_key(key).unwrap_or_default())).ok()?;
        self.ids.get(at).map(|id| id.value.as_str())
    }

    /// Returns the ids with full, lower-case keys, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ids.iter().map(|id| (&*id.key, id.value.as_str()))
    }

    /// Returns the ids as telemetry shows them: with the values of [masked](mask) keys replaced.
    #[inline]
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.iter().map(|(key, value)| match key {
            CORRELATION_ID => (key, mask::unlisted_text(key, value)),
            _ => (key, mask::text(key, value)),
        })
    }

    /// Returns the number of programs in the chain of calls, including this program.
    pub fn chain_length(&self) -> u32 {
        self.chain_length.max(1)
    }

    /// Counts this program as the first one in the chain of calls.
    pub(crate) fn restart_chain(&mut self) {
        self.chain_length = 1;
    }

    /// Counts this program in another chain of calls too, as received, and keeps the longer length.
    pub(crate) fn continue_chain(&mut self, received: &CorrelationIds) {
        if received.chain_length > 0 {
            self.chain_length = self.chain_length.max(received.chain_length.saturating_add(1));
        }
    }

    /// Returns `true` if debug logs are enabled for the chain of calls.
    pub fn debug_log_enabled(&self) -> bool {
        self.debug == Some(true)
    }

    /// Sets `x-correlation-{key}` and returns `true`; `false` for an invalid id. The key may include the prefix.
    ///
    /// A key consists of ASCII letters, digits, `-`, `_` and `.`. A value is 1 to 256 bytes of printable ASCII, fit for
    /// a header. A scope has up to 40 ids besides `x-correlation-id`.
    pub fn set(&mut self, key: &str, value: &str) -> bool {
        self.put(MAX_IDS, key, value, false)
    }

    pub(super) fn put(&mut self, limit: usize, key: &str, value: &str, received: bool) -> bool {
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

    pub(super) fn overwrite(&mut self, id: Id) {
        self.overwritten = Some(Box::new(Overwritten { id, before: self.overwritten.take() }));
    }

    pub(super) fn overwritten(&self) -> impl Iterator<Item = &Id> {
        let last = self.overwritten.as_deref();
        std::iter::successors(last, |last| last.before.as_deref()).map(|overwritten| &overwritten.id)
    }

    /// Adds the values of another carrier for everything missing here, and keeps the longer chain of calls.
    pub(crate) fn fill(&mut self, other: CorrelationIds) {
        if self.ids.is_empty() {
            self.ids = other.ids;
        } else {
            for id in other.ids {
                if self.position(&id.key).is_err() {
                    self.insert(id, MAX_IDS);
                }
            }
        }
        self.debug = self.debug.or(other.debug);
        self.chain_length = self.chain_length.max(other.chain_length);
        self.user_agent = self.user_agent.take().or(other.user_agent);
    }

    /// Begins with the ids taken from a carrier. Without any, the memory of earlier ids is used again.
    #[inline]
    pub(crate) fn begin(&mut self, received: &mut CorrelationIds) {
        std::mem::swap(self, received);
        if self.ids.is_empty() {
            std::mem::swap(&mut self.ids, &mut received.ids);
        }
    }

    /// Removes everything, and keeps memory for a few ids. Returns the memory of an id, for the next
    /// [complete](Self::complete) ids.
    #[inline]
    pub(crate) fn clear(&mut self) -> String {
        let CorrelationIds { ids, overwritten, user_agent, debug, chain_length } = self;
        let mut memory = ids.pop().map(|id| id.value).unwrap_or_default();
        memory.clear();
        memory.shrink_to(MAX_VALUE_BYTES);
        ids.clear();
        ids.shrink_to(KEPT_IDS);
        (*overwritten, *user_agent, *debug, *chain_length) = (None, None, None, 0);
        memory
    }

    /// Returns the position of a full key, or the position for an insertion.
    fn position(&self, key: &str) -> Result<usize, usize> {
        self.ids.binary_search_by(|id| (*id.key).cmp(key))
    }

    /// Returns `true` if the chain of calls has an id.
    pub(crate) fn has_id(&self) -> bool {
        self.position(CORRELATION_ID).is_ok()
    }

    /// Decides on debug logs at the start of a chain of calls. A later program of the chain changes nothing.
    #[doc(hidden)]
    pub fn draw_debug(&mut self, draw: impl FnOnce() -> bool) {
        if self.debug.is_none() && self.chain_length == 0 {
            self.debug = draw().then_some(true);
        }
    }

    /// Counts this program in the chain of calls, and adds an id to a new chain.
    pub(crate) fn complete(&mut self, default_id: impl FnOnce() -> String) {
        if let Err(at) = self.position(CORRELATION_ID) {
            let value = default_id();
            if is_value(&value) {
                self.ids.insert(at, Id { key: CORRELATION_ID.into(), value, received: false });
            }
        }
        self.chain_length = self.chain_length.saturating_add(1);
    }
}
