//! The destinations of metrics. Without a destination, nothing is aggregated.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::config::MEASURES;

const OTLP: u8 = 1;
const WRITER: u8 = 1 << 1;
const EXPONENTIAL: u8 = 1 << 2;

/// The destinations in use: nothing while measuring is off.
static WANTED: AtomicU8 = AtomicU8::new(0);
/// The destinations while measuring is on.
static INSTALLED: AtomicU8 = AtomicU8::new(0);

/// The destinations of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// `true` if an exporter takes metrics as OTLP.
    pub(crate) otlp: bool,
    /// `true` if a [writer](crate::metrics::write_points_with) takes points.
    pub(crate) writer: bool,
    /// `true` if histograms for OTLP have exponential buckets in place of explicit buckets.
    pub(crate) exponential: bool,
}

impl Wanted {
    pub(crate) const NOTHING: Self = Wanted { otlp: false, writer: false, exponential: false };

    /// Returns the current destinations.
    #[inline]
    pub(crate) fn now() -> Self {
        // Relaxed: set at the installation. A thread with the old value behaves as before the installation.
        Self::of(WANTED.load(Ordering::Relaxed))
    }

    /// Returns the destinations of measurements made while measuring was on.
    pub(crate) fn installed() -> Self {
        Self::of(INSTALLED.load(Ordering::Relaxed))
    }

    #[inline]
    const fn of(bits: u8) -> Self {
        let bits = if MEASURES { bits } else { 0 };
        Wanted { otlp: bits & OTLP != 0, writer: bits & WRITER != 0, exponential: bits & EXPONENTIAL != 0 }
    }

    #[inline]
    pub(crate) const fn is_nothing(self) -> bool {
        !self.otlp && !self.writer
    }
}

/// Returns `true` if measurements are aggregated.
#[inline]
pub(crate) fn are_wanted() -> bool {
    !Wanted::now().is_nothing()
}

/// Adds destinations. Rebuilds the interest of callsites, because events with metric fields are now enabled.
pub(crate) fn want(more: Wanted) {
    if !MEASURES {
        return;
    }
    let bit = |is_wanted: bool, bit| if is_wanted { bit } else { 0 };
    let bits = bit(more.otlp, OTLP) | bit(more.writer, WRITER) | bit(more.exponential, EXPONENTIAL);
    INSTALLED.fetch_or(bits, Ordering::Relaxed);
    let before = WANTED.fetch_or(bits, Ordering::Relaxed);
    if (before | bits) & (OTLP | WRITER) != before & (OTLP | WRITER) {
        tracing::callsite::rebuild_interest_cache();
    }
}

/// Turns measuring on or off. The caller has the interest of callsites rebuilt.
pub(crate) fn turn(is_on: bool) {
    let bits = if is_on { INSTALLED.load(Ordering::Relaxed) } else { 0 };
    WANTED.store(bits, Ordering::Relaxed);
}
