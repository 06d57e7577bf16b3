//! Patterns of payloads, the value of `THUNDRA_INJECT_PAYLOAD`.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

/// The form of a list of patterns.
pub(crate) const FORM: &str = "a list such as kinesis,lambda:orders-*,!kinesis:lake-*; or none";

/// The default as a text.
pub(crate) const DEFAULT: &str = "`kinesis,eventbridge,lambda,stepfunctions`";

/// A service with context in its payloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PayloadService {
    Kinesis,
    EventBridge,
    Lambda,
    StepFunctions,
}

impl PayloadService {
    const ALL: [Self; 4] = [Self::Kinesis, Self::EventBridge, Self::Lambda, Self::StepFunctions];

    /// Returns the name in patterns.
    fn name(self) -> &'static str {
        match self {
            Self::Kinesis => "kinesis",
            Self::EventBridge => "eventbridge",
            Self::Lambda => "lambda",
            Self::StepFunctions => "stepfunctions",
        }
    }
}

/// The pattern without a service.
const NONE: &str = "none";

/// A list of payloads by service and target, as in `kinesis,lambda:orders-*`.
///
/// The services are `kinesis`, `eventbridge`, `lambda` and `stepfunctions`. The targets are the names of streams,
/// buses, functions and state machines. `*` stands for any text, and `!` before a pattern excludes.
///
/// The last matching pattern decides, and exceptions come last: `kinesis,!kinesis:lake-*`. A payload without a match
/// stays unchanged. A list with an exclusion as first pattern is an exception to all payloads instead. `none` matches
/// nothing.
///
/// Defaults to all services.
///
/// # Examples
///
/// ```
/// let patterns: thundra_aws::PayloadPatterns = "kinesis,!kinesis:lake-*".parse()?;
/// assert!(patterns.allow("kinesis", "orders") && !patterns.allow("kinesis", "lake-raw"));
/// assert!(!patterns.allow("lambda", "orders"));
/// assert!("kinesys".parse::<thundra_aws::PayloadPatterns>().is_err());
///
/// let one_more: thundra_aws::PayloadPatterns = format!("{patterns},lambda").parse()?;
/// assert!(one_more.allow("lambda", "orders") && !one_more.allow("kinesis", "lake-raw"));
/// # Ok::<(), thundra_aws::InvalidPayloadPattern>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PayloadPatterns(Vec<Pattern>);

impl Default for PayloadPatterns {
    fn default() -> Self {
        Self::from_patterns(PayloadService::ALL.into_iter().filter_map(|service| Pattern::parse(service.name())))
    }
}

impl fmt::Debug for PayloadPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PayloadPatterns")?;
        f.debug_list().entries(self.0.iter().map(|pattern| &pattern.text)).finish()
    }
}

impl FromStr for PayloadPatterns {
    type Err = InvalidPayloadPattern;

    fn from_str(list: &str) -> Result<Self, InvalidPayloadPattern> {
        let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
        let parse = |item: &str| Pattern::parse(item).ok_or_else(|| InvalidPayloadPattern(item.to_owned()));
        items.map(parse).collect::<Result<_, _>>().map(PayloadPatterns)
    }
}

/// Shows the list in the form read by [`FromStr`].
impl fmt::Display for PayloadPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pattern) in self.0.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { "," } else { "" }, pattern.text)?;
        }
        Ok(())
    }
}

impl PayloadPatterns {
    pub(crate) fn from_patterns(patterns: impl IntoIterator<Item = Pattern>) -> Self {
        PayloadPatterns(patterns.into_iter().collect())
    }

    /// Returns `true` if context may be written into payloads for a target of a service.
    pub fn allow(&self, service: &str, target: &str) -> bool {
        PayloadService::ALL.into_iter().any(|known| known.name() == service && self.allows(known, target))
    }

    /// Returns `true` if context may be written into payloads for a target of a service.
    pub(crate) fn allows(&self, service: PayloadService, target: &str) -> bool {
        let from_everything = self.0.first().is_some_and(|first| first.excludes);
        let last = self.0.iter().rev().find(|pattern| pattern.matches(service, target));
        last.map_or(from_everything, |pattern| !pattern.excludes)
    }
}

/// An error for an invalid entry of [`PayloadPatterns`], such as an unknown service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPayloadPattern(String);

impl fmt::Display for InvalidPayloadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not in {FORM}", self.0)
    }
}

impl Error for InvalidPayloadPattern {}

/// A compiled entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pattern {
    text: String,
    excludes: bool,
    /// The matching services.
    services: Vec<PayloadService>,
    /// The pattern of targets.
    targets: String,
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (excludes, pattern) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let (service, targets) = pattern.split_once(':').unwrap_or((pattern, "*"));
        let (service, targets) = (service.trim().to_ascii_lowercase(), targets.trim());
        let services: Vec<_> =
            PayloadService::ALL.into_iter().filter(|known| matches(&service, known.name())).collect();
        let is_known = !services.is_empty() || service == NONE;
        let legal = |c: char| !c.is_whitespace() && !c.is_control() && c != ';';
        let is_valid = is_known && !targets.is_empty() && targets.chars().all(legal);
        is_valid.then(|| Pattern { text: text.to_owned(), excludes, services, targets: targets.to_owned() })
    }

    fn matches(&self, service: PayloadService, target: &str) -> bool {
        self.services.contains(&service) && matches(&self.targets, target)
    }
}

/// Returns `true` if a text matches a pattern with `*` for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    rest.is_empty() || text.char_indices().any(|(at, _)| text.get(at..).is_some_and(|tail| matches(rest, tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_match_decides() {
        for (patterns, target, expected) in [
            ("kinesis,lambda", "orders", true),
            ("lambda", "orders", false),
            ("", "orders", false),
            ("none", "orders", false),
            ("Kinesis", "orders", true),
            ("*", "orders", true),
            ("kin*:orders", "orders", true),
            ("kinesis:orders-*", "orders-eu", true),
            ("kinesis:orders-*", "lake", false),
            ("kinesis:*-eu", "orders-eu", true),
            ("kinesis:*-eu-*", "orders-eu-1", true),
            ("kinesis:*-eu-*", "orders-us-1", false),
            ("kinesis,!kinesis:lake-*", "lake-raw", false),
            ("kinesis,!kinesis:lake-*", "orders", true),
            ("kinesis,!kinesis:lake-*,kinesis:lake-open", "lake-open", true),
            ("!kinesis:lake-*", "orders", true),
            ("!kinesis:lake-*", "lake-raw", false),
            ("kinesis:orders", "", false),
            ("kinesis, none", "orders", true),
        ] {
            let list: PayloadPatterns = patterns.parse().unwrap();
            assert_eq!(list.allow("kinesis", target), expected, "{patterns} on {target}");
        }
    }

    #[test]
    fn the_default_is_every_service_and_none_is_none() {
        for service in PayloadService::ALL {
            assert!(PayloadPatterns::default().allows(service, "orders"));
            assert!(!"none".parse::<PayloadPatterns>().unwrap().allows(service, "orders"));
        }
        assert!(!PayloadPatterns::default().allow("sqs", "orders"), "its messages have attributes");
        assert_eq!(
            format!("{:?}", PayloadPatterns::default()),
            r#"PayloadPatterns["kinesis", "eventbridge", "lambda", "stepfunctions"]"#
        );
    }

    #[test]
    fn an_entry_without_a_service_is_refused() {
        for (entry, why) in [
            ("kinesys", "no service"),
            ("sqs", "a service whose payloads carry nothing"),
            ("sq*", "a pattern of no service"),
            ("!kinesys:lake", "an exclusion of no service"),
            ("kinesis;lambda", "another separator"),
            ("lambda:a b", "a space"),
            ("lambda:", "no target"),
            ("!", "nothing"),
        ] {
            let problem = format!("{entry:?} is not in {FORM}");
            let refused = entry.parse::<PayloadPatterns>().map_err(|error| error.to_string());
            assert_eq!(refused, Err(problem), "{why}");
        }
    }
}
