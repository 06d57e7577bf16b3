use super::super::slot::{ScopeId, SlotKind, SpanSlot};

#[test]
fn a_slot_survives_being_packed() {
    for kind in [SlotKind::Own, SlotKind::Root, SlotKind::Ancestor, SlotKind::Unrecorded] {
        for (index, generation, span) in [(0, 0, 0), (65_535, u32::MAX, 1), (1, 7, u32::MAX)] {
            let slot = SpanSlot::new(ScopeId::new(index, generation), span, kind);
            assert_eq!((slot.index(), slot.kind()), (span, kind));
            assert_eq!((slot.scope.index(), slot.scope.generation()), (index, generation));
            let (scope, entry) = slot.pack();
            assert_eq!(SpanSlot::unpack(scope, entry), Some(slot));
        }
    }
    assert_eq!(SpanSlot::unpack(1, 0), None);
}
