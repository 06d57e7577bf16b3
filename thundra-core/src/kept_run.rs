//! The memory of a run of records that left, or were copied, kept by the thread for the spans of its next scope.
//!
//! An invocation of Lambda is one scope and one flush, mostly on one thread. The spans of most invocations need more
//! bytes than an allocator hands out on its fast path.

use std::cell::Cell;

/// The most bytes of memory that a thread keeps.
const MOST_KEPT: usize = 64 * 1024;

thread_local! {
    static KEPT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Returns an empty run with room for a number of bytes, in the kept memory if there is any.
#[cold]
pub(crate) fn with_room(room: usize) -> Vec<u8> {
    let mut run = KEPT.try_with(Cell::take).unwrap_or_default();
    run.reserve(room);
    run
}

/// Keeps the memory of a run, unless more is kept already.
pub(crate) fn keep(mut run: Vec<u8>) {
    if run.capacity() <= MOST_KEPT {
        run.clear();
        // A thread during shutdown has no further scope.
        let _ = KEPT.try_with(|kept| {
            let before = kept.take();
            kept.set(if before.capacity() > run.capacity() { before } else { run });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_bounded_memory_is_used_again() {
        let mut run = with_room(2 * 1024);
        run.extend_from_slice(b"spans");
        let memory = (run.as_ptr(), run.capacity());
        keep(run);
        keep(Vec::with_capacity(1024));
        keep(Vec::with_capacity(2 * MOST_KEPT));
        let (run, other) = (with_room(1024), with_room(1024));
        assert_eq!(((run.as_ptr(), run.capacity()), run.len()), (memory, 0));
        assert_eq!(other.capacity(), 1024, "nothing is kept");
    }
}
