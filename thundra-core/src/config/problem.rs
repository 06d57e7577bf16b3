//! A value of the configuration that is not used.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::Variable;
use crate::{escape, redact};

/// The longest part of a bad value that is shown.
const MAX_SHOWN_BYTES: usize = 64;

/// A variable of the environment whose value is not used, and the form that the variable takes.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env};
///
/// let (config, problems) = Config::read(&Env::from_pairs([("THUNDRA_MAX_SPANS", "many")]));
/// assert_eq!(config.limits.spans, 10_000);
/// assert_eq!(problems[0].variable(), "THUNDRA_MAX_SPANS");
/// assert_eq!(problems[0].accepted(), "a whole number from 0 to 4294967295");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigProblem {
    variable: Cow<'static, str>,
    value: Option<String>,
    accepted: Cow<'static, str>,
    reason: Reason,
}

/// The reason why a value is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    NotAccepted,
    OnlySeparators,
    NotUnicode,
    WithoutEffect,
    NotRead,
    Unknown,
}

impl ConfigProblem {
    /// Returns the problem of a value that has not the form of its variable.
    ///
    /// Credentials in the value are redacted, since it may be meant for another variable, and it is cut after 64 bytes.
    #[doc(hidden)]
    pub fn not_accepted(variable: &'static str, value: &str, accepted: impl Into<Cow<'static, str>>) -> Self {
        let value = redact::text(value);
        let start = escape::cut(&value, MAX_SHOWN_BYTES);
        let more = if start.len() == value.len() { "" } else { "…" };
        ConfigProblem {
            variable: variable.into(),
            value: Some(format!("{start:?}{more}")),
            accepted: accepted.into(),
            reason: Reason::NotAccepted,
        }
    }

    /// Returns the problem of a value that may hold credentials and has not the form of its variable.
    pub(super) fn secret(variable: &Variable) -> Self {
        Self::new(variable, Reason::NotAccepted)
    }

    pub(super) fn only_separators(variable: &Variable) -> Self {
        Self::new(variable, Reason::OnlySeparators)
    }

    pub(super) fn not_unicode(variable: &Variable) -> Self {
        Self::new(variable, Reason::NotUnicode)
    }

    /// Returns the problem of a value that nothing takes into account, unless the settings are those of `accepted`.
    pub(super) fn without_effect(variable: &Variable, accepted: &'static str) -> Self {
        ConfigProblem { accepted: accepted.into(), ..Self::new(variable, Reason::WithoutEffect) }
    }

    /// Returns the problem of a variable of OpenTelemetry that these crates do not read.
    pub(super) fn not_read(name: &'static str, instead: &'static str) -> Self {
        ConfigProblem { variable: name.into(), value: None, accepted: instead.into(), reason: Reason::NotRead }
    }

    /// Returns the problem of a variable that does not exist.
    pub(super) fn unknown(name: String, nearest: &'static str) -> Self {
        ConfigProblem { variable: name.into(), value: None, accepted: nearest.into(), reason: Reason::Unknown }
    }

    fn new(variable: &Variable, reason: Reason) -> Self {
        ConfigProblem { variable: variable.name.into(), value: None, accepted: variable.form.into(), reason }
    }

    /// The name of the variable.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// The value as it is shown to people: quoted, escaped and cut, without credentials. `None` where all of it may be
    /// a credential.
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// The form that the variable takes; for an unknown variable the nearest name.
    pub fn accepted(&self) -> &str {
        &self.accepted
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfigProblem { variable, value, accepted, reason } = self;
        f.write_str(variable)?;
        if let Some(value) = value {
            write!(f, "={value}")?;
        }
        match reason {
            Reason::NotAccepted => write!(f, " is not used: it takes {accepted}"),
            Reason::OnlySeparators => f.write_str(" is not used: it has nothing but separators"),
            Reason::NotUnicode => f.write_str(" is not used: it is not UTF-8"),
            Reason::WithoutEffect => write!(f, " is not used: it has an effect only with {accepted}"),
            Reason::NotRead => write!(f, " is not read: {accepted}"),
            Reason::Unknown => write!(f, " is not a variable of thundra; the nearest is {accepted}"),
        }
    }
}

impl Error for ConfigProblem {}
