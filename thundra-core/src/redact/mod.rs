//! Redaction of texts written for other purposes than telemetry: errors, panics, responses.
//!
//! [`text`] replaces credentials and the values of queries. The texts are redacted before becoming telemetry: as a
//! status, an exception, the message of an ERROR or WARN event, or a line of this crate on standard error. Attributes
//! and fields of a program's spans stay as recorded, except values of type `dyn Error`. Log lines stay as recorded too.
//! In attributes, fields, log lines and captured payloads, [`mask`] masks the values of secret keys.
//!
//! | form | becomes |
//! |---|---|
//! | `https://user:pw@host/x?q=1`, percent-encoded or not | `https://REDACTED@host/x?REDACTED` |
//! | `/x?token=abc`, `x?a=1`, `https://host/#access_token=abc` | `/x?REDACTED`, … |
//! | `user:pw@host` | `REDACTED@host` |
//! | `password=abc`, `"api_key": "abc"`, `token: Some("abc")`, `<Secret>abc</Secret>`, `--token abc` | `password=REDACTED`, … |
//! | `password 'abc'`, `token "a1b2c3"`, `Key (token)=(abc)`, `{"key": "token", "value": "abc"}` | `password 'REDACTED'`, … |
//! | `Authorization: Bearer abc`, `Basic dXNlcjpwdw==` | `Authorization: Bearer REDACTED`, `Basic REDACTED` |
//! | `AKIA…`, `eyJ….….…`, `ghp_…` and the like, private keys in PEM | `REDACTED` |
//!
//! An ambiguous value is removed, since a lost word costs less than a leaked one. Ordinary text stays, such as
//! `what? why/not?` and `invalid token: it has expired`.

mod address;
mod credentials;
mod keys;
mod letters;
pub mod mask;
mod names;
mod pair;
mod scan;
mod token;
mod value;

use std::borrow::Cow;
use std::fmt::{self, Debug};

use keys::Secret;
pub use scan::REDACTED;
use scan::{Scan, is_break};
use token::MIN_TOKEN;

/// Replaces the credentials and query values of a text.
pub fn text<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
    let text = text.into();
    if is_plain(&text) {
        return text;
    }
    match Scan::of(&text).run() {
        Some(shown) => shown.into(),
        None => text,
    }
}

/// Redacts a text in place.
#[cold]
pub fn in_place(given: &mut String) {
    if let Cow::Owned(shown) = text(given.as_str()) {
        *given = shown;
    }
}

/// Writes the redacted `Debug` of a value.
///
/// # Errors
///
/// Those of the formatter.
pub fn debug(value: &dyn Debug, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let given = if f.alternate() { format!("{value:#?}") } else { format!("{value:?}") };
    f.write_str(&text(given))
}

/// Returns `true` if the value of a header or a field named `key` is a credential.
pub fn is_secret(key: &str) -> bool {
    matches!(Secret::of(key), Some(Secret::Value | Secret::Line))
}

/// Returns `true` for a text without the beginning of any redacted form.
fn is_plain(text: &str) -> bool {
    let (mut unbroken, mut last) = (0, b' ');
    text.bytes().all(|byte| {
        unbroken = if is_break(byte) { 0 } else { unbroken + 1 };
        // `Bearer`, `Basic`, and `--flag value`.
        let begins = matches!((last, byte), (b'b' | b'B', b'a' | b'e' | b'A' | b'E') | (b'-', b'-'));
        last = byte;
        !begins
            && unbroken < MIN_TOKEN
            && !matches!(byte, b'?' | b'@' | b'=' | b':' | b'%' | b'>' | b'"' | b'\'' | b'`')
    })
}

#[cfg(test)]
mod tests;
