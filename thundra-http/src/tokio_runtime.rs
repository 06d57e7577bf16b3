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

/// The runtime of the program. The background thread flushes in a runtime of its own, and the runtime of a flush may
/// therefore be another.
static RUNTIME: OnceLock<Handle> = OnceLock::new();

/// Takes the runtime of the current task, unless a runtime is known. Does nothing where metrics are not wanted.
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
