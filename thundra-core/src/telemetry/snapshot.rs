//! Snapshots of this process (Lambda SnapStart): copies of one process must not repeat each other.

use super::process::{PIPELINE, unexported};
use crate::id;
use crate::pipeline::{Losses, backlog};
use crate::points::collection;

/// Forgets all records that wait for a flush, and returns the losses of each exporter. Called before a snapshot and
/// after the last flush: each copy would export the records again.
#[doc(hidden)]
pub fn forget_unexported() -> Vec<Losses> {
    let losses = unexported();
    backlog::forget();
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.forget();
    }
    losses
}

/// Renews the seeds of ids and the connections of the exporters, which copies of this process share. Called before a
/// snapshot, and in each process restored from the snapshot.
#[doc(hidden)]
pub fn renew() {
    id::renew_seeds();
    collection::restart();
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.renew();
    }
}
