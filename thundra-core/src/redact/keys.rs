//! Keys with secret values.

use super::letters::{ends_with, letters_from_end};
use super::mask;

/// The ends of keys with secret values. Letters and digits count. Case and a number at the end do not.
const SECRET: [&str; 36] = [
    "password",
    "passwords",
    "passwd",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "secrets",
    "secretkey",
    "secretkeybase",
    "secretstring",
    "secretbinary",
    "token",
    "apikey",
    "apikeys",
    "accesskey",
    "accesskeyid",
    "privatekey",
    "accountkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "authkey",
    "credential",
    "signature",
    "jsessionid",
    "phpsessid",
    "sessionid",
    "connectionstring",
    "jwt",
    "bearer",
    "csrf",
    "xsrf",
    "passwordhash",
    "passwordconfirmation",
    "tokenvalue",
];
/// The ends of keys with a password as the value, in any form.
pub(super) const PASSWORDS: [&str; 4] = ["password", "passwd", "passphrase", "passcode"];
/// The last words of keys with secret values.
const SECRET_WORDS: [&str; 4] = ["pass", "pw", "sig", "otp"];
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
        if SECRET.iter().any(|end| ends(end)) || SECRET_WORDS.iter().any(|word| last_word.eq_ignore_ascii_case(word)) {
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
