//! Levels by target, for recorded spans and written log events.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// The level above `ERROR` in many loggers. `tracing` has no such level.
const FATAL: &str = "FATAL";

/// Level names of other loggers. Any other bare word names a target and enables all levels of the target.
const FOREIGN: [&str; 10] =
    ["all", "alert", "critical", "emergency", "information", "none", "notice", "panic", "verbose", "warning"];

/// The most detailed enabled level of each target, as in `info,my_crate=debug,hyper=off`.
///
/// An entry applies to every target with the same prefix, and the longest match wins. The bare level applies to all
/// other targets; `info` is the default. The highest level of `tracing` is `error`, so `fatal` means `error`.
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
///
/// let one_more: Levels = format!("{levels},hyper=off").parse()?;
/// assert!(!one_more.enables("hyper", Level::WARN) && one_more.enables("my_crate", Level::DEBUG));
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

/// Shows the list in the form of [`FromStr`].
impl fmt::Display for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
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
    /// Returns `true` if spans and events of the target and level are enabled.
    ///
    /// # Examples
    ///
    /// The longest matching entry decides:
    ///
    /// ```
    /// use thundra_core::Levels;
    /// use tracing::Level;
    ///
    /// let levels: Levels = "orders=warn,orders::db=debug".parse()?;
    /// assert!(levels.enables("orders::db::pool", Level::DEBUG));
    /// assert!(!levels.enables("orders::api", Level::INFO));
    /// assert!(levels.enables("billing", Level::INFO), "the default of other targets");
    /// # Ok::<(), thundra_core::InvalidLevels>(())
    /// ```
    pub fn enables(&self, target: &str, level: Level) -> bool {
        self.0.would_enable(target, &level)
    }

    /// Returns the levels and the invalid items of a list.
    pub(super) fn of<'a>(items: impl Iterator<Item = &'a str>) -> (Self, Vec<&'a str>) {
        Self::with_default(LevelFilter::INFO, items)
    }

    /// Returns the levels of a list with `off` as the default level, and the invalid items.
    pub(super) fn of_listed<'a>(items: impl Iterator<Item = &'a str>) -> (Self, Vec<&'a str>) {
        Self::with_default(LevelFilter::OFF, items)
    }

    fn with_default<'a>(default: LevelFilter, items: impl Iterator<Item = &'a str>) -> (Self, Vec<&'a str>) {
        let mut targets = Targets::new().with_default(default);
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

    /// Returns the levels as a filter of `tracing_subscriber`.
    pub(crate) fn targets(&self) -> &Targets {
        &self.0
    }
}

/// An error for a list with an item other than a level or a target with a level.
///
/// # Examples
///
/// ```
/// use thundra_core::Levels;
///
/// let error = "info,hyper:off".parse::<Levels>().unwrap_err();
/// assert!(error.to_string().starts_with("\"hyper:off\" is not a level"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidLevels(String);

impl fmt::Display for InvalidLevels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not {}", self.0, super::list::LEVELS)
    }
}

impl Error for InvalidLevels {}

/// Reads a level, a target with a level, or a bare target, which enables all levels.
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

/// Reads a level by name or by number, from 0 (`off`) to 5 (`trace`).
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
    fn an_item_other_than_a_level_or_a_target_is_refused() {
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
