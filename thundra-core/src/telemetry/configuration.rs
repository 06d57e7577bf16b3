//! The one configuration of this process.

use std::sync::OnceLock;

use crate::config::{self, Section};
use crate::{Config, Env};

static CONFIG: OnceLock<Config> = OnceLock::new();

/// Returns the configuration of this process: the one that was [installed](crate::install), else the environment's.
pub fn config() -> &'static Config {
    CONFIG.get_or_init(|| Config::from_env(&Env::process()))
}

/// Returns the settings of a crate that depends on this one: those of the [installed](crate::install) configuration, else
/// those of the environment. Called once by each such crate, which keeps them.
#[doc(hidden)]
pub fn settings<S: Section>() -> S {
    let config = config();
    config.section().cloned().unwrap_or_else(|| {
        let (settings, problems) = config::read_section(config.env());
        config::report(&problems);
        settings
    })
}

/// Sets the configuration of this process. Returns `false` if it is set already.
pub(super) fn set(config: &Config) -> bool {
    CONFIG.set(config.clone()).is_ok()
}
