//! Scopes that wait: a scope that nobody records keeps the pairs of the carrier, and begins once something asks it.
//!
//! Most requests to a program that records nothing ask their scope nothing. Such a scope costs a place in the
//! [slab](super::slab), and no ids, no extraction and no record of a span. The first use of the scope wakes it, by any
//! of its handles.

use std::fmt;

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

/// What a scope begins with.
#[derive(Clone, Copy)]
pub(crate) struct Woken {
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

    /// Returns what the scope begins with, while it waits.
    #[inline]
    pub(super) fn woken(&self) -> Option<Woken> {
        self.woken
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
