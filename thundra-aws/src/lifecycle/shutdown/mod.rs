//! The end of an environment: waiting records are exported, if the program asks for the export.
//!
//! Lambda ends an idle environment with SIGKILL. For an environment with a registered extension, even one without
//! events, Lambda sends SIGTERM first, [500 ms before] SIGKILL for an internal extension. An extension costs a request
//! at the start and a connection for the life of the environment, and is therefore registered only on request.
//!
//! ```text
//! extension.rs: register, and wait for events that never come ─► Lambda sends SIGTERM
//! signal.rs: SIGTERM ─► flush on connections of its own ─► end by the same signal
//! ```
//!
//! [500 ms before]: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-shutdown

#[cfg(all(unix, feature = "shutdown"))]
mod extension;
#[cfg(all(unix, feature = "shutdown"))]
mod signal;

use std::sync::atomic::{AtomicBool, Ordering};

use thundra_core::{Config, diagnostics};

use crate::Settings;

/// `true` after `#[handler(shutdown)]`.
static IS_ASKED_FOR: AtomicBool = AtomicBool::new(false);

/// Exports the waiting records at the end of the environment, regardless of `THUNDRA_SHUTDOWN`. Called before
/// [`run`](crate::run).
pub fn export_at_shutdown() {
    IS_ASKED_FOR.store(true, Ordering::Relaxed);
}

/// Prepares for the end of the environment, before the first request for an event: Lambda takes registrations during
/// the initialisation alone.
pub(super) async fn prepare(config: &'static Config) {
    if config.disabled || !(IS_ASKED_FOR.load(Ordering::Relaxed) || Settings::of(config).shutdown) {
        return;
    }
    if let Err(error) = watch(config).await {
        diagnostics::once(
            "shutdown",
            format_args!("telemetry that waits when Lambda ends the environment is lost: {error}"),
        );
    }
}

#[cfg(all(unix, feature = "shutdown"))]
async fn watch(config: &'static Config) -> Result<(), lambda_runtime::Error> {
    signal::watch()?;
    super::watchdog::list_all();
    extension::register(config.env()).await
}

#[cfg(not(all(unix, feature = "shutdown")))]
async fn watch(_: &'static Config) -> Result<(), &'static str> {
    Err("an export at that time needs the feature `shutdown` of thundra-aws, on Unix")
}
