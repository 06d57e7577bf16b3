//! Two threads that record concurrently: shared state makes the threads wait.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use crate::Result;
use crate::bench::Bench;
use crate::section::{Column, Section};
use crate::stacks::{Export, Kind, STACKS, workload_a};

const TRACES: u64 = 5;
const BELOW: u64 = 100;

pub(super) fn sections() -> Vec<Section> {
    let note = "Five traces of 1 + 100 spans, first on one thread, then on two threads at once. Nanoseconds a span on \
                each thread until the slower thread is done, and the ratio of both. The exporters drop the spans \
                after the time was taken. The test needs two cores that run nothing else.";
    vec![Section::new("threads", "Two threads", note).variants(STACKS.map(|kind| kind.variant(measure))).columns([
        Column::spread("one", "one"),
        Column::spread("two", "two"),
        Column::spread("ratio", "two/one"),
    ])]
}

fn measure(kind: Kind, bench: &mut Bench) -> Result<()> {
    let stack = kind.set_up(Export::Drop)?;
    let spans = workload_a(TRACES, BELOW).spans;
    let work = || (0..TRACES).for_each(|_| stack.workload_a(black_box(BELOW)));
    let other = Other::default();
    thread::scope(|scope| {
        scope.spawn(|| other.follow(work, || stack.flush()));
        bench.repeat(|laps| {
            // The run alone is directly followed by the run beside the other thread, so the ratio compares neighbours.
            let started = Instant::now();
            work();
            let one = started.elapsed();
            stack.flush();
            let started = Instant::now();
            other.begin();
            work();
            other.wait();
            let two = started.elapsed();
            stack.flush();
            other.begin();
            other.wait();
            laps.add("one", one, spans);
            laps.add("two", two, spans);
            laps.number("ratio", two.as_secs_f64() / one.as_secs_f64());
        });
        other.end();
    });
    Ok(())
}

/// The second thread. The thread spins, because waking a thread takes as long as the work, and yields in case of a
/// single core.
#[derive(Default)]
struct Other {
    /// The begun steps: work and flush in turn.
    begun: AtomicU64,
    done: AtomicU64,
}

const END: u64 = u64::MAX;

impl Other {
    fn follow(&self, work: impl Fn(), flush: impl Fn()) {
        for step in 1.. {
            while self.begun.load(Ordering::Acquire) < step {
                thread::yield_now();
            }
            match self.begun.load(Ordering::Acquire) {
                END => return,
                odd if !odd.is_multiple_of(2) => work(),
                _ => flush(),
            }
            self.done.store(step, Ordering::Release);
        }
    }

    fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Release);
    }

    fn wait(&self) {
        while self.done.load(Ordering::Acquire) < self.begun.load(Ordering::Acquire) {
            thread::yield_now();
        }
    }

    fn end(&self) {
        self.begun.store(END, Ordering::Release);
    }
}
