//! What a function sets up once.

use std::sync::Mutex;
use std::sync::PoisonError;

use thundra_core::{Config, Env, TraceContext, install};
use thundra_http::{Host, exporters};

/// Where this program runs.
pub(super) fn host() -> Host {
    if in_lambda() { Host::Lambda } else { Host::Process }
}

/// Whether there is a Runtime API to take events from.
pub(super) fn in_lambda() -> bool {
    Env::process().get("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Installs the configuration of the environment, its exporters, and the subscriber, and watches the clients that
/// nobody wrapped. A second call changes nothing.
pub(super) fn telemetry() {
    install_telemetry(config());
}

/// As [`telemetry`], where calls may be under way already.
pub(super) fn telemetry_at_work() {
    install_telemetry(Config::from_env(&Env::process()));
}

fn install_telemetry(config: Config) {
    let exporters = if config.disabled { Vec::new() } else { exporters(&config, host()) };
    install(config, exporters);
}

/// The configuration of the environment. The clients that nobody wrapped are watched from now on.
pub(super) fn config() -> Config {
    let config = Config::from_env(&Env::process());
    #[cfg(all(feature = "forgotten", feature = "sdk"))]
    if !config.disabled {
        crate::sdk::forgotten::watch();
    }
    config
}

/// The trace of the initialisation, until the first invocation links to it.
static INIT: Mutex<Option<TraceContext>> = Mutex::new(None);

pub(super) fn remember(context: Option<TraceContext>) {
    *INIT.lock().unwrap_or_else(PoisonError::into_inner) = context;
}

pub(super) fn take() -> Option<TraceContext> {
    INIT.lock().unwrap_or_else(PoisonError::into_inner).take()
}
