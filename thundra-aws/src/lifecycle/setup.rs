//! What a function sets up once, before its first event.

use thundra_core::{Config, Env, Telemetry};
use thundra_http::TelemetryGuard;
use thundra_http::export::{self, Platform};

use crate::Settings;

/// The crate whose features a program turns on.
const PACKAGE: &str = env!("CARGO_PKG_NAME");

/// Installs telemetry where a background thread exports, outside Lambda.
pub(super) fn install_in_background(telemetry: Telemetry) -> TelemetryGuard {
    let guard = thundra_http::init_for(PACKAGE, platform(), telemetry.section::<Settings>());
    watch_unwrapped_clients();
    guard
}

/// Installs telemetry for a program that exports at the end of each invocation. Returns the configuration of the
/// process, which is another one if something was installed before.
pub(crate) fn install(telemetry: Telemetry) -> &'static Config {
    let config = install_during_calls(telemetry);
    watch_unwrapped_clients();
    config
}

/// Installs what [`install`] does, while AWS calls may be in flight: those of unwrapped clients are not recorded.
pub(crate) fn install_during_calls(telemetry: Telemetry) -> &'static Config {
    export::install(PACKAGE, platform(), telemetry.section::<Settings>());
    thundra_core::flushes_itself();
    thundra_core::config()
}

/// Returns where this program runs.
fn platform() -> Platform {
    if in_lambda() { Platform::Lambda } else { Platform::Process }
}

/// Returns `true` if there is a Runtime API to take events from.
pub(crate) fn in_lambda() -> bool {
    Env::process().get("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Records the calls of clients that nobody wrapped from now on.
fn watch_unwrapped_clients() {
    #[cfg(all(feature = "unwrapped-clients", feature = "sdk"))]
    if !thundra_core::config().disabled {
        crate::sdk::unwrapped::watch();
    }
}
