//! Recording: from `tracing` spans to finished OTLP bytes.
//!
//! ```text
//! tracing span ─ layer.rs ─► table.rs: where is it?  ─► slab.rs: its scope, locked ─► open.rs: the span
//!                   │ fields
//!                   └─ visit.rs ─► bytes, before any lock is taken
//! ```
//!
//! A scope (an invocation, a request, a record of a batch) owns a place in the slab: its open spans, and
//! the bytes of those that have ended. What all scopes share is never locked: a span finds its scope by
//! reading two numbers. Fields are encoded in a buffer of the thread first, so that a user's `Debug` runs
//! outside the lock; it may itself record spans.

pub(crate) mod layer;
pub(crate) mod open;
pub(crate) mod silence;
pub(crate) mod slab;
pub(crate) mod stack;
mod table;
mod visit;

use std::fmt;
use std::num::NonZeroU64;

pub(crate) use slab::{SCOPES, ScopeId};

/// The target of the spans that carry a scope. They are made at ERROR, so that no level filters them.
pub(crate) const SCOPE_TARGET: &str = "thundra";

/// Where a span is recorded. Two registers, with or without `Option`: it is copied at every step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) scope: ScopeId,
    /// The index of the open span in its scope, and the kind in the low three bits.
    entry: NonZeroU64,
}

/// What a place is to the span that found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlaceKind {
    /// The span's own record.
    Own,
    /// The root of a scope: its record is ended by the scope, not by the span that carries it.
    Root,
    /// The nearest recorded ancestor of a span that was over the limit.
    Ancestor,
    /// The root of a scope that records nothing.
    Unrecorded,
}

impl Place {
    #[inline]
    pub(crate) const fn new(scope: ScopeId, span: u32, kind: PlaceKind) -> Self {
        // The third bit is always set: zero is kept for `None`.
        let entry = (span as u64) << 3 | 4 | kind as u64;
        match NonZeroU64::new(entry) {
            Some(entry) => Place { scope, entry },
            None => Place { scope, entry: NonZeroU64::MAX },
        }
    }

    /// The index of the open span in its scope.
    #[inline]
    pub(crate) const fn span(self) -> u32 {
        (self.entry.get() >> 3) as u32
    }

    #[inline]
    pub(crate) const fn kind(self) -> PlaceKind {
        match self.entry.get() & 3 {
            0 => PlaceKind::Own,
            1 => PlaceKind::Root,
            2 => PlaceKind::Ancestor,
            _ => PlaceKind::Unrecorded,
        }
    }

    /// Itself as two numbers, as the table keeps it.
    #[inline]
    const fn pack(self) -> (u64, u64) {
        (self.scope.to_u64(), self.entry.get())
    }

    #[inline]
    fn unpack(scope: u64, entry: u64) -> Option<Self> {
        NonZeroU64::new(entry).map(|entry| Place { scope: ScopeId::from_u64(scope), entry })
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}[{}] ({:?})", self.scope, self.span(), self.kind())
    }
}
