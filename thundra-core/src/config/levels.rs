//! Levels by target: which spans are recorded, and which log events are written.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// The level above `ERROR` that AWS Lambda and many loggers have, and `tracing` has not.
const FATAL: &str = "FATAL";

/// Names of levels that other loggers have. A word alone is otherwise the name of a target, whose every event is taken.
const FOREIGN: [&str; 10] =
    ["all", "alert", "critical", "emergency", "information", "none", "notice", "panic", "verbose", "warning"];

/// The most detailed level that is taken, by target: a list such as `info,my_crate=debug,hyper=off`.
///
/// A target takes those that begin with it too, and the longest that matches decides. All others have the level that
/// stands alone, or `info`. No event of `tracing` is above `error`, so `fatal` takes those of `error`.
///
/// # Examples
///
/// ```
/// use thundra_core::Levels;
/// use tracing::Level;
///
/// let levels: Levels = "warn,my_crate=debug".parse()?;
/// assert!(levels.enables("my_crate::orders", Level::DEBUG));
/// assert!(!levels.enables("hyper", Level::INFO));
/// assert!("my_crate=loud".parse::<Levels>().is_err());
/// # Ok::<(), thundra_core::InvalidLevels>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Levels(Targets);

/// The default: `INFO` and above.
impl Default for Levels {
    fn default() -> Self {
        Levels(Targets::new().with_default(Level::INFO))
    }
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Levels({:?})", self.0.to_string())
    }
}

impl FromStr for Levels {
    type Err = InvalidLevels;

    fn from_str(text: &str) -> Result<Self, InvalidLevels> {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        match Levels::of(items) {
            (levels, invalid) if invalid.is_empty() => Ok(levels),
            (_, invalid) => Err(InvalidLevels(invalid.join(","))),
        }
    }
}

impl Levels {
    /// Returns `true` if spans and events of this target and level are taken.
    pub fn enables(&self, target: &str, level: Level) -> bool {
        self.0.would_enable(target, &level)
    }

    /// Returns the levels of a list, and the items of it that are none.
    pub(super) fn of<'a>(items: impl Iterator<Item = &'a str>) -> (Self, Vec<&'a str>) {
        let mut targets = Targets::new().with_default(Level::INFO);
        let mut invalid = Vec::new();
        for item in items {
            targets = match directive(item) {
                Some((None, level)) => targets.with_default(level),
                Some((Some(target), level)) => targets.with_target(target, level),
                None => {
                    invalid.push(item);
                    continue;
                }
            };
        }
        (Levels(targets), invalid)
    }

    /// The filter that `tracing_subscriber` makes of them.
    pub(crate) fn targets(&self) -> &Targets {
        &self.0
    }
}

/// A list of levels with an item that is neither a level nor a target with its level.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLevels(String);

impl fmt::Display for InvalidLevels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not {}", self.0, super::variables::LEVELS)
    }
}

impl Error for InvalidLevels {}

/// Reads a level, a target, or a target and its level. A target alone has all levels.
fn directive(item: &str) -> Option<(Option<&str>, LevelFilter)> {
    match item.rsplit_once('=') {
        Some((target, name)) => {
            let target = Some(target.trim()).filter(|target| is_target(target))?;
            Some((Some(target), level(name.trim())?))
        }
        None => match level(item) {
            Some(level) => Some((None, level)),
            None => is_target(item).then_some((Some(item), LevelFilter::TRACE)),
        },
    }
}

/// Reads a level by its name or by its number: from 0, `off`, to 5, `trace`.
fn level(name: &str) -> Option<LevelFilter> {
    match name {
        // `tracing` takes the empty text for `error`.
        "" => None,
        name if name.eq_ignore_ascii_case(FATAL) => Some(LevelFilter::ERROR),
        name => name.parse().ok(),
    }
}

/// Returns `true` for the name of a target: the path of a module, or a text of the program's own without spaces.
fn is_target(name: &str) -> bool {
    let is_foreign = FOREIGN.iter().any(|level| level.eq_ignore_ascii_case(name));
    let legal =
        |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, ':' | '=' | ';' | '{' | '}' | '[' | ']');
    !name.is_empty() && !is_foreign && name.split("::").all(|part| part.chars().all(legal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_stands_alone_or_behind_a_target() {
        for (text, target, level, enabled) in [
            ("my_crate=debug,hyper=off", "my_crate::x", Level::DEBUG, true),
            ("my_crate=debug,hyper=off", "hyper", Level::ERROR, false),
            ("my_crate=debug,hyper=off", "other", Level::INFO, true),
            ("my_crate=debug,hyper=off", "other", Level::DEBUG, false),
            (",my_crate = debug ,, hyper=off, ", "my_crate", Level::DEBUG, true),
            ("my_crate", "my_crate", Level::TRACE, true),
            ("my_crate", "other", Level::DEBUG, false),
            ("debug", "other", Level::DEBUG, true),
            ("WARN,orders::db=5", "orders::db", Level::TRACE, true),
            ("fatal", "other", Level::ERROR, true),
            ("FATAL", "other", Level::WARN, false),
            ("audit-log=warn", "audit-log", Level::WARN, true),
        ] {
            let levels: Levels = text.parse().unwrap();
            assert_eq!(levels.enables(target, level), enabled, "{text} on {target}");
        }
    }

    #[test]
    fn what_is_neither_level_nor_target_is_refused() {
        for (text, invalid, why) in [
            ("my_crate=loud", "my_crate=loud", "no such level"),
            ("critical", "critical", "a level of other loggers"),
            ("info,WARNING", "WARNING", "the same in upper case"),
            ("my_crate=", "my_crate=", "no level"),
            ("=debug", "=debug", "no target"),
            ("hyper:info", "hyper:info", "a colon in the place of the sign"),
            ("my crate=info,debug", "my crate=info", "no name of a target"),
            ("a=b=info", "a=b=info", "two signs"),
            ("my_crate[span{id=1}]=debug", "my_crate[span{id=1}]=debug", "a filter by fields"),
            ("info;debug", "info;debug", "another separator"),
        ] {
            let refused = text.parse::<Levels>().map_err(|error| error.to_string());
            let expected = format!("{invalid:?} is not a level, or a list such as info,my_crate=debug,hyper=off");
            assert_eq!(refused, Err(expected), "{why}");
        }
    }

    #[test]
    fn debug_shows_the_list() {
        assert_eq!(format!("{:?}", Levels::default()), r#"Levels("info")"#);
    }
}
