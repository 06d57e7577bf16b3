//! The configuration of the process.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Config, Section};
use crate::Env;
use crate::latest::{Latest, Seen};

/// The configuration of the [installed](crate::install) telemetry.
static INSTALLED: OnceLock<Config> = OnceLock::new();
/// The installed configuration with the settings of a document, once a document was read.
static REVISED: Latest<Config> = Latest::new(&SEEN);

thread_local! { static SEEN: Cell<Seen<Config>> = const { Cell::new((0, None)) } }

/// The configuration of the environment, in use before the installation.
static PROVISIONAL: OnceLock<Config> = OnceLock::new();
/// `true` if code outside of the installation has the provisional configuration, and may keep parts of it.
static IS_PROVISIONAL_IN_USE: AtomicBool = AtomicBool::new(false);
/// `true` if a layer has the levels and the limits of the provisional configuration.
static HAS_PROVISIONAL_LAYER: AtomicBool = AtomicBool::new(false);

/// Returns the configuration of the process: the [installed](crate::install) one, else the configuration of the
/// environment.
///
/// With `THUNDRA_CONFIG`, a program reads some settings again at run time, and each call returns the current settings.
/// A scope keeps the settings in force at the begin of the scope.
///
/// A configuration set in code wins for everything read after the installation. A part of the program with values kept
/// from before the installation is reported on standard error.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env};
///
/// let mut config = Config::from_env(&Env::process());
/// config.limits.spans = 500;
/// thundra_core::install(config);
/// assert_eq!(thundra_core::config().limits.spans, 500);
/// ```
pub fn config() -> &'static Config {
    REVISED.get().or_else(installed).unwrap_or_else(|| {
        IS_PROVISIONAL_IN_USE.store(true, Ordering::Relaxed);
        provisional()
    })
}

/// Replaces the configuration of the process with a revised configuration.
pub(crate) fn revise(config: Config) {
    REVISED.set(Some(config));
}

/// Installs a configuration, unless a configuration is installed, and returns the installed configuration.
pub(crate) fn install(make: impl FnOnce() -> Config) -> &'static Config {
    INSTALLED.get_or_init(make)
}

/// Returns the installed configuration, as of the installation.
#[inline]
pub(crate) fn installed() -> Option<&'static Config> {
    INSTALLED.get()
}

/// Returns the configuration for a layer of the program's own subscriber. The layer keeps parts of the configuration.
#[cfg(feature = "registry")]
pub(crate) fn config_of_layer() -> &'static Config {
    installed().unwrap_or_else(|| {
        HAS_PROVISIONAL_LAYER.store(true, Ordering::Relaxed);
        provisional()
    })
}

/// Returns the configuration of the environment, for use until the installation.
#[cold]
pub(crate) fn provisional() -> &'static Config {
    PROVISIONAL.get_or_init(|| Config::from_env(&Env::process()))
}

/// Returns `true` if parts of the program may keep values of the environment's configuration.
pub(crate) fn is_provisional_in_use() -> bool {
    IS_PROVISIONAL_IN_USE.load(Ordering::Relaxed)
}

/// Returns the configuration of the layers made before the installation, if any.
pub(crate) fn provisional_of_layers() -> Option<&'static Config> {
    PROVISIONAL.get().filter(|_| HAS_PROVISIONAL_LAYER.load(Ordering::Relaxed))
}

/// Returns the settings of a dependent crate: from the [installed](crate::install) configuration, else from the
/// environment. Each crate calls this function once and keeps the result.
#[doc(hidden)]
pub fn settings<S: Section>() -> S {
    let config = config();
    config.section().cloned().unwrap_or_else(|| {
        let (settings, problems) = super::read_section(config.env());
        super::report(&problems);
        settings
    })
}
