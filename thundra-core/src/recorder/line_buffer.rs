//! A buffer of lines, or of log records. The buffer evicts the oldest entries to make room for new entries.
//!
//! The memory of buffers is reused, and bounded for the whole process: a service may have thousands of open scopes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most bytes of memory for the buffers of the process, unless a single buffer may have more.
const PROCESS_BYTES: usize = 16 << 20;
/// The first memory of a buffer.
const FIRST_BYTES: usize = 4 << 10;
/// The most buffers kept for reuse. As many scopes keep lines at a time without an allocation.
const POOLED: usize = 64;

/// The bytes of memory of all buffers.
static MEMORY: AtomicUsize = AtomicUsize::new(0);
static POOL: Mutex<Vec<LineBuffer>> = Mutex::new(Vec::new());

fn pool() -> MutexGuard<'static, Vec<LineBuffer>> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lines, the oldest first.
#[derive(Debug, Default)]
pub(super) struct LineBuffer {
    bytes: VecDeque<u8>,
    lengths: VecDeque<usize>,
    /// The part of [`MEMORY`] in the buffer.
    memory: usize,
    /// The number of lines evicted, or too large for the buffer.
    evicted: u64,
}

impl LineBuffer {
    /// Returns an empty buffer, with memory of an earlier one.
    pub(super) fn pooled() -> Self {
        pool().pop().unwrap_or_default()
    }

    /// Gives the memory back.
    pub(super) fn recycle(mut self) {
        self.bytes.clear();
        self.lengths.clear();
        self.evicted = 0;
        let mut pool = pool();
        if pool.len() < POOLED {
            pool.push(self);
        }
    }

    /// Adds a line, made of parts, within a limit of bytes. A line over the limit counts as evicted.
    pub(super) fn push(&mut self, parts: &[&[u8]], limit: usize) {
        let length = parts.iter().map(|part| part.len()).sum();
        let room = self.make_room(length, limit);
        if length > room {
            self.evicted += 1;
            return;
        }
        while self.bytes.len() + length > room && self.evict() {}
        parts.iter().for_each(|part| self.bytes.extend(*part));
        self.lengths.push_back(length);
    }

    /// Returns the lines in one piece.
    pub(super) fn lines(&mut self) -> &[u8] {
        self.bytes.make_contiguous()
    }

    /// Returns the number of lines.
    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// Returns the number of lines evicted, or too large for the buffer.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    fn evict(&mut self) -> bool {
        let Some(length) = self.lengths.pop_front() else { return false };
        self.bytes.drain(..length.min(self.bytes.len()));
        self.evicted += 1;
        true
    }

    /// Gets memory for more bytes, if available, and returns the room for all lines.
    fn make_room(&mut self, more: usize, limit: usize) -> usize {
        let needed = self.bytes.len().saturating_add(more).min(limit);
        if needed > self.memory {
            let memory = needed.max(2 * self.memory).max(FIRST_BYTES).min(limit);
            let further = memory - self.memory;
            if take_memory(further, limit) || (free_pool() && take_memory(further, limit)) {
                self.memory = memory;
                self.bytes.reserve_exact(memory - self.bytes.len());
            }
        }
        self.memory.min(limit)
    }
}

impl Drop for LineBuffer {
    fn drop(&mut self) {
        // Relaxed: the number alone is shared.
        MEMORY.fetch_sub(self.memory, Ordering::Relaxed);
    }
}

/// Takes memory out of the process's share. Returns `false` if too little is left.
fn take_memory(bytes: usize, limit: usize) -> bool {
    let most = PROCESS_BYTES.max(limit);
    let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= most);
    // Relaxed: the number alone is shared.
    MEMORY.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
}

/// Frees the memory of pooled buffers. Returns `false` without pooled buffers.
#[cold]
fn free_pool() -> bool {
    !std::mem::take(&mut *pool()).is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(buffer: &mut LineBuffer) -> (String, u64) {
        (String::from_utf8(buffer.lines().to_vec()).unwrap(), buffer.evicted())
    }

    /// Held by each test: all buffers share the memory of the process.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn the_oldest_lines_make_room() {
        let _alone = ALONE.lock().unwrap();
        for (limit, lines, kept, evicted, why) in [
            (9, &["aa\n", "bb\n", "cc\n"][..], "aa\nbb\ncc\n", 0, "all fit"),
            (9, &["aa\n", "bb\n", "cc\n", "d\n"], "bb\ncc\nd\n", 1, "the first one makes room"),
            (9, &["aa\n", "bb\n", "cc\n", "ddddddd\n"], "ddddddd\n", 3, "several make room"),
            (9, &["aa\n", "ddddddddd\n", "b\n"], "aa\nb\n", 1, "a line over the limit evicts no other"),
            (0, &["a\n"], "", 1, "no room at all"),
            (9, &[], "", 0, "no lines"),
        ] {
            let mut buffer = LineBuffer::default();
            lines.iter().for_each(|line| buffer.push(&[&line.as_bytes()[..1], &line.as_bytes()[1..]], limit));
            assert_eq!(text(&mut buffer), (kept.to_owned(), evicted), "{why}");
        }
    }

    #[test]
    fn all_buffers_together_have_a_limit() {
        let _alone = ALONE.lock().unwrap();
        let line = vec![b'x'; 64 << 10];
        let mut buffers: Vec<_> = (0..20).map(|_| LineBuffer::default()).collect();
        for buffer in &mut buffers {
            (0..16).for_each(|_| buffer.push(&[&line], 1 << 20));
        }
        assert!(MEMORY.load(Ordering::Relaxed) <= PROCESS_BYTES);
        let full = buffers.iter().filter(|buffer| buffer.len() == 16).count();
        assert!((10..=16).contains(&full), "{full}");
        assert!(
            buffers.iter().all(|buffer| buffer.len() as u64 + buffer.evicted() == 16),
            "what did not fit is counted"
        );
        // The pool gives way to buffers in use.
        buffers.drain(..full).for_each(LineBuffer::recycle);
        let mut next = LineBuffer::default();
        next.push(&[&line], 8 << 20);
        assert_eq!((next.len(), next.evicted()), (1, 0));
    }

    #[test]
    fn a_buffer_grows_up_to_its_limit_and_no_further() {
        let _alone = ALONE.lock().unwrap();
        let mut buffer = LineBuffer::default();
        let line = [b'x'; 100];
        for limit in [20_000, 50_000] {
            for _ in 0..1000 {
                buffer.push(&[&line], limit);
                assert!(buffer.bytes.capacity() <= limit, "{}", buffer.bytes.capacity());
                assert_eq!(buffer.memory, buffer.bytes.capacity());
            }
            assert_eq!(buffer.bytes.len(), limit);
        }
    }
}
