//! Keys with secret values.

use super::letters::{ends_with, letters_from_end};
use super::mask;
use super::names::{ENDS, LAST_WORDS};

/// The end of one more name with a secret value. As an attribute, `session.id` is no secret.
const SESSION_ID: &str = "sessionid";
/// The ends of keys with a password as the value, in any form.
pub(super) const PASSWORDS: [&str; 4] = ["password", "passwd", "passphrase", "passcode"];
/// The ends of keys with the rest of the line as the value.
const SECRET_LINES: [&str; 3] = ["authorization", "cookie", "cookies"];
/// The keys with a secret value if quoted, as in the `Debug` of a parsed URL.
const SECRET_QUOTED: [&str; 5] = ["query", "querystring", "rawquerystring", "username", "userinfo"];

/// The ends of keys with a secret value if a quoted text. In prose, words and structures follow.
const SECRET_TEXTS: [&str; 3] = ["credentials", "creds", "auth"];

/// The secret part behind a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Secret {
    Value,
    Line,
    Quoted,
    Text,
}

impl Secret {
    pub(super) fn of(key: &str) -> Option<Self> {
        let letters = || letters_from_end(key);
        let ends = |end: &str| ends_with(key, end);
        let last_word = key.rsplit(['_', '-', '.']).next().unwrap_or(key);
        if ENDS.iter().chain([&SESSION_ID]).any(|end| ends(end))
            || LAST_WORDS.iter().any(|word| last_word.eq_ignore_ascii_case(word))
        {
            Some(Secret::Value)
        } else if SECRET_LINES.iter().any(|end| ends(end)) {
            Some(Secret::Line)
        } else if SECRET_QUOTED.iter().any(|all| ends(all) && letters().count() == all.len()) {
            Some(Secret::Quoted)
        } else if SECRET_TEXTS.iter().any(|end| ends(end)) {
            Some(Secret::Text)
        } else if mask::is_named(key) {
            Some(Secret::Value)
        } else {
            None
        }
    }
}
