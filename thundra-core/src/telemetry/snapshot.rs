//! Snapshots of this process (Lambda SnapStart): copies of one process must not repeat each other.

use super::process::{PIPELINE, unexported};
use crate::id;
use crate::pipeline::{Losses, backlog};

/// Forgets everything that waits for a flush, and returns it as losses, for each exporter. Called before a snapshot and
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

/// Renews what copies of this process share: the seeds of ids, and the connections of the exporters. Called before a
/// snapshot, and in each process restored from the snapshot.
#[doc(hidden)]
pub fn renew() {
    id::renew_seeds();
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.renew();
    }
}
