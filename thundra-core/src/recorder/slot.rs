//! The address of a span's record: the scope, and the index within the scope.

use std::fmt;
use std::num::NonZeroU64;

/// Names a scope by index in the slab and generation of the index. A name with an earlier generation finds nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScopeId(u64);

impl ScopeId {
    pub(super) const fn new(index: u32, generation: u32) -> Self {
        ScopeId((generation as u64) << 32 | index as u64)
    }

    pub(crate) const fn from_u64(id: u64) -> Self {
        ScopeId(id)
    }

    pub(crate) const fn to_u64(self) -> u64 {
        self.0
    }

    pub(super) const fn index(self) -> u32 {
        self.0 as u32
    }

    pub(super) const fn generation(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

impl fmt::Debug for ScopeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeId({}.{})", self.index(), self.generation())
    }
}

/// Refers to the record of a span. With or without `Option`, a slot fits into two registers: every step copies the
/// slot.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SpanSlot {
    pub(crate) scope: ScopeId,
    /// The index of the span in the scope, with the kind in the low three bits.
    entry: NonZeroU64,
}

/// The relation between a `tracing` span and the record of the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlotKind {
    /// The span's own record.
    Own,
    /// The root span of a scope. The end of the scope ends the record, not the close of the scope span.
    Root,
    /// The nearest recorded ancestor of a span over the limit.
    Ancestor,
    /// The root span of an unrecorded scope.
    Unrecorded,
}

impl SpanSlot {
    #[inline]
    pub(crate) const fn new(scope: ScopeId, index: u32, kind: SlotKind) -> Self {
        // The third bit is always set, so zero is free for `None`.
        let entry = (index as u64) << 3 | 4 | kind as u64;
        match NonZeroU64::new(entry) {
            Some(entry) => SpanSlot { scope, entry },
            None => SpanSlot { scope, entry: NonZeroU64::MAX },
        }
    }

    /// Returns the slot of a scope's root span.
    pub(crate) const fn root_of(scope: ScopeId, recorded: bool) -> Self {
        SpanSlot::new(scope, 0, if recorded { SlotKind::Root } else { SlotKind::Unrecorded })
    }

    /// Returns the slot of the root span of the same scope.
    pub(crate) const fn root(self) -> Self {
        SpanSlot::root_of(self.scope, !matches!(self.kind(), SlotKind::Unrecorded))
    }

    /// Returns the index of the span in the scope.
    #[inline]
    pub(crate) const fn index(self) -> u32 {
        (self.entry.get() >> 3) as u32
    }

    #[inline]
    pub(crate) const fn kind(self) -> SlotKind {
        match self.entry.get() & 3 {
            0 => SlotKind::Own,
            1 => SlotKind::Root,
            2 => SlotKind::Ancestor,
            _ => SlotKind::Unrecorded,
        }
    }

    /// Returns the slot as two numbers. The second number is never zero.
    #[cfg(feature = "registry")]
    #[inline]
    pub(super) const fn pack(self) -> (u64, u64) {
        (self.scope.to_u64(), self.entry.get())
    }

    /// Reads the two numbers of [`pack`](Self::pack); `None` if the second number is zero.
    #[cfg(feature = "registry")]
    #[inline]
    pub(super) fn unpack(scope: u64, entry: u64) -> Option<Self> {
        NonZeroU64::new(entry).map(|entry| SpanSlot { scope: ScopeId::from_u64(scope), entry })
    }
}

impl fmt::Debug for SpanSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}[{}] ({:?})", self.scope, self.index(), self.kind())
    }
}
