//! The environment a configuration is read from: the process, or a map in tests.

use std::collections::BTreeMap;

/// A source of environment variables.
///
/// Nothing else in these crates reads the process environment, so a test passes a map and touches no
/// global state.
///
/// # Examples
///
/// ```
/// let env = thundra_core::Env::from_pairs([("OTEL_SERVICE_NAME", "billing"), ("OTEL_PROPAGATORS", " ")]);
/// assert_eq!(env.get("OTEL_SERVICE_NAME").as_deref(), Some("billing"));
/// assert_eq!(env.get("OTEL_PROPAGATORS"), None); // empty is unset, as OpenTelemetry asks for
/// ```
#[derive(Clone, Debug)]
pub struct Env(Source);

#[derive(Clone, Debug)]
enum Source {
    Process,
    Map(BTreeMap<String, String>),
}

impl Env {
    /// The environment of this process.
    pub fn process() -> Self {
        Env(Source::Process)
    }

    /// An environment with just these variables.
    pub fn from_pairs<K, V>(pairs: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        Env(Source::Map(pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect()))
    }

    /// The value of a variable, trimmed; `None` when it is unset, blank, or not Unicode.
    pub fn get(&self, name: &str) -> Option<String> {
        let value = match &self.0 {
            Source::Process => std::env::var(name).ok(),
            Source::Map(map) => map.get(name).cloned(),
        }?;
        let trimmed = value.trim();
        if trimmed.is_empty() {
            None
        } else if trimmed.len() == value.len() {
            Some(value)
        } else {
            Some(trimmed.to_owned())
        }
    }

    /// The names of all variables that start with `prefix`.
    pub(crate) fn names_with_prefix(&self, prefix: &str) -> Vec<String> {
        match &self.0 {
            Source::Process => std::env::vars_os()
                .filter_map(|(k, _)| k.into_string().ok())
                .filter(|k| k.starts_with(prefix))
                .collect(),
            Source::Map(map) => map.keys().filter(|k| k.starts_with(prefix)).cloned().collect(),
        }
    }
}
