//! The cached answers of the callsites of `tracing` and of the `log` crate about being enabled.

use std::sync::atomic::{AtomicBool, Ordering};

use tracing::level_filters::LevelFilter;
use tracing_log::{AsLog, log};

/// `true` if records of the `log` crate become events through our bridge.
static HAS_BRIDGE: AtomicBool = AtomicBool::new(false);

/// Records the installation of this crate's bridge from the `log` crate. Gives the `log` crate the levels of the
/// subscriber.
pub(crate) fn bridged() {
    HAS_BRIDGE.store(true, Ordering::Relaxed);
    log::set_max_level(LevelFilter::current().as_log());
}

/// Makes `tracing` ask the subscribers again about every callsite. `tracing` asks a single subscriber as the default of
/// the calling thread.
pub(crate) fn rebuild() {
    tracing::callsite::rebuild_interest_cache();
    if HAS_BRIDGE.load(Ordering::Relaxed) {
        log::set_max_level(LevelFilter::current().as_log());
    }
}
