//! The set-up of a function, before the first event.

use thundra_core::{Config, Env, Telemetry};
use thundra_http::TelemetryGuard;
use thundra_http::export::{self, Dependent, Platform};

use super::evidence::Outcome;
use super::{availability_zone, background, durable_replay, watchdog};
use crate::platform::InitializationType;
use crate::{Settings, cloudwatch, emf, remote_config};

/// The crate that a program depends on.
const THIS: Dependent = Dependent {
    package: env!("CARGO_PKG_NAME"),
    authorizers: &[SECRETS, cloudwatch::endpoint],
    take_running: TAKE_RUNNING,
};

/// The running invocations, in a program in which a panic ends the process.
const TAKE_RUNNING: export::TakeRunning = match export::PANICS_ABORT {
    true => |ending| watchdog::take_running(ending, Outcome::Error),
    false => export::take_none,
};

/// The authorizer for headers with secret values.
#[cfg(feature = "secrets")]
const SECRETS: export::Authorizer = crate::secrets::headers;
#[cfg(not(feature = "secrets"))]
const SECRETS: export::Authorizer = export::report_references;

/// Installs telemetry. Outside Lambda, a background thread exports until the guard is dropped.
pub(super) fn install_in_background(telemetry: Telemetry) -> TelemetryGuard {
    durable_replay::know();
    let guard = thundra_http::init_for(THIS, platform(), telemetry.section::<Settings>());
    write_metrics(thundra_core::config());
    read_settings(thundra_core::config());
    export_in_background();
    watch_unwrapped_clients();
    guard
}

/// Installs telemetry for a program with an export at the end of each invocation, and returns the configuration of the
/// process. If telemetry was installed before, the earlier configuration is returned.
pub(crate) fn install(telemetry: Telemetry) -> &'static Config {
    let config = install_during_calls(telemetry);
    watch_unwrapped_clients();
    config
}

/// Installs telemetry as [`install`] does, while AWS calls may be in flight: calls of unwrapped clients are not
/// recorded.
pub(crate) fn install_during_calls(telemetry: Telemetry) -> &'static Config {
    durable_replay::know();
    export::install(THIS, platform(), telemetry.section::<Settings>());
    thundra_core::flushes_itself();
    if export::PANICS_ABORT {
        watchdog::list_all();
    }
    let config = thundra_core::config();
    write_metrics(config);
    // A local run ends before a document could be read.
    if in_lambda() {
        read_settings(config);
    }
    export_in_background();
    watchdog::report_margin_without_watch(config);
    availability_zone::ask(config);
    config
}

/// Writes metrics to standard output, if so configured.
fn write_metrics(config: &Config) {
    emf::install(config, &Settings::of(config).emf);
}

/// Reads settings while the program runs, if `THUNDRA_CONFIG` names a document. A program that is turned off reads
/// nothing.
fn read_settings(config: &Config) {
    if let Some(remote) = Settings::of(config).remote_config.as_ref().filter(|_| !config.disabled) {
        remote_config::start(remote);
    }
}

/// Starts a background thread for exports, on managed instances.
fn export_in_background() {
    if platform() == Platform::ManagedInstance {
        background::start(thundra_core::config());
    }
}

/// Returns the platform of this program.
fn platform() -> Platform {
    match InitializationType::of(&Env::process()) {
        _ if !in_lambda() => Platform::Process,
        InitializationType::ManagedInstances if background::IS_BUILT => Platform::ManagedInstance,
        _ => Platform::Lambda,
    }
}

/// Returns `true` if the environment names a Runtime API.
pub(crate) fn in_lambda() -> bool {
    Env::process().get("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// Records the calls of unwrapped clients from now on.
fn watch_unwrapped_clients() {
    #[cfg(all(feature = "unwrapped-clients", feature = "sdk"))]
    if !thundra_core::config().disabled {
        crate::sdk::unwrapped::watch();
    }
}
