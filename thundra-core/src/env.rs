//! The environment of a configuration: the variables of the process, or a map.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

/// A source of environment variables.
///
/// Every setting is read from the `Env` of the configuration, so a test passes a map and touches no global state. The
/// crates read [`Env::process`] themselves only for a program without a configuration in code, and to detect the
/// platform.
///
/// # Examples
///
/// ```
/// let env = thundra_core::Env::from_pairs([("OTEL_SERVICE_NAME", "billing"), ("OTEL_PROPAGATORS", " ")]);
/// assert_eq!(env.get("OTEL_SERVICE_NAME").as_deref(), Some("billing"));
/// assert_eq!(env.get("OTEL_PROPAGATORS"), None); // blank is unset, as OpenTelemetry requires
/// ```
#[derive(Clone)]
pub struct Env(Source);

#[derive(Clone)]
enum Source {
    Process,
    Map(Arc<BTreeMap<String, OsString>>),
    /// Variables that win over the variables of another source.
    Over(Arc<(BTreeMap<String, OsString>, Source)>),
}

/// Shows only the names, because values may be credentials.
impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Process => f.write_str("Env(Process)"),
            Source::Map(map) => f.debug_tuple("Env").field(&map.keys()).finish(),
            Source::Over(sources) => f.debug_tuple("Env").field(&sources.0.keys()).finish_non_exhaustive(),
        }
    }
}

impl Env {
    /// Returns the environment of the process. Each call of [`get`](Self::get) reads the current value of a variable.
    pub fn process() -> Self {
        Env(Source::Process)
    }

    /// Returns an environment with exactly the given variables.
    ///
    /// # Examples
    ///
    /// A test reads a configuration without touching the environment of the process:
    ///
    /// ```
    /// use thundra_core::{Config, Env, Sampler};
    ///
    /// let config = Config::from_env(&Env::from_pairs([("OTEL_TRACES_SAMPLER", "always_off")]));
    /// assert_eq!(config.sampler, Sampler::ratio(0.0));
    /// ```
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<OsString>,
    {
        Env(Source::Map(Arc::new(pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect())))
    }

    /// Returns the environment with other variables above.
    pub(crate) fn under<'a>(&self, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let above = pairs.map(|(name, value)| (name.to_owned(), value.into())).collect();
        Env(Source::Over(Arc::new((above, self.0.clone()))))
    }

    /// Returns the value of a variable, trimmed. `None` if it is unset, blank, or not Unicode.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = self.raw(name)?.into_string().ok()?;
        let trimmed = value.trim();
        if trimmed.is_empty() {
            None
        } else if trimmed.len() == value.len() {
            Some(value)
        } else {
            Some(trimmed.to_owned())
        }
    }

    /// Returns `true` if the value of a variable is not Unicode.
    pub(crate) fn is_not_unicode(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|value| value.to_str().is_none())
    }

    fn raw(&self, name: &str) -> Option<OsString> {
        self.0.raw(name)
    }

    /// Returns the names of all variables that start with `prefix`.
    pub(crate) fn names_with_prefix(&self, prefix: &str) -> Vec<String> {
        self.0.names_with_prefix(prefix)
    }
}

impl Source {
    fn raw(&self, name: &str) -> Option<OsString> {
        match self {
            Source::Process => std::env::var_os(name),
            Source::Map(map) => map.get(name).cloned(),
            Source::Over(sources) => sources.0.get(name).cloned().or_else(|| sources.1.raw(name)),
        }
    }

    fn names_with_prefix(&self, prefix: &str) -> Vec<String> {
        let of_map = |map: &BTreeMap<String, OsString>| map.keys().filter(|k| k.starts_with(prefix)).cloned().collect();
        match self {
            Source::Process => std::env::vars_os()
                .map(|(k, _)| k.to_string_lossy().into_owned())
                .filter(|k| k.starts_with(prefix))
                .collect(),
            Source::Map(map) => of_map(map),
            Source::Over(sources) => [of_map(&sources.0), sources.1.names_with_prefix(prefix)].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_value() {
        let env = Env::from_pairs([("OTEL_EXPORTER_OTLP_HEADERS", "api-key=s3cr3t")]);
        assert_eq!(format!("{env:?}"), "Env([\"OTEL_EXPORTER_OTLP_HEADERS\"])");
        assert_eq!(format!("{:?}", Env::process()), "Env(Process)");
    }
}
