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
pub(crate) mod slab;
pub(crate) mod stack;
mod table;
mod visit;

use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) use slab::{SCOPES, ScopeId};

/// Where a span is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) scope: ScopeId,
    /// The index of the open span in its scope.
    pub(crate) span: u32,
    pub(crate) kind: PlaceKind,
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
    /// The index and the kind in one number, as the table keeps them.
    pub(super) const fn pack(self) -> u64 {
        (self.span as u64) << 2
            | match self.kind {
                PlaceKind::Own => 0,
                PlaceKind::Root => 1,
                PlaceKind::Ancestor => 2,
                PlaceKind::Unrecorded => 3,
            }
    }

    pub(super) const fn unpack(scope: u64, packed: u64) -> Self {
        let kind = match packed & 3 {
            0 => PlaceKind::Own,
            1 => PlaceKind::Root,
            2 => PlaceKind::Ancestor,
            _ => PlaceKind::Unrecorded,
        };
        Place { scope: ScopeId::from_u64(scope), span: (packed >> 2) as u32, kind }
    }
}

/// Nanoseconds since 1970 by the system's clock.
pub(crate) fn now() -> u64 {
    unix_nano(SystemTime::now())
}

pub(crate) fn unix_nano(time: SystemTime) -> u64 {
    // Good until the year 2554; a clock before 1970 says 0.
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs().wrapping_mul(1_000_000_000).wrapping_add(since.subsec_nanos().into()))
}
