//! Invalid values of the configuration.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;

use super::Variable;
use crate::{escape, redact};

/// The longest shown part of an invalid value.
const MAX_SHOWN_BYTES: usize = 64;

/// A variable with an invalid value, and the form of valid values.
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

/// The reason why a value is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    NotAccepted,
    /// The value is the path of a file, and the file cannot be read.
    Unreadable(io::ErrorKind),
    OnlySeparators,
    NotUnicode,
    WithoutEffect,
    NotRead,
    Unknown,
}

impl ConfigProblem {
    /// Returns the problem of a value without the accepted form.
    ///
    /// Credentials in the value are redacted, because the value may be meant for another variable, and the value is cut
    /// after 64 bytes.
    #[doc(hidden)]
    pub fn not_accepted(
        variable: impl Into<Cow<'static, str>>,
        value: &str,
        accepted: impl Into<Cow<'static, str>>,
    ) -> Self {
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

    /// Returns the problem of a path to an unreadable file.
    pub(super) fn unreadable(variable: &Variable, path: &str, error: io::ErrorKind) -> Self {
        ConfigProblem { reason: Reason::Unreadable(error), ..Self::not_accepted(variable.name, path, variable.form) }
    }

    /// Returns the problem of a value without the accepted form. The problem hides the value, because the value may
    /// contain credentials.
    pub(super) fn secret(variable: &Variable) -> Self {
        Self::new(variable, Reason::NotAccepted)
    }

    pub(super) fn only_separators(variable: &Variable) -> Self {
        Self::new(variable, Reason::OnlySeparators)
    }

    pub(super) fn not_unicode(variable: &Variable) -> Self {
        Self::new(variable, Reason::NotUnicode)
    }

    /// Returns the problem of a variable for context with a value that is not Unicode.
    pub(crate) fn context_not_unicode(variable: String) -> Self {
        ConfigProblem { variable: variable.into(), value: None, accepted: "".into(), reason: Reason::NotUnicode }
    }

    /// Returns the problem of a value without effect: only the settings in `accepted` use the variable.
    pub(super) fn without_effect(variable: &Variable, accepted: &'static str) -> Self {
        ConfigProblem { accepted: accepted.into(), ..Self::new(variable, Reason::WithoutEffect) }
    }

    /// Returns the problem of an unsupported variable of OpenTelemetry.
    pub(super) fn not_read(name: &'static str, instead: &'static str) -> Self {
        ConfigProblem { variable: name.into(), value: None, accepted: instead.into(), reason: Reason::NotRead }
    }

    /// Returns the problem of an unknown variable.
    pub(super) fn unknown(name: String, nearest: &'static str) -> Self {
        ConfigProblem { variable: name.into(), value: None, accepted: nearest.into(), reason: Reason::Unknown }
    }

    /// Returns the problem without the value.
    pub(super) fn without_value(self) -> Self {
        ConfigProblem { value: None, ..self }
    }

    /// Returns `true` for the problem of a value, independent of other variables.
    pub(super) fn is_about_value(&self) -> bool {
        self.reason != Reason::WithoutEffect
    }

    fn new(variable: &Variable, reason: Reason) -> Self {
        ConfigProblem { variable: variable.name.into(), value: None, accepted: variable.form.into(), reason }
    }

    /// Returns the name of the variable.
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Returns the value for people: quoted, escaped and cut, without credentials. `None` if all of the value may be a
    /// credential.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Config, Env};
    ///
    /// let (_, problems) = Config::read(&Env::from_pairs([("THUNDRA_MAX_SPANS", "many")]));
    /// assert_eq!(problems[0].value(), Some("\"many\""));
    /// ```
    pub fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// Returns the form of valid values; for an unknown variable, the nearest known name.
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
            Reason::Unreadable(error) => write!(f, " is not used: it takes {accepted} ({error})"),
            Reason::OnlySeparators => f.write_str(" is not used: it has nothing but separators"),
            Reason::NotUnicode => f.write_str(" is not used: it is not UTF-8"),
            Reason::WithoutEffect => write!(f, " is not used: it has an effect only with {accepted}"),
            Reason::NotRead => write!(f, " is not read: {accepted}"),
            Reason::Unknown => write!(f, " is not a variable of thundra; the nearest is {accepted}"),
        }
    }
}

impl Error for ConfigProblem {}
