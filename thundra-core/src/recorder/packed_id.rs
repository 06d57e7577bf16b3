//! The ids of the [subscriber of our own](super::subscriber): an id *is* the place of the span.
//!
//! `tracing` knows a span by 64 bits of the subscriber's choice. With the place in the bits, no table leads from ids to
//! places, and nothing is looked up when a span is entered.
//!
//! ```text
//!                       63  61           48        38                   16          0
//! Own, MarkedOwn       │ tag │ check: 23              │ record: 22        │ scope: 16 │
//! Ancestor, MarkedIn   │ tag │ callsite: 13 │ no.: 10 │ record: 22        │ scope: 16 │
//! Root                 │ tag │ callsite: 13 │ generation of the scope: 32 │ scope: 16 │
//! Unrecorded           │ tag │ callsite: 13 │ no.: 10 │ generation: 22    │ scope: 16 │
//! Outside              │ tag │ callsite: 13 │ random: 48                              │
//! ```
//!
//! - *scope* is the place of the scope in the [slab](super::slab). A span with a record has a hold on the scope, so the
//!   place belongs to the scope as long as there is a handle of the span, and no generation is needed.
//! - *record* is the index of the span's record in the scope, or of the nearest recorded ancestor's. The record counts
//!   the handles, and no other span gets the record before the last handle is dropped. An id is therefore never used
//!   again while a handle lives.
//! - *check* is a part of the span's random id. A raw `Id` kept beyond the life of the span names no later span.
//! - *no.* tells apart the spans without a record of their own. A thread exits spans in any order, so the
//!   [stack](super::entered) has to find the right one. The spans in the records of others are counted, and the count
//!   starts again after 1,024 of a scope. The number in an unrecorded scope is random.
//! - The spans of an unrecorded scope have no hold, because nothing is recorded. The generation finds the scope, or
//!   nothing after its end: the 22 bits name the [latest](super::slab::Slab::latest) such scope in the place.
//! - *tag* is never 0. An id of another subscriber, such as a young one of a `Registry`, therefore names no place.
//! - *callsite* is a [number](super::callsite_numbers), for spans without a record. A record has the metadata.

use tracing::span::Id;

use super::callsite_numbers::CallsiteNumber;
use super::slot::{ScopeId, SlotKind, SpanSlot};
use crate::SpanId;

/// The number of records of a scope that an id can name.
pub(super) const MAX_RECORDS: u32 = 1 << RECORD_BITS;

const RECORD_BITS: u32 = 22;
/// Above the scope: the record, or the generation of the scope.
const NEXT_AT: u32 = 16;
const CHECK_AT: u32 = NEXT_AT + RECORD_BITS;
/// Above the record, in the place of the check.
const NUMBER_AT: u32 = CHECK_AT;
const CALLSITE_AT: u32 = 48;
const TAG_AT: u32 = 61;

/// The kind of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// A span with a record.
    Own = 1,
    /// A span over the limit: one more handle of the nearest recorded ancestor.
    Ancestor = 2,
    /// A span that marks [replayed](super::replay) work in an unrecorded scope, with a record for the mark.
    MarkedOwn = 3,
    /// A span below: one more handle of the marked span.
    MarkedIn = 4,
    /// The span of a recorded scope.
    Root = 5,
    /// A span of an unrecorded scope, or the scope's span.
    Unrecorded = 6,
    /// A span outside of every scope.
    Outside = 7,
}

/// The id of a span, in parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct PackedId(u64);

impl PackedId {
    /// Returns the id of a span with a record.
    #[inline]
    pub(super) fn own(slot: SpanSlot, id: SpanId) -> Self {
        let tag = if slot.kind() == SlotKind::Unrecorded { Tag::MarkedOwn } else { Tag::Own };
        PackedId(Self::of_record(tag, slot) | check(id))
    }

    /// Returns the id of a span in the record of another. `number` counts such spans of the scope.
    pub(super) fn within(slot: SpanSlot, callsite: CallsiteNumber, number: u32) -> Self {
        let tag = if slot.kind() == SlotKind::Unrecorded { Tag::MarkedIn } else { Tag::Ancestor };
        let number = u64::from(number) << NUMBER_AT & NUMBER;
        PackedId(Self::of_record(tag, slot) | number | callsite.to_u64() << CALLSITE_AT)
    }

    /// Returns the id of a scope's span, or of a span of an unrecorded scope.
    #[inline]
    pub(super) fn of_scope(root: SpanSlot, callsite: CallsiteNumber) -> Self {
        let generation = u64::from(root.scope.generation()) << NEXT_AT;
        let (tag, generation) = match root.kind() {
            SlotKind::Root => (Tag::Root, generation),
            _ => (Tag::Unrecorded, generation & NEXT | SpanId::random().to_bits() & NUMBER),
        };
        PackedId(Self::of_place(tag, root) | generation | callsite.to_u64() << CALLSITE_AT)
    }

    /// Returns the id of a span outside of every scope.
    #[inline]
    pub(super) fn outside(callsite: CallsiteNumber) -> Self {
        let random = SpanId::random().to_bits() & ((1 << CALLSITE_AT) - 1);
        PackedId((Tag::Outside as u64) << TAG_AT | callsite.to_u64() << CALLSITE_AT | random)
    }

    #[inline]
    fn of_place(tag: Tag, slot: SpanSlot) -> u64 {
        (tag as u64) << TAG_AT | u64::from(slot.scope.index())
    }

    #[inline]
    fn of_record(tag: Tag, slot: SpanSlot) -> u64 {
        Self::of_place(tag, slot) | u64::from(slot.index()) << NEXT_AT
    }

    /// Returns the parts of an id.
    #[inline]
    pub(super) fn of(id: &Id) -> Self {
        PackedId(id.into_u64())
    }

    /// Returns the id for `tracing`.
    #[inline]
    pub(super) fn to_id(self) -> Id {
        Id::from_u64(self.0)
    }

    #[inline]
    pub(super) fn tag(self) -> Tag {
        match self.0 >> TAG_AT {
            1 => Tag::Own,
            2 => Tag::Ancestor,
            3 => Tag::MarkedOwn,
            4 => Tag::MarkedIn,
            5 => Tag::Root,
            6 => Tag::Unrecorded,
            // Also an id of another subscriber.
            _ => Tag::Outside,
        }
    }

    /// Returns the place of the scope.
    #[inline]
    pub(super) const fn scope_index(self) -> u32 {
        self.0 as u16 as u32
    }

    /// Returns the index of the record.
    #[inline]
    pub(super) const fn record(self) -> u32 {
        (self.0 >> NEXT_AT) as u32 & (MAX_RECORDS - 1)
    }

    /// Returns the scope of the span of a recorded scope.
    #[inline]
    pub(super) fn scope(self) -> ScopeId {
        ScopeId::new(self.scope_index(), (self.0 >> NEXT_AT) as u32)
    }

    /// Returns the bits of the generation of an unrecorded scope.
    #[inline]
    pub(super) const fn generation(self) -> u32 {
        self.record()
    }

    /// Returns the number of the callsite of an id without a record.
    pub(super) const fn callsite(self) -> CallsiteNumber {
        CallsiteNumber::from_u64(self.0 >> CALLSITE_AT)
    }

    /// Returns `true` if the id may belong to the span that has the record.
    pub(super) fn may_be_of(self, id: SpanId) -> bool {
        self.0 & CHECK == check(id)
    }
}

/// The bits of the record, or of the generation of an unrecorded scope.
const NEXT: u64 = (1 << CHECK_AT) - (1 << NEXT_AT);
/// The bits of the number.
const NUMBER: u64 = (1 << CALLSITE_AT) - (1 << NUMBER_AT);
/// The bits of the check.
const CHECK: u64 = (1 << TAG_AT) - (1 << CHECK_AT);

/// Returns the part of a span's random id that is in the id for `tracing`.
#[inline]
fn check(id: SpanId) -> u64 {
    id.to_bits() & CHECK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(kind: SlotKind) -> SpanSlot {
        SpanSlot::new(ScopeId::new(65_535, 0xdead_beef), MAX_RECORDS - 1, kind)
    }

    #[test]
    fn an_id_is_a_place() {
        let (id, callsite) = (SpanId::random(), CallsiteNumber::from_u64(8191));
        for (packed, tag) in [
            (PackedId::own(slot(SlotKind::Own), id), Tag::Own),
            (PackedId::own(slot(SlotKind::Unrecorded), id), Tag::MarkedOwn),
            (PackedId::within(slot(SlotKind::Ancestor), callsite, u32::MAX), Tag::Ancestor),
            (PackedId::within(slot(SlotKind::Unrecorded), callsite, u32::MAX), Tag::MarkedIn),
        ] {
            assert_eq!((packed.tag(), packed.scope_index(), packed.record()), (tag, 65_535, MAX_RECORDS - 1));
            let has_check = matches!(tag, Tag::Own | Tag::MarkedOwn);
            assert!(if has_check { packed.may_be_of(id) } else { packed.callsite() == callsite }, "{tag:?}");
            assert!(!has_check || (0..9).all(|_| !packed.may_be_of(SpanId::random())), "another span's");
        }
        for (root, tag) in [(slot(SlotKind::Root), Tag::Root), (slot(SlotKind::Unrecorded), Tag::Unrecorded)] {
            let packed = PackedId::of_scope(root, callsite);
            assert_eq!((packed.tag(), packed.scope_index(), packed.callsite()), (tag, 65_535, callsite));
            let is_named = match tag {
                Tag::Root => packed.scope() == root.scope,
                _ => packed.generation() == root.scope.generation() % MAX_RECORDS,
            };
            assert!(is_named, "{tag:?}");
        }
    }

    #[test]
    fn spans_in_the_record_of_another_have_ids_of_their_own() {
        let callsite = CallsiteNumber::from_u64(1);
        let id = |number| PackedId::within(slot(SlotKind::Ancestor), callsite, number);
        assert!((1..1024).all(|number| id(number) != id(0)) && id(1024) == id(0));
    }

    #[test]
    fn spans_outside_of_scopes_have_ids_of_their_own() {
        let callsite = CallsiteNumber::from_u64(1);
        assert_eq!(PackedId::of(&Id::from_u64(1)).tag(), Tag::Outside, "and so have those of other subscribers");
        let (one, other) = (PackedId::outside(callsite), PackedId::outside(callsite));
        assert!(one != other && one.callsite() == callsite && one.tag() == Tag::Outside);
    }
}
