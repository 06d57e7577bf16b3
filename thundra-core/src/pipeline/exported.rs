//! The signals that this process exports. Nobody records log records or data points that nothing takes.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::Signal;
use crate::config::LOGS;
use crate::signal::Signals;

/// The bits of [`Signals`]: none before the exporters are installed.
static EXPORTED: AtomicU8 = AtomicU8::new(0);

/// Returns `true` if an installed exporter takes records of the signal, and the configuration does not exclude them.
#[inline]
pub(crate) fn exports(signal: Signal) -> bool {
    // Relaxed: records before another thread's installation may be missing in any case.
    (LOGS || signal != Signal::Logs) && Signals::from_bits(EXPORTED.load(Ordering::Relaxed)).contains(signal)
}

/// Sets the exported signals. No signal is exported while recording is off.
pub(crate) fn set_exported(signals: Signals) {
    #[cfg(feature = "testing")]
    let signals = signals.with(Signals::from_bits(TESTED.load(Ordering::Relaxed)));
    EXPORTED.store(signals.bits(), Ordering::Relaxed);
}

/// The signals recorded for tests, independent of the exported signals.
#[cfg(feature = "testing")]
static TESTED: AtomicU8 = AtomicU8::new(0);

/// Records signals for tests from now on.
#[cfg(feature = "testing")]
pub(crate) fn record_for_tests(signals: Signals) {
    TESTED.fetch_or(signals.bits(), Ordering::Relaxed);
    EXPORTED.fetch_or(signals.bits(), Ordering::Relaxed);
}
