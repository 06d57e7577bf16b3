//! Export from a background thread, on [managed instances].
//!
//! A managed instance serves many invocations at once and never freezes. With a flush for each invocation, each would
//! wait for the collector, and the collector would receive many small requests. The thread exports about once a second,
//! and whenever about 1 MiB waits.
//!
//! [managed instances]: https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-execution-environment.html

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use thundra_core::Config;
use thundra_http::export::Worker;

/// `false` in a build without the feature `managed-instances`. The compiler then drops the thread, and each invocation
/// exports, as elsewhere in Lambda.
pub(super) const IS_BUILT: bool = cfg!(feature = "managed-instances");

static WORKER: Mutex<Option<Worker>> = Mutex::new(None);

/// `true` while the thread runs.
static IS_RUNNING: AtomicBool = AtomicBool::new(false);

/// Starts the thread, once. Without the thread, each invocation exports, as elsewhere in Lambda.
pub(super) fn start(config: &Config) {
    if !IS_BUILT {
        return;
    }
    let mut worker = WORKER.lock().unwrap_or_else(PoisonError::into_inner);
    if worker.is_none() && !config.disabled {
        *worker = Worker::start(config.otlp.flush_limit());
        IS_RUNNING.store(worker.is_some(), Ordering::Relaxed);
    }
}

/// Returns `true` if a background thread exports.
pub(crate) fn is_running() -> bool {
    IS_BUILT && IS_RUNNING.load(Ordering::Relaxed)
}

/// Ends the thread after a last export, at the end of the program.
pub(super) fn end() {
    if !IS_BUILT {
        return;
    }
    let worker = WORKER.lock().unwrap_or_else(PoisonError::into_inner).take();
    if IS_RUNNING.swap(false, Ordering::Relaxed) {
        drop(worker);
    }
}
