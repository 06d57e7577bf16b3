//! The metrics of the process, by the [conventions]. Resources in use are gauges, because each value is meaningful
//! alone.
//!
//! [conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/system/process-metrics.md

use std::sync::{Mutex, PoisonError};

use crate::points::collection::Observations;
use crate::points::instrument::Instrument;
use crate::semconv;
use crate::usage::{Memory, Threads, Totals, since_start};

static CPU_TIME: Instrument =
    Instrument::counter("process.cpu.time", "s", "Total CPU seconds broken down by different CPU modes.");
static DISK_IO: Instrument = Instrument::counter("process.disk.io", "By", "Disk bytes transferred.");
static MEMORY_USAGE: Instrument =
    Instrument::gauge("process.memory.usage", "By", "The amount of physical memory in use.");
static MEMORY_VIRTUAL: Instrument =
    Instrument::gauge("process.memory.virtual", "By", "The amount of committed virtual memory.");
static THREADS: Instrument = Instrument::gauge("process.thread.count", "{thread}", "Process threads count.");
static UPTIME: Instrument = Instrument::gauge("process.uptime", "s", "The time the process has been running.");

/// The totals at the last collection.
static LAST: Mutex<Option<(Totals, Threads)>> = Mutex::new(None);

pub(super) fn observe(observations: &mut Observations) {
    // Two collections at once read and replace one after the other: a time or a byte is counted once.
    let mut kept = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let (last, of_last) = kept.unwrap_or_default();
    let (now, threads) = (Totals::now(), Threads::now());
    // A failed read must not make the next one count everything again.
    *kept = Some((Totals { disk: now.disk.or(last.disk), ..now }, threads.unwrap_or(of_last)));
    drop(kept);
    if let Some(threads) = threads {
        let (user, system) = (threads.user.saturating_sub(of_last.user), threads.system.saturating_sub(of_last.system));
        for (mode, time) in [("user", user), ("system", system)] {
            observations.record(&CPU_TIME, time.as_secs_f64(), &[(semconv::CPU_MODE, mode.into())]);
        }
        observations.record(&THREADS, threads.count, &[]);
    }
    if let Some(disk) = now.disk {
        let disk = disk.since(last.disk.unwrap_or_default());
        for (direction, bytes) in [("read", disk.incoming), ("write", disk.outgoing)] {
            observations.record(&DISK_IO, bytes, &[(semconv::DISK_IO_DIRECTION, direction.into())]);
        }
    }
    if let Some(memory) = Memory::now() {
        observations.record(&MEMORY_USAGE, memory.resident, &[]);
        observations.record(&MEMORY_VIRTUAL, memory.mapped, &[]);
    }
    if let Some(uptime) = since_start() {
        observations.record(&UPTIME, uptime.as_secs_f64(), &[]);
    }
}
