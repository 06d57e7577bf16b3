//! The secret in the value of a key.

use std::ops::Range;

use super::keys::{PASSWORDS, Secret};
use super::letters::ends_with;
use super::pair::Separator;
use super::scan::{REDACTED, Scan, is_break, is_quote};
use super::token::{MIN_TOKEN, is_mixed};

/// Words before and behind a key in sentences about the key.
const FAULTS: [&str; 12] = [
    "invalid",
    "unexpected",
    "expected",
    "found",
    "bad",
    "expired",
    "missing",
    "wrong",
    "malformed",
    "unknown",
    "incorrect",
    "illegal",
];

impl Scan<'_> {
    /// Returns the secret in a value, and the place behind the value.
    pub(super) fn value(
        &self,
        secret: Secret,
        separator: Separator,
        key: usize,
        at: usize,
    ) -> Option<(Range<usize>, usize)> {
        if separator == Separator::Tag {
            let end = at + self.text.as_bytes().get(at..)?.iter().position(|byte| *byte == b'<')?;
            return (self.byte(end + 1) == b'/').then_some((at..end, end));
        }
        let mut mark = at;
        while self.byte(mark) == b'\\' {
            mark += 1;
        }
        if is_quote(self.byte(mark)) {
            let end = self.quoted_end(mark, mark - at);
            let behind = end + (mark - at) + 1;
            if separator == Separator::Comma && self.symbol(self.skip_spaces(behind)).0 == b':' {
                return self.next_member(secret, mark + 1, end);
            }
            let is_secret = self.is_secret_text(separator, key, mark + 1..end);
            return is_secret.then_some((mark + 1..end, behind));
        }
        if secret == Secret::Text && separator != Separator::Equals || separator == Separator::Beside {
            return self.is_token_beside(separator, at).then(|| (at..self.word(at), self.word(at)));
        }
        if let Some(end) = self.structure_end(at) {
            let end = self.word(end);
            // `unexpected token: Ident("a")`
            let is_parsers = separator == Separator::ColonSpace && self.follows_fault(key);
            let is_secret = !is_parsers || self.text.get(at..end).is_some_and(is_mixed);
            return is_secret.then_some((at..end, end));
        }
        // The usage of a flag.
        if separator == Separator::Space && matches!(self.byte(at), b'<' | b'[') {
            return None;
        }
        if secret == Secret::Quoted || matches!(separator, Separator::Comma | Separator::Parenthesis) {
            return None;
        }
        let bare = self.bare(secret, separator, key, at)?;
        let end = bare.end;
        Some((bare, end))
    }

    /// Returns the value of the member `value` behind `"key": "token",`.
    pub(super) fn next_member(&self, secret: Secret, start: usize, end: usize) -> Option<(Range<usize>, usize)> {
        let name = self.text.get(start..end)?.trim_end_matches('\\');
        if !name.eq_ignore_ascii_case("value") {
            return None;
        }
        let (separator, at, _) = self.separator(name, start, start + name.len())?;
        (separator != Separator::Comma).then(|| self.value(secret, separator, start, at))?
    }

    /// Returns `true` if a quoted text is the value of the key before, and not part of a sentence.
    pub(super) fn is_secret_text(&self, separator: Separator, key: usize, text: Range<usize>) -> bool {
        let (name, text) = (self.text.get(key..self.name_end(key)).unwrap_or(""), self.text.get(text).unwrap_or(""));
        match separator {
            Separator::Beside => {
                PASSWORDS.iter().any(|end| ends_with(name, end))
                    || matches!(name, "by" | "BY" | "value")
                    || text.len() >= 6 && is_mixed(text)
            }
            // `unexpected token: ","`
            Separator::ColonSpace if self.follows_fault(key) => text.contains(|c: char| c.is_alphanumeric()),
            _ => true,
        }
    }

    /// Returns `true` for a word beside a key, unlike a word of a sentence.
    pub(super) fn is_token_beside(&self, separator: Separator, at: usize) -> bool {
        let word = self.text.get(at..self.word(at)).unwrap_or("");
        separator == Separator::Beside
            && word.len() >= MIN_TOKEN
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && is_mixed(word)
    }

    /// Returns the secret in a value without quotes.
    pub(super) fn bare(&self, secret: Secret, separator: Separator, key: usize, at: usize) -> Option<Range<usize>> {
        if let Some(credentials) = self.credentials(at, true) {
            return Some(credentials);
        }
        let name = self.name_end(at);
        if let Some(key) = self.private_key(self.text.get(at..name)?, name) {
            return Some(key);
        }
        let word = self.word(at);
        let value = self.text.get(at..word)?;
        let is_sentence = matches!(separator, Separator::ColonSpace | Separator::Space);
        if matches!(
            value,
            "None" | "null" | "nil" | "true" | "false" | "undefined" | "Sensitive" | "YES" | "NO" | REDACTED
        ) || (is_sentence && self.is_prose(key, value, word))
        {
            return None;
        }
        let end = match secret {
            Secret::Line => self.line(at),
            // In a connection string a value may have spaces.
            _ if self.text.get(..key)?.trim_end().ends_with(';') => self.setting(at).unwrap_or(word),
            _ => word,
        };
        Some(at..end)
    }

    /// Returns `true` if the word behind `token: ` belongs to a sentence about tokens.
    pub(super) fn is_prose(&self, key: usize, value: &str, end: usize) -> bool {
        const STATES: [&str; 12] = [
            "absent",
            "denied",
            "disabled",
            "empty",
            "enabled",
            "failed",
            "mismatch",
            "none",
            "required",
            "revoked",
            "unset",
            "unsupported",
        ];
        let goes_on = self.byte(end) == b' ' && self.byte(end + 1).is_ascii_alphabetic();
        value.bytes().all(|byte| byte.is_ascii_alphabetic())
            && (goes_on && value.bytes().all(|byte| byte.is_ascii_lowercase())
                || STATES.iter().chain(&FAULTS).any(|state| value == *state)
                || self.follows_fault(key))
    }

    /// Returns `true` if the word before a key names a fault.
    pub(super) fn follows_fault(&self, key: usize) -> bool {
        FAULTS.iter().any(|fault| self.follows(key, fault))
    }

    /// Returns the end of an unquoted value.
    pub(super) fn word(&self, start: usize) -> usize {
        let mut end = start;
        while !is_break(self.byte(end)) && !self.closes(end) && !self.ends_line(end) {
            match self.symbol(end) {
                (b';', _) => break,
                (b'<', _) if self.byte(end + 1) == b'/' => break,
                (b'&' | b',', len) if self.ends_item(end + len) => break,
                (_, len) => end += len,
            }
        }
        self.trim(start, end)
    }

    /// Returns `true` if the part behind a `,` or `&` is the next item of a list, and not the rest of a value.
    pub(super) fn ends_item(&self, at: usize) -> bool {
        let name = self.name_end(at);
        is_break(self.byte(at)) || is_quote(self.byte(at)) || (name > at && matches!(self.symbol(name).0, b'=' | b':'))
    }

    /// Returns the end of a line.
    pub(super) fn line(&self, start: usize) -> usize {
        let mut end = start;
        while !self.ends_line(end) && !self.closes(end) {
            end += 1;
        }
        self.trim(start, end)
    }

    /// Returns the end of a value between two `;` of a connection string, with spaces allowed.
    pub(super) fn setting(&self, start: usize) -> Option<usize> {
        let mut end = start;
        while self.byte(end) != b';' {
            if self.ends_line(end) || self.closes(end) {
                return None;
            }
            end += 1;
        }
        Some(end)
    }

    /// Returns the end of `Some("abc")`, `["a", "b"]`, `Password { value: "a" }`, by balanced brackets.
    pub(super) fn structure_end(&self, start: usize) -> Option<usize> {
        const LONGEST: usize = 1024;
        let mut at = self.name_end(start);
        if at > start && self.byte(at) == b' ' && self.byte(at + 1) == b'{' {
            at += 1;
        }
        if !matches!(self.byte(at), b'(' | b'[' | b'{') {
            return None;
        }
        let mut depth = 0_usize;
        while at < self.text.len().min(start + LONGEST) {
            match self.byte(at) {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth -= 1,
                b'"' => {
                    let level = usize::from(self.is_escaped(at));
                    at = self.quoted_end(at, level) + level;
                }
                _ => {}
            }
            at += 1;
            if depth == 0 {
                return Some(at);
            }
        }
        None
    }
}
