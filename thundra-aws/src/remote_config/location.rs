//! The place of the document, and the time between two readings.

use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thundra_core::config::duration;

// Without a whole query: a line on standard error would redact it.
pub(crate) const FORM: &str = "the name or ARN of a parameter, such as ssm:/orders/telemetry, perhaps with a question \
                               mark and the time between two readings behind it, of a second or more, such as every=1m";

/// The time between two readings, unless set.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5 * 60);

const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// The place of a document with settings, in SSM Parameter Store, from the variable `THUNDRA_CONFIG`.
///
/// The [configuration page](crate::configuration#settings-without-a-redeploy) lists the settings of the document, and
/// the times of a reading. Reading takes the feature `remote-config`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thundra_aws::{RemoteConfig, Settings};
/// use thundra_core::{Env, Telemetry};
///
/// let mut settings = Settings::from_env(&Env::process());
/// settings.remote_config = Some(RemoteConfig::ssm("/orders/telemetry").every(Duration::from_secs(60)));
/// assert_eq!(settings.remote_config, Some("ssm:/orders/telemetry?every=1m".parse()?));
/// let telemetry = Telemetry::builder().settings(settings);
/// # let _ = telemetry;
/// # Ok::<(), thundra_aws::InvalidRemoteConfig>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "remote-config"), allow(dead_code))]
pub struct RemoteConfig {
    /// The name or the ARN of the parameter.
    pub(super) parameter: String,
    pub(super) interval: Duration,
}

impl RemoteConfig {
    /// Returns the place of a document in a parameter, by name or ARN, perhaps with a version or a label as in
    /// `/orders/telemetry:live`. The document is read every five minutes.
    pub fn ssm(parameter: impl Into<String>) -> Self {
        RemoteConfig { parameter: parameter.into(), interval: DEFAULT_INTERVAL }
    }

    /// Sets the time between two readings, at least a second.
    #[must_use]
    pub fn every(self, interval: Duration) -> Self {
        RemoteConfig { interval: interval.max(SHORTEST_INTERVAL), ..self }
    }
}

/// An error for a text that is no place of a document.
///
/// # Examples
///
/// ```
/// use thundra_aws::RemoteConfig;
///
/// assert!("/orders/telemetry".parse::<RemoteConfig>().is_err(), "no store");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidRemoteConfig(());

impl fmt::Display for InvalidRemoteConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the place of a document is {FORM}")
    }
}

impl Error for InvalidRemoteConfig {}

impl FromStr for RemoteConfig {
    type Err = InvalidRemoteConfig;

    fn from_str(text: &str) -> Result<Self, InvalidRemoteConfig> {
        let invalid = || InvalidRemoteConfig(());
        let place = text.trim().strip_prefix("ssm:").ok_or_else(invalid)?;
        let (parameter, options) = place.split_once('?').map_or((place, None), |(name, options)| (name, Some(options)));
        if !is_parameter(parameter) {
            return Err(invalid());
        }
        let remote = RemoteConfig::ssm(parameter);
        let Some(options) = options else { return Ok(remote) };
        let interval = options.strip_prefix("every=").and_then(duration).filter(|time| *time >= SHORTEST_INTERVAL);
        Ok(remote.every(interval.ok_or_else(invalid)?))
    }
}

/// Returns `true` for the name of a parameter, perhaps with a version or a label, and for an ARN.
///
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>
fn is_parameter(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.-:".contains(&byte);
    !name.is_empty() && name.len() <= 2048 && name.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_parameter_and_perhaps_an_interval() {
        let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/orders/telemetry";
        let with_interval = format!("ssm:{arn}?every=90s");
        for (text, parameter, seconds) in [
            ("ssm:/orders/telemetry", "/orders/telemetry", 300),
            ("ssm:telemetry", "telemetry", 300),
            ("ssm:/orders/telemetry:live", "/orders/telemetry:live", 300),
            (" ssm:/orders/telemetry?every=1s ", "/orders/telemetry", 1),
            ("ssm:/orders/telemetry?every=10m", "/orders/telemetry", 600),
            (&with_interval, arn, 90),
        ] {
            let expected = RemoteConfig { parameter: parameter.to_owned(), interval: Duration::from_secs(seconds) };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        for text in [
            "",
            "ssm:",
            "/orders/telemetry",
            "secretsmanager:telemetry",
            "SSM:/a",
            "ssm:/a b",
            "ssm:?every=1m",
            "ssm:/a?",
            "ssm:/a?every=",
            "ssm:/a?every=60",
            "ssm:/a?every=999ms",
            "ssm:/a?every=2d",
            "ssm:/a?often=1m",
        ] {
            assert!(text.parse::<RemoteConfig>().is_err(), "{text}");
        }
        assert_eq!(thundra_core::redact::text(FORM), FORM, "a report shows the form");
        let briefly = RemoteConfig::ssm("/a").every(Duration::ZERO);
        assert_eq!(briefly.interval, SHORTEST_INTERVAL);
    }
}
