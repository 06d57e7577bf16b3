//! The execution environment: ready, restored from a snapshot, in use. The first invocation may be a cold start.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use thundra_core::Config;

use super::availability_zone;
use crate::platform::InitializationType;
use crate::remote_config;

/// The longest wait of a ready environment for the event that started the environment. Lambda gives 10 s to the
/// initialisation on demand, and to the restore. An environment with a longer wait was started ahead of any event.
/// Datadog and OpenTelemetry for JavaScript use the same limit.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// `true` from the first invocation of the environment on.
static IN_USE: AtomicBool = AtomicBool::new(false);

/// `true` after the seeds of ids were renewed in this environment.
static RENEWED: AtomicBool = AtomicBool::new(false);

/// The time of the first request for an event. `None` in a program with its own requests for events.
static READY: Mutex<Option<SystemTime>> = Mutex::new(None);

/// Marks the end of the initialisation, or of the restore: the request for the first event follows.
pub(crate) fn is_ready() {
    *ready() = Some(SystemTime::now());
}

/// Renews the state shared by copies of one snapshot: the seeds of ids, the connections of the exporters, the document
/// with settings and the availability zone.
#[cold]
pub(crate) fn renew(config: &Config) {
    RENEWED.store(true, Ordering::Relaxed);
    thundra_core::renew();
    remote_config::renew();
    availability_zone::ask_after_restore(config);
}

/// Begins an invocation. Returns `true` for a cold start: the caller waited until the environment was ready.
pub(crate) fn begin_invocation(config: &Config) -> bool {
    !IN_USE.swap(true, Ordering::Relaxed) && begin_first(config)
}

#[cold]
fn begin_first(config: &Config) -> bool {
    let kind = InitializationType::of(config.env());
    // A program with its own requests for events receives no notice of the restore.
    if kind == InitializationType::SnapStart && !RENEWED.load(Ordering::Relaxed) {
        renew(config);
    }
    // The system's clock, because the monotonic clock may stand still while the environment is frozen.
    let waited = ready().map(|ready| ready.elapsed().unwrap_or_default());
    is_cold_start(kind, waited)
}

/// Returns `true` if the caller of the first invocation waited for the environment.
fn is_cold_start(kind: InitializationType, waited: Option<Duration>) -> bool {
    match kind {
        InitializationType::ProvisionedConcurrency | InitializationType::ManagedInstances => false,
        InitializationType::OnDemand | InitializationType::SnapStart | InitializationType::Other => {
            waited.is_none_or(|waited| waited <= LONGEST_WAIT)
        }
    }
}

fn ready() -> MutexGuard<'static, Option<SystemTime>> {
    READY.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_who_did_not_wait_for_the_environment_sees_no_cold_start() {
        use InitializationType::{ManagedInstances, OnDemand, Other, ProvisionedConcurrency, SnapStart};
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for (kind, waited, cold, why) in [
            (OnDemand, seconds(0), true, "the event that started the environment"),
            (OnDemand, seconds(10), true, "at the limit"),
            (OnDemand, seconds(11), false, "started ahead of any event"),
            (OnDemand, None, true, "the program requests events by itself"),
            (SnapStart, seconds(0), true, "the caller waited for the restore"),
            (SnapStart, seconds(60), false, "restored ahead of any event"),
            (SnapStart, None, true, "nobody told of the restore"),
            (ProvisionedConcurrency, seconds(0), false, "started ahead, however short"),
            (ManagedInstances, None, false, "started ahead"),
            (Other, seconds(0), true, "a type that nobody knows yet"),
            (Other, seconds(60), false, "a type that starts ahead"),
        ] {
            assert_eq!(is_cold_start(kind, waited), cold, "{kind:?}: {why}");
        }
    }
}
