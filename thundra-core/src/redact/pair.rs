//! Keys before a value, and the separator.

use super::is_secret;
use super::keys::Secret;
use super::scan::{CLOSING, Quotes, Scan, is_break, is_quote};

/// The separator between a key and a value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    Equals,
    Colon,
    /// A colon and a space, as also in prose.
    ColonSpace,
    /// A comma between two quoted texts.
    Comma,
    /// The end of a tag of XML.
    Tag,
    /// The space after a flag of a command line.
    Space,
    /// The parenthesis of a type around a quoted text.
    Parenthesis,
    /// Spaces alone, before a quoted text or a word unlike prose.
    Beside,
}

impl Scan<'_> {
    /// Redacts the value of a key; `false` without a pair.
    pub(super) fn pair(&mut self, start: usize, end: usize) -> bool {
        let name = self.text.get(start..end).unwrap_or("");
        let Some((separator, value, quoted)) = self.separator(name, start, end) else { return false };
        let is_key = || {
            let is_named = ["api", "access", "secret", "private", "encryption", "signing", "master"]
                .iter()
                .any(|word| self.follows(start, word));
            let is_key = is_named && name.eq_ignore_ascii_case("key");
            (is_key || separator == Separator::Beside && self.is_quoted_input(name, start)).then_some(Secret::Value)
        };
        let Some(secret) = Secret::of(name).or_else(is_key) else { return false };
        if quoted {
            self.close();
        } else if self.closes(value) {
            let next = self.byte(value + 1);
            if is_break(next) || CLOSING.contains(&next) {
                return false;
            }
            // The seemingly open quote was a lone mark.
            self.quotes = Quotes::default();
        }
        match self.value(secret, separator, start, value) {
            Some((range, next)) => {
                self.redact(range);
                self.at = next;
            }
            None if separator == Separator::Beside => return false,
            None => self.at = value,
        }
        true
    }

    /// Returns the separator behind a key, the place where the value begins, and true if the key is quoted.
    pub(super) fn separator(&self, name: &str, start: usize, end: usize) -> Option<(Separator, usize, bool)> {
        let mut at = end;
        while self.byte(at) == b'\\' {
            at += 1;
        }
        let quoted = is_quote(self.byte(at));
        let behind = if quoted { at + 1 } else { end };
        at = self.skip_spaces(behind);
        let (symbol, len) = self.symbol(at);
        let separator = match symbol {
            b'=' => Separator::Equals,
            b':' if self.byte(at + len) == b':' => return None,
            // The kind of a resource in an ARN.
            b':' if start > 0 && self.byte(start - 1) == b':' => return None,
            b':' if matches!(self.byte(at + len), b' ' | b'\t') => Separator::ColonSpace,
            b':' => Separator::Colon,
            b',' if quoted => Separator::Comma,
            b'>' if self.opens_tag(start) => Separator::Tag,
            b'(' if at == end && (is_quote(self.byte(at + 1)) || self.byte(at + 1) == b'\\') => Separator::Parenthesis,
            _ if name.starts_with("--") && at > behind => return Some((Separator::Space, at, quoted)),
            _ if at > behind && !quoted && self.opens_tag(start) => {
                return Some((Separator::Tag, self.tag_end(at)?, quoted));
            }
            _ if at > behind && !quoted => return Some((Separator::Beside, at, quoted)),
            _ => return None,
        };
        at += len;
        if matches!(self.byte(at), b'=' | b'>') {
            at += 1;
        }
        let value = self.skip_spaces(at);
        // JSON may go on in the next line.
        let next = self.text.get(value..).unwrap_or("").trim_start_matches(['\n', '\r', ' ', '\t']);
        let value = if quoted && next.starts_with('"') { self.text.len() - next.len() } else { value };
        Some((separator, value, quoted))
    }

    /// Returns `true` before the text that an error of serde or of clap quotes from its input, and before a password in
    /// SQL.
    pub(super) fn is_quoted_input(&self, name: &str, start: usize) -> bool {
        let before = self.text.get(..start).unwrap_or("");
        match name {
            "string" => {
                let before = before.strip_suffix("found ").unwrap_or(before);
                before.ends_with("invalid type: ") || before.ends_with("invalid value: ")
            }
            "value" => self.follows(start, "invalid") && self.is_of_secret_flag(start + name.len()),
            _ => name.eq_ignore_ascii_case("by") && self.follows(start, "identified"),
        }
    }

    /// Returns `true` before `'abc' for '--token <TOKEN>'`.
    pub(super) fn is_of_secret_flag(&self, at: usize) -> bool {
        let mark = self.skip_spaces(at);
        if !is_quote(self.byte(mark)) {
            return false;
        }
        let flag = self.text.get(self.quoted_end(mark, 0)..).and_then(|rest| rest.strip_prefix("' for '"));
        flag.and_then(|flag| flag.split([' ', '\'']).next()).is_some_and(is_secret)
    }

    /// Returns `true` for the name of an element of XML, with or without a namespace.
    pub(super) fn opens_tag(&self, start: usize) -> bool {
        let before = self.text.get(..start).unwrap_or("");
        let before = before.strip_suffix(':').map_or(before, |space| space.trim_end_matches(char::is_alphanumeric));
        before.ends_with('<')
    }

    /// Returns the position behind a tag with attributes.
    pub(super) fn tag_end(&self, start: usize) -> Option<usize> {
        const LONGEST: usize = 256;
        let tag = self.text.as_bytes().get(start..)?;
        let end = tag.iter().take(LONGEST).position(|byte| matches!(byte, b'<' | b'>'))?;
        (tag.get(end) == Some(&b'>') && !tag.get(..end)?.ends_with(b"/")).then_some(start + end + 1)
    }

    /// Redacts the values of columns, as in PostgreSQL's `Key (email, token)=(a, b) already exists`.
    pub(super) fn columns(&mut self) {
        const LONGEST: usize = 256;
        let from = self.text.floor_char_boundary(self.at.saturating_sub(LONGEST));
        let names = self.text.get(from..self.at).and_then(|before| before.rsplit_once('(')).unwrap_or_default().1;
        let is_secret = names.split(',').any(|name| is_secret(name.trim_matches([' ', '"', '\\'])));
        self.skip(")=(".len());
        if is_secret {
            let start = self.at;
            let end = self.text.get(start..).and_then(|rest| rest.find(')')).map_or(self.text.len(), |at| start + at);
            self.redact(start..end);
            self.at = end;
        }
    }
}
