//! Scopes that wait: a scope that nobody records keeps the pairs of the carrier, and begins once something asks it.
//!
//! Most requests to a program that records nothing ask their scope nothing. Such a scope costs a place in the
//! [slab](super::slab), and no ids, no extraction and no record of a span. The first use of the scope wakes it, by any
//! of its handles.

use std::fmt;

use super::scope_state::ScopeState;
use crate::carrier::Trust;
use crate::{Config, SpanId, TraceId};

/// The bytes kept in a place for the carriers of the next scopes.
const KEEP_BYTES: usize = 4 * 1024;

/// The ids of a scope without a parent, known before the scope begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DrawnIds {
    pub(crate) trace_id: TraceId,
    pub(crate) root_id: SpanId,
}

/// Begins a scope that waited.
pub(crate) type Wake = fn(&Waiting, &Woken, &mut ScopeState);

/// What a scope begins with.
#[derive(Clone, Copy)]
pub(crate) struct Woken {
    pub(crate) wake: Wake,
    pub(crate) config: &'static Config,
    pub(crate) trust: Trust,
    pub(crate) ids: Option<DrawnIds>,
}

impl fmt::Debug for Woken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Woken").field("trust", &self.trust).field("ids", &self.ids).finish_non_exhaustive()
    }
}

/// The pairs of a carrier, for a scope that waits. The memory serves the next scope in the place.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// `None` for a scope that has begun.
    woken: Option<Woken>,
    bytes: Vec<u8>,
    /// The ends of the key and the value of each pair.
    ends: Vec<(usize, usize)>,
}

impl Waiting {
    /// Keeps the pairs of a carrier.
    pub(crate) fn keep(&mut self, woken: Woken, pairs: &[(&str, &[u8])]) {
        for (key, value) in pairs {
            self.bytes.extend_from_slice(key.as_bytes());
            let key_end = self.bytes.len();
            self.bytes.extend_from_slice(value);
            self.ends.push((key_end, self.bytes.len()));
        }
        self.woken = Some(woken);
    }

    /// Returns the kept pairs.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        starts.zip(&self.ends).filter_map(|(start, (key_end, end))| {
            let key = std::str::from_utf8(self.bytes.get(start..*key_end)?).ok()?;
            Some((key, self.bytes.get(*key_end..*end)?))
        })
    }

    /// Makes the place ready for another scope.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.woken = None;
        self.bytes.clear();
        self.ends.clear();
        if self.bytes.capacity() + self.ends.capacity() > KEEP_BYTES {
            *self = Waiting::default();
        }
    }
}

impl ScopeState {
    /// Returns `true` for a scope that waits.
    #[inline]
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.woken.is_some()
    }

    /// Returns what the scope begins with, while it waits.
    #[cfg(feature = "otel")]
    #[inline]
    pub(super) fn waiting(&self) -> Option<Woken> {
        self.waiting.woken
    }

    /// Begins a scope that waited.
    #[cold]
    pub(super) fn wake(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        if let Some(woken) = waiting.woken.take() {
            (woken.wake)(&waiting, &woken, self);
        }
        waiting.clear();
        self.waiting = waiting;
    }
}
