//! Counts of measurements dropped, or aggregated in the overflow point.
//!
//! Measurements are counted under the locks of scopes. Only [`hand_over`] writes to standard error.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::diagnostics;
use crate::pipeline::{Losses, backlog};

static DROPPED: AtomicU64 = AtomicU64::new(0);
static OVERFLOWING: AtomicU64 = AtomicU64::new(0);
static TOO_MANY_INSTRUMENTS: AtomicBool = AtomicBool::new(false);

/// Counts dropped measurements: with an unusable value or name, or over the limit of instruments.
#[cold]
pub(crate) fn count_dropped(measurements: u64) {
    DROPPED.fetch_add(measurements, Ordering::Relaxed);
}

/// Records an instrument over the limit. The measurements of the instrument are dropped.
#[cold]
pub(super) fn note_too_many_instruments() {
    TOO_MANY_INSTRUMENTS.store(true, Ordering::Relaxed);
}

/// Counts measurements aggregated without attributes, over the limit of attribute sets.
#[cold]
pub(crate) fn count_overflowing(measurements: u64) {
    OVERFLOWING.fetch_add(measurements, Ordering::Relaxed);
}

/// Hands the counts to the next root span, and reports each limit once.
pub(crate) fn hand_over() {
    let (dropped, overflowing) = (DROPPED.swap(0, Ordering::Relaxed), OVERFLOWING.swap(0, Ordering::Relaxed));
    if overflowing > 0 {
        diagnostics::once(
            "metrics.overflow",
            "an instrument has over 2,000 sets of attributes, or all have over 20,000: further ones are one point with \
             the attribute otel.metric.overflow; give its metrics fewer distinct values",
        );
    }
    if TOO_MANY_INSTRUMENTS.swap(false, Ordering::Relaxed) {
        diagnostics::once(
            "metrics.instruments",
            "there are over 1,000 metrics: further ones are not recorded; names made at run time are better attributes",
        );
    }
    if dropped + overflowing > 0 {
        let mut losses = Losses::dropped_measurements(dropped);
        losses += Losses::overflowing_measurements(overflowing);
        backlog::count(losses);
    }
}
