//! The reasons to export a scope not sampled by the head sampler.

use std::time::Duration;

use super::duration::duration;
use super::list as v;
use super::reader::Reader;

/// The reasons to export the spans of a scope not sampled by the head sampler (`THUNDRA_KEEP`).
///
/// A scope is an invocation, a server request or a record of a batch. With a `Keep`, the spans of each unsampled scope
/// are recorded, and the end of the scope decides: the spans are exported if a reason applies, and are dropped
/// otherwise. Calls to other programs carry the decision of the head sampler.
///
/// Any `Keep`, [`Keep::default`] included, keeps a scope that the program has marked with the attribute `thundra.keep`,
/// `true`, on any span of the scope, and a scope with [debug logs](crate#debug-logs).
///
/// At most 10 scopes a second are kept, after a first burst of 100. The spans of further scopes are counted as lost.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use thundra_core::{Config, Env, Keep, Sampler, testing};
///
/// let mut config = Config::from_env(&Env::from_pairs::<&str, &str>([]));
/// config.sampler = Sampler::ratio(0.0);
/// config.keep = Some(Keep::default().errors().slow(Duration::from_secs(1)));
///
/// let (_, spans) = testing::record_with(&config, "checkout", || tracing::error!("declined"));
/// assert_eq!(spans[0].attribute("thundra.keep.reason").unwrap().to_string(), "[error]");
/// let (_, spans) = testing::record_with(&config, "checkout", || tracing::info!("charged"));
/// assert!(spans.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    pub(crate) errors: bool,
    pub(crate) slow: Option<Duration>,
    pub(crate) cold: bool,
}

impl Keep {
    /// Keeps scopes with a failed span. A scope that panicked, timed out or was cancelled has a failed span.
    #[must_use]
    pub fn errors(self) -> Self {
        Keep { errors: true, ..self }
    }

    /// Keeps scopes with a root span longer than the limit. Of several limits the shortest applies.
    #[must_use]
    pub fn slow(self, limit: Duration) -> Self {
        Keep { slow: Some(self.slow.map_or(limit, |other| other.min(limit))), ..self }
    }

    /// Keeps cold starts: the initialisation of a Lambda function, and the first invocation.
    #[must_use]
    pub fn cold(self) -> Self {
        Keep { cold: true, ..self }
    }

    /// Reads the list of reasons. `None` without a reason.
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let reasons = reader.items(&v::KEEP, reason)?;
        reasons.into_iter().flatten().reduce(Keep::or)
    }

    fn or(self, other: Self) -> Self {
        let both = Keep { errors: self.errors || other.errors, cold: self.cold || other.cold, ..self };
        other.slow.map_or(both, |limit| both.slow(limit))
    }
}

/// Reads an item of the list: a reason, or the word `none`. `None` for any other text.
fn reason(item: &str) -> Option<Option<Keep>> {
    let item = item.to_ascii_lowercase();
    let reason = match item.split_once(':') {
        Some((name, limit)) if name.trim_end() == "slow" => Keep::default().slow(duration(limit)?),
        Some(_) => return None,
        None => match item.as_str() {
            "none" => return Some(None),
            "errors" => Keep::default().errors(),
            "cold" => Keep::default().cold(),
            _ => return None,
        },
    };
    Some(Some(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Env};

    #[test]
    fn the_list_names_reasons() {
        let none = Keep::default();
        let slow = |ms| none.slow(Duration::from_millis(ms));
        for (list, keep, refused, why) in [
            ("errors", Some(none.errors()), None, "one reason"),
            ("errors,slow:500ms,cold", Some(slow(500).errors().cold()), None, "all reasons"),
            (" Errors , SLOW: 1.5 s ,", Some(slow(1_500).errors()), None, "spaces and case"),
            ("slow:2s,slow:1s,slow:3s", Some(slow(1_000)), None, "the shortest limit keeps most"),
            ("slow:0", Some(slow(0)), None, "everything is slower than nothing"),
            ("none", None, None, "no reason"),
            ("none,cold", Some(none.cold()), None, "a reason after all"),
            ("slow", None, Some("slow"), "no limit"),
            ("slow:", None, Some("slow:"), "no limit"),
            ("slow:500", None, Some("slow:500"), "no unit"),
            ("slow=500ms,cold", Some(none.cold()), Some("slow=500ms"), "another sign"),
            ("errors:500ms", None, Some("errors:500ms"), "errors have no limit"),
            ("error,errors", Some(none.errors()), Some("error"), "no such word"),
            ("sluggish,cold,warm", Some(none.cold()), Some("sluggish,warm"), "the good ones of a list"),
        ] {
            let (config, problems) = Config::read(&Env::from_pairs([("THUNDRA_KEEP", list)]));
            assert_eq!(config.keep, keep, "{list}: {why}");
            let line = |items| {
                format!("THUNDRA_KEEP={items:?} is not used: it takes a list of errors, slow:500ms, cold; or none")
            };
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            assert_eq!(problems, refused.map(line).into_iter().collect::<Vec<_>>(), "{list}: {why}");
        }
    }
}
