//! Tests of the parts shared by several threads, sequential and under load.

mod slab;
mod slot;
mod span_index;

use std::sync::atomic::{AtomicUsize, Ordering};

/// A spinning barrier. Threads leave within nanoseconds of each other.
struct Gate {
    threads: usize,
    arrivals: AtomicUsize,
}

impl Gate {
    const fn new(threads: usize) -> Self {
        Gate { threads, arrivals: AtomicUsize::new(0) }
    }

    /// Lets everybody pass from now on, so that a failed thread leaves no other waiting.
    fn open(&self) {
        self.arrivals.store(usize::MAX / 2, Ordering::Release);
    }

    /// Waits until all threads have come.
    fn pass(&self) {
        let arrival = self.arrivals.fetch_add(1, Ordering::AcqRel);
        let all = (arrival / self.threads + 1) * self.threads;
        let mut spins = 0_u32;
        while self.arrivals.load(Ordering::Acquire) < all {
            // On a busy machine the other threads may need this one's core.
            spins += 1;
            if spins.is_multiple_of(1024) { std::thread::yield_now() } else { std::hint::spin_loop() }
        }
    }
}
