//! The figures of the program's Tokio runtime, read at each collection of metrics.

use std::sync::OnceLock;

use thundra_core::metrics::{Instrument, Observations, are_wanted, observe_with};
use tokio::runtime::Handle;

static WORKERS: Instrument =
    Instrument::gauge("tokio.runtime.workers", "{thread}", "The number of worker threads of the Tokio runtime.");
static ALIVE_TASKS: Instrument =
    Instrument::gauge("tokio.runtime.alive_tasks", "{task}", "The number of tasks of the Tokio runtime.");
static QUEUE_DEPTH: Instrument = Instrument::gauge(
    "tokio.runtime.global_queue_depth",
    "{task}",
    "The number of tasks that wait in the global queue of the Tokio runtime.",
);

/// The runtime of the program. A background thread that flushes has a runtime of its own, so that the one at a flush
/// may be another.
static RUNTIME: OnceLock<Handle> = OnceLock::new();

/// Takes the runtime of the current task, unless one is known. Does nothing where nobody wants metrics.
#[inline]
pub(crate) fn note() {
    if are_wanted() && RUNTIME.get().is_none() {
        keep();
    }
}

#[cold]
fn keep() {
    if let Ok(runtime) = Handle::try_current()
        && RUNTIME.set(runtime).is_ok()
    {
        observe_with(observe);
    }
}

fn observe(observations: &mut Observations) {
    if let Some(metrics) = RUNTIME.get().map(Handle::metrics) {
        observations.record(&WORKERS, metrics.num_workers(), &[]);
        observations.record(&ALIVE_TASKS, metrics.num_alive_tasks(), &[]);
        observations.record(&QUEUE_DEPTH, metrics.global_queue_depth(), &[]);
    }
}
