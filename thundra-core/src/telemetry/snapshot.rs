//! Snapshots of the process (Lambda SnapStart): copies of a process must not repeat each other.

use super::process::{PIPELINE, unexported};
use crate::id;
use crate::pipeline::{Losses, backlog};
use crate::points::collection;

/// Forgets all waiting records, and returns the losses of each exporter. Called before a snapshot and after the last
/// flush, because each copy would export the records again.
#[doc(hidden)]
pub fn forget_unexported() -> Vec<Losses> {
    let losses = unexported();
    backlog::forget();
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.forget();
    }
    losses
}

/// Renews the seeds of ids and the connections of the exporters. Copies of a process would share both. Called before a
/// snapshot, and in each process restored from the snapshot.
#[doc(hidden)]
pub fn renew() {
    id::renew_seeds();
    collection::restart();
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.renew();
    }
}
