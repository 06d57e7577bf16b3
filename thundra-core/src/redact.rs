//! Redaction of texts that were not written for telemetry: errors, panics, responses.
//!
//! [`text`] removes credentials and the values of queries. It runs wherever such a text becomes telemetry: statuses,
//! exceptions, the messages of ERROR and WARN events, our own lines on standard error. Attributes and span fields that a
//! program records stay as they are, except that a value of type `dyn Error` is such a text. Log lines stay too.
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
//! Where a text can be read both ways, the value is removed: a lost word costs less than a leaked one. Ordinary text
//! stays: `what? why/not?`, `invalid token: it has expired`.

use std::borrow::Cow;
use std::fmt::{self, Debug};
use std::ops::Range;

/// The text in place of what was removed.
pub const REDACTED: &str = "REDACTED";

/// The shortest access key that is recognised by its beginning alone.
const MIN_TOKEN: usize = 16;

/// Ends of a sentence or of brackets, which are not part of an address or a value before them.
const CLOSING: &[u8] = b"\"'`)]}>,;:.!\\";

/// Ends of keys whose values are secret; letters and digits count, case and a number at the end do not.
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
/// Ends of keys whose value is a password, whatever it looks like.
const PASSWORDS: [&str; 4] = ["password", "passwd", "passphrase", "passcode"];
/// Last words of keys whose values are secret.
const SECRET_WORDS: [&str; 4] = ["pass", "pw", "sig", "otp"];
/// Ends of keys whose value is the rest of the line.
const SECRET_LINES: [&str; 3] = ["authorization", "cookie", "cookies"];
/// Keys that have a secret value where it is quoted, as in the `Debug` of a parsed URL.
const SECRET_QUOTED: [&str; 5] = ["query", "querystring", "rawquerystring", "username", "userinfo"];

/// Keys that have a secret value where it is a quoted text: prose has words and structures behind them.
const SECRET_TEXTS: [&str; 3] = ["credentials", "creds", "auth"];

/// Schemes of HTTP authentication with one word of credentials.
const SCHEMES: [&str; 7] = ["bearer", "basic", "token", "apikey", "negotiate", "ntlm", "dpop"];

/// Words before a key, and behind it, in sentences about it.
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

/// Beginnings of tokens that issuers mark as such.
const MARKED: [&str; 25] = [
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "npm_",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk_live_",
    "rk_live_",
    "sk-",
    "AIza",
    "sk_test_",
    "rk_test_",
    "whsec_",
    "xoxe-",
    "SG.",
    "ya29.",
    "pypi-",
    "dckr_pat_",
    "dop_v1_",
];

/// Returns a text without the credentials and query values in it.
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

/// Redacts a text in its place.
#[cold]
pub fn in_place(given: &mut String) {
    if let Cow::Owned(shown) = text(given.as_str()) {
        *given = shown;
    }
}

/// Writes the `Debug` of a value without the credentials and query values in it.
///
/// # Errors
///
/// Those of the formatter.
pub fn debug(value: &dyn Debug, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let given = if f.alternate() { format!("{value:#?}") } else { format!("{value:?}") };
    f.write_str(&text(given))
}

/// Returns whether a value with this key is a credential: the name of a header or of a field.
pub fn is_secret(key: &str) -> bool {
    matches!(Secret::of(key), Some(Secret::Value | Secret::Line))
}

/// Returns true if nothing in a text begins a form that is redacted.
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

/// White space, and the end of the text.
fn is_break(byte: u8) -> bool {
    byte <= b' '
}

/// A byte of a key, a host, or a token.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// The part behind a key that is secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Secret {
    Value,
    Line,
    Quoted,
    Text,
}

impl Secret {
    fn of(key: &str) -> Option<Self> {
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
        } else {
            None
        }
    }
}

/// The letters and digits of a key from its end, in lower case, without the number that it ends with.
fn letters_from_end(key: &str) -> impl Iterator<Item = u8> {
    let letters = key.bytes().rev().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase());
    letters.skip_while(u8::is_ascii_digit)
}

fn ends_with(key: &str, end: &str) -> bool {
    let mut letters = letters_from_end(key);
    end.bytes().rev().all(|byte| letters.next() == Some(byte))
}

/// The sign between a key and its value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Equals,
    Colon,
    /// A colon and a space, which prose has as well.
    ColonSpace,
    /// A comma between two quoted texts.
    Comma,
    /// The end of a tag of XML.
    Tag,
    /// The space after a flag of a command line.
    Space,
    /// The parenthesis of a type around a quoted text.
    Parenthesis,
    /// Nothing but spaces before a text that is quoted, or looks like no word.
    Beside,
}

/// The quotes that are open at a place: one, and within it one whose marks are escaped.
#[derive(Clone, Copy, Default)]
struct Quotes {
    plain: Option<u8>,
    escaped: Option<u8>,
}

/// One walk over a text. No place is looked at more than a few times, however the text is made.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    quotes: Quotes,
    /// `true` if the word so far has a `/`, as addresses have before their query.
    in_address: bool,
    /// Returns the end of the stretch that may be an authority, and the last `@` in it.
    authority: (usize, Option<usize>),
    shown: String,
    /// The end of the part of the text that was copied.
    copied: usize,
}

impl<'a> Scan<'a> {
    fn of(text: &'a str) -> Self {
        Scan {
            text,
            at: 0,
            quotes: Quotes::default(),
            in_address: false,
            authority: (0, None),
            shown: String::new(),
            copied: 0,
        }
    }

    /// Returns the redacted text; `None` where it is the same.
    fn run(mut self) -> Option<String> {
        while self.at < self.text.len() {
            let (symbol, len) = self.symbol(self.at);
            match symbol {
                name if len == 1 && is_name(name) => self.name(),
                b'?' | b'#' => self.query(symbol, len),
                b')' if self.byte(self.at + 1) == b'=' && self.byte(self.at + 2) == b'(' => self.columns(),
                quote if is_quote(quote) => self.quote(quote),
                _ => {
                    self.in_address = symbol == b'/' || self.in_address && !is_break(symbol);
                    self.skip(len);
                }
            }
        }
        if self.copied == 0 {
            return None;
        }
        self.shown.push_str(self.text.get(self.copied..).unwrap_or(""));
        Some(self.shown)
    }

    fn skip(&mut self, len: usize) {
        self.at += len;
    }

    fn redact(&mut self, secret: Range<usize>) {
        if !secret.is_empty() && secret.start >= self.copied {
            self.shown.push_str(self.text.get(self.copied..secret.start).unwrap_or(""));
            self.shown.push_str(REDACTED);
            self.copied = secret.end;
        }
    }

    /// The byte at a place; at the end of the text a zero, which is a break.
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// The sign at a place and how many bytes it takes: signs with a meaning in addresses may be escaped, several times
    /// over.
    fn symbol(&self, at: usize) -> (u8, usize) {
        let rest = self.text.as_bytes().get(at..).unwrap_or_default();
        let (first, mut rest, mut len) = match rest {
            [b'\\', b'/', ..] => return (b'/', 2),
            [b'\\', b'u', b'0', b'0', rest @ ..] => (b'\\', rest, 6),
            [b'%', rest @ ..] => (b'%', rest, 3),
            _ => return (self.byte(at), 1),
        };
        while let Some(deeper) = rest.strip_prefix(b"25") {
            (rest, len) = (deeper, len + 2);
        }
        let decoded = match rest {
            [b'3', b'a' | b'A', ..] => b':',
            [b'2', b'f' | b'F', ..] => b'/',
            [b'3', b'f' | b'F', ..] => b'?',
            [b'2', b'3', ..] => b'#',
            [b'4', b'0', ..] => b'@',
            [b'3', b'd' | b'D', ..] => b'=',
            [b'2', b'6', ..] => b'&',
            _ => return (first, 1),
        };
        (decoded, len)
    }

    /// The end of the name that begins at a place.
    fn name_end(&self, mut at: usize) -> usize {
        while is_name(self.byte(at)) {
            at += 1;
        }
        at
    }

    fn skip_spaces(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        at
    }

    fn is_escaped(&self, at: usize) -> bool {
        at > 0 && self.byte(at - 1) == b'\\'
    }

    /// Returns true if a quote that is open ends here.
    fn closes(&self, at: usize) -> bool {
        let byte = self.byte(at);
        match self.quotes {
            Quotes { escaped: Some(quote), .. } => byte == quote,
            Quotes { plain: Some(quote), .. } => byte == quote && !self.is_escaped(at),
            _ => false,
        }
    }

    /// Returns true if a line ends here, or in the `Debug` of a text a line or a column.
    fn ends_line(&self, at: usize) -> bool {
        let is_quoted = self.quotes.plain.is_some();
        match self.byte(at) {
            b'\\' if is_quoted => matches!(self.byte(at + 1), b'n' | b'r' | b't') && !self.is_escaped(at),
            byte => byte == b'\n' || byte == b'\r' || byte == 0,
        }
    }

    /// The end of a stretch without the signs that close what it stands in.
    fn trim(&self, start: usize, mut end: usize) -> usize {
        while end > start && CLOSING.contains(&self.byte(end - 1)) {
            end -= 1;
        }
        end
    }

    /// Opens or closes a quote.
    fn quote(&mut self, quote: u8) {
        let escaped = self.is_escaped(self.at);
        if self.closes(self.at) {
            self.close();
            if !escaped {
                self.quotes = Quotes::default();
            }
        } else if escaped {
            self.quotes.escaped = Some(quote);
        } else if self.quotes.plain.is_none() {
            // An apostrophe opens nothing.
            let is_apostrophe = quote == b'\'' && self.at > 0 && self.byte(self.at - 1).is_ascii_alphanumeric();
            self.quotes.plain = (!is_apostrophe).then_some(quote);
        }
        self.in_address = false;
        self.skip(1);
    }

    /// Closes the innermost quote.
    fn close(&mut self) {
        if self.quotes.escaped.take().is_none() {
            self.quotes.plain = None;
        }
    }

    /// A name: it may be a key, a token, a scheme, or begin an address.
    fn name(&mut self) {
        let (start, end) = (self.at, self.name_end(self.at));
        self.at = end;
        // In the `Debug` of a text an escape runs into what follows: `\nBearer`.
        let is_escape = self.is_escaped(start) && matches!(self.byte(start), b'n' | b'r' | b't');
        let word = start + usize::from(is_escape);
        let name = self.text.get(start..end).unwrap_or("");
        if let Some(authority) = self.after_scheme(end) {
            self.in_address = true;
            self.address(authority);
        } else if let Some(token) = token(self.text.get(word..end).unwrap_or("")) {
            // Behind an access key may be its secret.
            let secret = if self.byte(end) == b':' { self.word(end + 1) } else { end };
            let end = if secret > end + 1 { secret } else { word + token.end };
            self.redact(word + token.start..end);
            self.at = self.at.max(end);
        } else if let Some(key) = self.private_key(name, end) {
            self.at = key.end;
            self.redact(key);
        } else if let Some(token) = self.bot_token(name, end) {
            self.at = token.end;
            self.redact(token);
        } else if let Some(credentials) = self.credentials(word, false) {
            self.at = credentials.end;
            self.redact(credentials);
        } else if !(self.pair(start, end) || is_escape && self.pair(word, end)) {
            self.user(name, start, end);
        }
    }

    /// The place behind `://`.
    fn after_scheme(&self, mut at: usize) -> Option<usize> {
        for expected in *b"://" {
            let (symbol, len) = self.symbol(at);
            if symbol != expected {
                return None;
            }
            at += len;
        }
        Some(at)
    }

    /// The last `@` between a place and the end of the authority that it stands in.
    fn last_at(&mut self, from: usize) -> Option<usize> {
        if from >= self.authority.0 {
            let (mut at, mut last) = (from, None);
            while !is_break(self.byte(at)) && !self.closes(at) {
                match self.symbol(at) {
                    (b'/' | b'?' | b'#', _) => break,
                    (b'@', len) => (last, at) = (Some(at), at + len),
                    (_, len) => at += len,
                }
            }
            self.authority = (at.max(from + 1), last);
        }
        self.authority.1.filter(|at| *at >= from)
    }

    /// An authority: what is before its `@` is a user, or a user and a password.
    fn address(&mut self, start: usize) {
        let at = self.last_at(start).or_else(|| self.broken_password(start));
        if let Some(at) = at {
            self.redact(start..at);
        }
        self.host(at.map_or(start, |at| at + self.symbol(at).1));
    }

    /// The `@` behind a password that has a `/`, `?` or `#` in it, which no address may have: what looks like its port is
    /// no number.
    fn broken_password(&self, start: usize) -> Option<usize> {
        const LONGEST: usize = 256;
        let (end, _) = self.authority;
        let authority = self.text.get(start..end)?;
        let (_, port) = authority.split_once(':')?;
        if port.is_empty() || port.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let places = (end..end + LONGEST).take_while(|at| !is_break(self.byte(*at)) && !self.closes(*at));
        places.filter(|at| self.byte(*at) == b'@').last()
    }

    /// Passes over a host and its port, which are no key and value.
    fn host(&mut self, start: usize) {
        self.at = self.name_end(start);
        let (symbol, len) = self.symbol(self.at);
        if symbol == b':' && self.byte(self.at + len).is_ascii_digit() {
            self.at = self.name_end(self.at + len);
        }
    }

    /// A user, a password and a host without a scheme before them.
    fn user(&mut self, name: &str, start: usize, end: usize) {
        let (symbol, len) = self.symbol(end);
        if symbol != b':' || self.byte(end + len) == b':' || name.eq_ignore_ascii_case("mailto") {
            return;
        }
        let Some(at) = self.last_at(start).filter(|at| *at > end + len) else { return };
        let host = at + self.symbol(at).1;
        // The digest of a container image.
        if self.text.get(host..).is_some_and(|rest| rest.starts_with("sha256:")) {
            return;
        }
        if self.byte(host).is_ascii_alphanumeric() || self.byte(host) == b'[' {
            self.redact(start..at);
            self.host(host);
        }
    }

    /// A query, or a fragment that is one.
    fn query(&mut self, sign: u8, len: usize) {
        self.skip(len);
        let start = self.at;
        let name = self.name_end(start);
        let has_pair = name > start && self.symbol(name).0 == b'=';
        let is_query = match sign {
            b'#' => self.in_address && has_pair,
            _ => self.in_address || has_pair,
        };
        if !is_query {
            return;
        }
        let mut end = start;
        while !is_break(self.byte(end)) && !self.closes(end) {
            end += 1;
        }
        let end = self.trim(start, end);
        self.redact(start..end);
        self.at = end;
    }

    /// The values of columns, as in PostgreSQL's `Key (email, token)=(a, b) already exists`.
    fn columns(&mut self) {
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

    /// Credentials behind the scheme that begins at a place. In free text they are only what looks like them.
    fn credentials(&self, at: usize, in_header: bool) -> Option<Range<usize>> {
        let end = self.name_end(at);
        let scheme = self.text.get(at..end)?;
        let known = if in_header { &SCHEMES[..] } else { &SCHEMES[..2] };
        let start = self.skip_spaces(end);
        if start == end || !known.iter().any(|known| known.eq_ignore_ascii_case(scheme)) {
            return None;
        }
        let end = self.word(start);
        let is_secret = in_header || self.text.get(start..end).is_some_and(looks_secret);
        (is_secret && end > start).then_some(start..end)
    }

    /// The end of a value that is not quoted.
    fn word(&self, start: usize) -> usize {
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

    /// Returns true if the part behind a `,` or `&` is the next item of a list, and not the rest of a value.
    fn ends_item(&self, at: usize) -> bool {
        let name = self.name_end(at);
        is_break(self.byte(at)) || is_quote(self.byte(at)) || (name > at && matches!(self.symbol(name).0, b'=' | b':'))
    }

    /// A key and its value; false where this is no such pair.
    fn pair(&mut self, start: usize, end: usize) -> bool {
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
            // What seemed open was a mark alone.
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

    /// Returns true before the text that an error of serde or of clap quotes from its input, and before a password in
    /// SQL.
    fn is_quoted_input(&self, name: &str, start: usize) -> bool {
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

    /// Returns true before `'abc' for '--token <TOKEN>'`.
    fn is_of_secret_flag(&self, at: usize) -> bool {
        let mark = self.skip_spaces(at);
        if !is_quote(self.byte(mark)) {
            return false;
        }
        let flag = self.text.get(self.quoted_end(mark, 0)..).and_then(|rest| rest.strip_prefix("' for '"));
        flag.and_then(|flag| flag.split([' ', '\'']).next()).is_some_and(is_secret)
    }

    /// Returns true if this word stands before a place.
    fn follows(&self, at: usize, word: &str) -> bool {
        let before = self.text.get(..at).unwrap_or("").trim_end_matches([' ', '\t']);
        before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().is_some_and(|last| last.eq_ignore_ascii_case(word))
    }

    /// Returns the separator behind a key, the place where the value begins, and true if the key is quoted.
    fn separator(&self, name: &str, start: usize, end: usize) -> Option<(Separator, usize, bool)> {
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

    /// Returns true for the name of an element of XML, with its namespace or without.
    fn opens_tag(&self, start: usize) -> bool {
        let before = self.text.get(..start).unwrap_or("");
        let before = before.strip_suffix(':').map_or(before, |space| space.trim_end_matches(char::is_alphanumeric));
        before.ends_with('<')
    }

    /// The place behind a tag that has attributes.
    fn tag_end(&self, start: usize) -> Option<usize> {
        const LONGEST: usize = 256;
        let tag = self.text.as_bytes().get(start..)?;
        let end = tag.iter().take(LONGEST).position(|byte| matches!(byte, b'<' | b'>'))?;
        (tag.get(end) == Some(&b'>') && !tag.get(..end)?.ends_with(b"/")).then_some(start + end + 1)
    }

    /// The secret in a value, and the place behind the value.
    fn value(&self, secret: Secret, separator: Separator, key: usize, at: usize) -> Option<(Range<usize>, usize)> {
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

    /// The value behind `"key": "token",`, where it is the member `value`.
    fn next_member(&self, secret: Secret, start: usize, end: usize) -> Option<(Range<usize>, usize)> {
        let name = self.text.get(start..end)?.trim_end_matches('\\');
        if !name.eq_ignore_ascii_case("value") {
            return None;
        }
        let (separator, at, _) = self.separator(name, start, start + name.len())?;
        (separator != Separator::Comma).then(|| self.value(secret, separator, start, at))?
    }

    /// Returns true if a quoted text is the value of the key before it, and no part of a sentence about it.
    fn is_secret_text(&self, separator: Separator, key: usize, text: Range<usize>) -> bool {
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

    /// Returns true for a word beside a key that is no word of a sentence.
    fn is_token_beside(&self, separator: Separator, at: usize) -> bool {
        let word = self.text.get(at..self.word(at)).unwrap_or("");
        separator == Separator::Beside
            && word.len() >= MIN_TOKEN
            && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && is_mixed(word)
    }

    /// The secret in a value without quotes.
    fn bare(&self, secret: Secret, separator: Separator, key: usize, at: usize) -> Option<Range<usize>> {
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

    /// Returns true if the word behind `token: ` belongs to a sentence about tokens.
    fn is_prose(&self, key: usize, value: &str, end: usize) -> bool {
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

    /// Returns true if the word before a key says that something is wrong with it.
    fn follows_fault(&self, key: usize) -> bool {
        FAULTS.iter().any(|fault| self.follows(key, fault))
    }

    /// The rest of a line.
    fn line(&self, start: usize) -> usize {
        let mut end = start;
        while !self.ends_line(end) && !self.closes(end) {
            end += 1;
        }
        self.trim(start, end)
    }

    /// The end of a value between two `;` of a connection string, where spaces may be in it.
    fn setting(&self, start: usize) -> Option<usize> {
        let mut end = start;
        while self.byte(end) != b';' {
            if self.ends_line(end) || self.closes(end) {
                return None;
            }
            end += 1;
        }
        Some(end)
    }

    /// The mark that closes a quote, whose own mark has so many backslashes before it; else the end of the text.
    fn quoted_end(&self, mark: usize, level: usize) -> usize {
        let (quote, mut backslashes) = (self.byte(mark), 0);
        for at in mark + 1..self.text.len() {
            let byte = self.byte(at);
            if byte == quote && (backslashes <= level || level == 0 && backslashes % 2 == 0) {
                return at - backslashes.min(level);
            }
            backslashes = if byte == b'\\' { backslashes + 1 } else { 0 };
        }
        self.text.len()
    }

    /// The end of `Some("abc")`, `["a", "b"]`, `Password { value: "a" }`, where its brackets are balanced.
    fn structure_end(&self, start: usize) -> Option<usize> {
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

    /// The token of a bot of Telegram, which stands in its addresses: `bot123456:AAE…`.
    fn bot_token(&self, name: &str, end: usize) -> Option<Range<usize>> {
        let digits = name.strip_prefix("bot").filter(|id| id.len() >= 6 && id.bytes().all(|b| b.is_ascii_digit()));
        let (symbol, len) = self.symbol(end);
        let token = end + len..self.name_end(end + len);
        (digits.is_some() && symbol == b':' && token.len() >= MIN_TOKEN).then_some(token)
    }

    /// A private key in PEM: all up to its end.
    fn private_key(&self, name: &str, end: usize) -> Option<Range<usize>> {
        const LONGEST_LABEL: usize = 48;
        if !name.ends_with("-BEGIN") {
            return None;
        }
        let (_, rest) = self.text.split_at_checked(end)?;
        let label = rest.get(..rest.floor_char_boundary(LONGEST_LABEL))?;
        let start = end + label.find("PRIVATE KEY-----")? + "PRIVATE KEY-----".len();
        let body = self.text.get(start..)?;
        Some(start..body.find("-----END").map_or(self.text.len(), |at| start + at))
    }
}

/// The token in a name, where its beginning says that it is one.
fn token(name: &str) -> Option<Range<usize>> {
    if name.len() < MIN_TOKEN {
        return None;
    }
    let starts = |mark: &str| {
        let is_start = |at: &usize| name.get(..*at).is_some_and(|before| !before.ends_with(char::is_alphanumeric));
        name.match_indices(mark).map(|(at, _)| at).find(is_start)
    };
    let rest = |at: usize| name.get(at..).unwrap_or("");
    let access_key = ["AKIA", "ASIA"].iter().find_map(|mark| starts(mark)).and_then(|at| {
        let key = rest(at).split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        let legal = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        (key.len() >= MIN_TOKEN && key.bytes().all(legal)).then_some(at..at + key.len())
    });
    let jwt = || {
        let at = starts("eyJ")?;
        let end = at + rest(at).trim_end_matches('.').len();
        (rest(at).matches('.').count() >= 2).then_some(at..end)
    };
    let marked = || {
        let is_long = |at: &usize| rest(*at).len() > MIN_TOKEN && rest(*at).bytes().any(|byte| byte.is_ascii_digit());
        MARKED.iter().find_map(|mark| starts(mark).filter(is_long)).map(|at| at..name.len())
    };
    access_key.or_else(jwt).or_else(marked)
}

/// Returns true for one word of letters and digits both.
fn is_mixed(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic) && !has(u8::is_ascii_whitespace)
}

/// Returns true if a word behind `Bearer` or `Basic` is no word of a sentence.
fn looks_secret(word: &str) -> bool {
    let is_ordinary = |rest: &str| {
        rest.bytes().all(|byte| byte.is_ascii_lowercase()) || rest.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let rest = word.get(1..).unwrap_or("");
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic()) && is_ordinary(rest);
    word.len() >= 4 && (!is_word || word.len() > MIN_TOKEN) && !word.contains("=\"") && !word.contains("=\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_no_query_and_no_credentials() {
        for (given, shown, why) in [
            (
                "error sending request for url (http://a.example/x?token=secret)",
                "error sending request for url (http://a.example/x?REDACTED)",
                "reqwest's error",
            ),
            ("GET /x?token=a)b: refused", "GET /x?REDACTED: refused", "a path alone"),
            ("\"https://u:p@a.example/?x\",\n\tnext", "\"https://REDACTED@a.example/?REDACTED\",\n\tnext", "both"),
            ("http://u@a.example", "http://REDACTED@a.example", "a user alone, which may be a token"),
            ("http://a.example/@me", "http://a.example/@me", "no user"),
            ("redis://:pw@cache.internal", "redis://REDACTED@cache.internal", "another scheme"),
            ("http://a.example,http://u:p@b.example", "http://a.example,http://REDACTED@b.example", "a list"),
            (
                "a,http://u:p@a.example/,redis://:q@b",
                "a,http://REDACTED@a.example/,redis://REDACTED@b",
                "a longer list",
            ),
            ("http://u:p,q@a.example", "http://REDACTED@a.example", "a password with the sign of a list"),
            ("http://u:p@q@a.example", "http://REDACTED@a.example", "a password with the sign of a host"),
            ("http://u:p/q?r@a.example/x", "http://REDACTED@a.example/x", "a password with signs of an address"),
            ("http://a.example:8080/u@b", "http://a.example:8080/u@b", "a port"),
            ("https://secret:8080/x", "https://secret:8080/x", "a host whose name is a key"),
            ("https://token:abc@secret:80/x", "https://REDACTED@secret:80/x", "a user whose name is a key"),
            ("é/é?é é", "é/é?REDACTED é", "no ASCII"),
            (
                "next=http%3A%2F%2Fu%3Apw%40a.example%2Fx%3Ftoken%3Dabc",
                "next=http%3A%2F%2FREDACTED%40a.example%2Fx%3FREDACTED",
                "an escaped address",
            ),
            ("http%253A%252F%252Fa%252F%253Fq%253Dabc", "http%253A%252F%252Fa%252F%253FREDACTED", "escaped twice"),
            (r"http:\/\/u:pw@a.example\/x?q=abc", r"http:\/\/REDACTED@a.example\/x?REDACTED", "escaped in JSON"),
            ("a=1\\u0026x?q\\u003dabc", "a=1\\u0026x?REDACTED", "escaped as text of JSON"),
            ("search?q=abc failed", "search?REDACTED failed", "a relative address"),
            ("https://a.example?q=abc", "https://a.example?REDACTED", "no path"),
            ("https://a.example/cb#access_token=abc", "https://a.example/cb#REDACTED", "a fragment that is a query"),
            ("https://a.example/x#part-2", "https://a.example/x#part-2", "a fragment that is none"),
            (r#"{"url":"http://a/?q=abc","code":1}"#, r#"{"url":"http://a/?REDACTED","code":1}"#, "JSON"),
            (
                r#""{\"url\":\"http://a/?q=abc\",\"n\":1}""#,
                r#""{\"url\":\"http://a/?REDACTED\",\"n\":1}""#,
                "its `Debug`",
            ),
            ("'http://a/?q=abc','x'", "'http://a/?REDACTED','x'", "single quotes"),
            (r#"GET http://a/?f={"k":"v"} 404"#, r#"GET http://a/?REDACTED"} 404"#, "quotes in a query"),
            ("<http://a/?q=abc>", "<http://a/?REDACTED>", "brackets"),
            ("admin:s3cr3t@db.internal:5432", "REDACTED@db.internal:5432", "no scheme"),
            ("(admin:s3cr3t@tcp(db:3306)/x)", "(REDACTED@tcp(db:3306)/x)", "a source of MySQL"),
            (
                "mongodb+srv://u:p@a.mongodb.net/db?retryWrites=true",
                "mongodb+srv://REDACTED@a.mongodb.net/db?REDACTED",
                "a connection string",
            ),
            (
                r#"Url { scheme: "http", username: "t0ken", password: Some("pw"), path: "/x", query: Some("q=1"), port: None }"#,
                r#"Url { scheme: "http", username: "REDACTED", password: REDACTED, path: "/x", query: REDACTED, port: None }"#,
                "a parsed one",
            ),
        ] {
            assert_eq!(text(given), shown, "{why}");
        }
    }

    #[test]
    fn pairs_keep_no_secret() {
        for (given, shown, why) in [
            ("login failed: password=hunter", "login failed: password=REDACTED", "a pair"),
            ("password = \"a b\\\" c\", user", "password = \"REDACTED\", user", "a quoted value"),
            ("token: s3cr3t", "token: REDACTED", "a colon"),
            ("token: abc, next", "token: REDACTED, next", "a colon, and a word without a digit"),
            ("API_KEY=a,b;c", "API_KEY=REDACTED;c", "a value with a comma"),
            ("secret=a,user=b", "secret=REDACTED,user=b", "a list"),
            ("API key: abc123", "API key: REDACTED", "a key of two words"),
            ("a=1&client_secret=x&b=2", "a=1&client_secret=REDACTED&b=2", "a form"),
            ("client_secret%3Dx%26b%3D2", "client_secret%3DREDACTED%26b%3D2", "an escaped form"),
            (
                "Server=db;User Id=sa;Password=a b;Encrypt=true",
                "Server=db;User Id=sa;Password=REDACTED;Encrypt=true",
                "a connection string with a space",
            ),
            ("AccountKey=abc==;EndpointSuffix=x", "AccountKey=REDACTED;EndpointSuffix=x", "that of a store"),
            ("host=h password='a b' dbname=d", "host=h password='REDACTED' dbname=d", "that of libpq"),
            (
                r#"Config { user: "u", password: "p\"q", token: Some("t"), keys: 3 }"#,
                r#"Config { user: "u", password: "REDACTED", token: REDACTED, keys: 3 }"#,
                "`Debug`",
            ),
            (
                "Login { password: Password { value: \"x)\" }, n: 1 }",
                "Login { password: REDACTED, n: 1 }",
                "a nested value",
            ),
            ("token: None, secret: null", "token: None, secret: null", "no value"),
            (r#"{"apiKey":"abc","n":1}"#, r#"{"apiKey":"REDACTED","n":1}"#, "JSON"),
            (
                r#"Error { body: "{\"password\": \"abc\", \"n\": 1, \"token\":\"x\"}" }"#,
                r#"Error { body: "{\"password\": \"REDACTED\", \"n\": 1, \"token\":\"REDACTED\"}" }"#,
                "JSON in `Debug`",
            ),
            (
                r#"[("x-api-key", "abc"), ("a", "b")]"#,
                r#"[("x-api-key", "REDACTED"), ("a", "b")]"#,
                "a list of headers",
            ),
            (r#"{"cookie": "a=b; c=d", "a": "b"}"#, r#"{"cookie": "REDACTED", "a": "b"}"#, "a map of headers"),
            ("Cookie: a=b; c=d\r\nHost: x", "Cookie: REDACTED\r\nHost: x", "a header's line"),
            (
                r#""GET /\r\nAuthorization: Bearer abc\r\nHost: x""#,
                r#""GET /\r\nAuthorization: Bearer REDACTED\r\nHost: x""#,
                "its `Debug`",
            ),
            (
                r#""x\nsig=abc\ttoken=abc\rBearer s3cr3t""#,
                r#""x\nsig=REDACTED\ttoken=REDACTED\rBearer REDACTED""#,
                "escapes before keys",
            ),
            (r"C:\token=abc", r"C:\token=REDACTED", "no escape"),
            ("<SecretAccessKey>a/b</SecretAccessKey>", "<SecretAccessKey>REDACTED</SecretAccessKey>", "XML"),
            (
                r#"Err(ApiKey("abc"), Token(\"d\"))"#,
                r#"Err(ApiKey("REDACTED"), Token(\"REDACTED\"))"#,
                "types around a text",
            ),
            ("run --token abc --verbose", "run --token REDACTED --verbose", "a flag"),
            (
                "password 'abc' is short, token \"a1b2c3\" is old",
                "password 'REDACTED' is short, token \"REDACTED\" is old",
                "quotes beside keys",
            ),
            ("secret token 0123456789abcdef", "secret token REDACTED", "a word that is none beside a key"),
            ("IDENTIFIED BY 'abc'", "IDENTIFIED BY 'REDACTED'", "SQL"),
            (
                "Key (email, api_token)=(a@b.example, abc) already exists.",
                "Key (email, api_token)=(REDACTED) already exists.",
                "columns of PostgreSQL",
            ),
            (
                "invalid type: string \"a1b2c3\", expected u32",
                "invalid type: string \"REDACTED\", expected u32",
                "a text that serde quotes",
            ),
            (
                r#"[{"key":"token","value":"abc"},{"key":"token","n":"b"}]"#,
                r#"[{"key":"token","value":"REDACTED"},{"key":"token","n":"b"}]"#,
                "members that are a key and its value",
            ),
            ("{\"password\":\n \"abc\"}", "{\"password\":\n \"REDACTED\"}", "JSON in lines"),
            (
                "invalid value 'abc' for '--token <TOKEN>': no",
                "invalid value 'REDACTED' for '--token <TOKEN>': no",
                "the flag of a command line",
            ),
            (
                "invalid type: found string \"a1b2c3\", expected u16",
                "invalid type: found string \"REDACTED\", expected u16",
                "a text that figment quotes",
            ),
            ("token1=abc, password2: abc1", "token1=REDACTED, password2: REDACTED", "numbered keys"),
            (
                "<p:Password Type=\"t\">a b</p:Password>",
                "<p:Password Type=\"t\">REDACTED</p:Password>",
                "XML with a namespace",
            ),
            (r#"{"credentials":"abc"} creds=abc"#, r#"{"credentials":"REDACTED"} creds=REDACTED"#, "credentials"),
            ("invalid token: ExpiredSignature", "invalid token: ExpiredSignature", "a sentence"),
            ("password: must have 8 characters", "password: must have 8 characters", "another sentence"),
            ("unexpected token `}` at line 3", "unexpected token `}` at line 3", "no pair"),
            ("token::Kind and secret::Store", "token::Kind and secret::Store", "paths"),
            ("max_tokens=4096, token_count: 12", "max_tokens=4096, token_count: 12", "numbers"),
        ] {
            assert_eq!(text(given), shown, "{why}");
        }
    }

    #[test]
    fn tokens_are_known_by_their_form() {
        for (given, shown, why) in [
            ("Authorization: Bearer abc failed", "Authorization: Bearer REDACTED failed", "a header"),
            ("authorization=Basic dXNlcjpwdw==", "authorization=Basic REDACTED", "a header as a pair"),
            ("sent Bearer s3cr3t, got 401", "sent Bearer REDACTED, got 401", "a scheme alone"),
            ("basic dXNlcjpwdw==", "basic REDACTED", "in lower case"),
            (
                "Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/x, Signature=ab\nnext",
                "Authorization: REDACTED\nnext",
                "a signature",
            ),
            ("Basic usage of a bearer token", "Basic usage of a bearer token", "ordinary words"),
            ("Bearer realm=\"api\"", "Bearer realm=\"api\"", "a challenge"),
            ("key AKIAIOSFODNN7EXAMPLE.", "key REDACTED.", "an access key"),
            ("AKIAIOSFODNN7EXAMPLE:abc/def+x, denied", "REDACTED, denied", "an access key with its secret"),
            ("AKIAIOSFODNN7EXAMPLE: denied", "REDACTED: denied", "an access key in a sentence"),
            (r#""Bearer realm=\"api\"""#, r#""Bearer realm=\"api\"""#, "the `Debug` of a challenge"),
            (
                "key: -----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n, private_key: -----BEGIN PRIVATE KEY-----MIIE",
                "key: -----BEGIN PRIVATE KEY-----REDACTED-----END PRIVATE KEY-----\n, private_key: -----BEGIN PRIVATE KEY-----REDACTED",
                "private keys with names",
            ),
            ("key=ASIAIOSFODNN7EXAMPLE/20261126", "key=REDACTED/20261126", "that of a session"),
            (
                "http://a.example/bot123456:AAE0123456789-abcdef/send",
                "http://a.example/bot123456:REDACTED/send",
                "the token of a bot",
            ),
            ("got eyJhbGciOi.eyJzdWIi.c2ln-_x.", "got REDACTED.", "a JWT"),
            ("clone with ghp_0123456789abcdefghij", "clone with REDACTED", "a token with a mark"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
                "-----BEGIN RSA PRIVATE KEY-----REDACTED-----END RSA PRIVATE KEY-----",
                "a private key",
            ),
        ] {
            assert_eq!(text(given), shown, "{why}");
        }
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        for given in [
            "",
            "no disk",
            "unexpected token: `}`, expected token: Eof",
            "signature: mismatch",
            "unexpected token: Ident(\"a\"), expected token: Some(Comma), found token: `;`",
            "invalid value 'abc' for '--count <COUNT>'",
            "Access denied for user 'root'@'localhost' (using password: YES)",
            "invalid type: string \"abc\", expected u32 at line 1 column 10",
            "unexpected token 'x' in JSON, secret 'prod/db' not found, password hash rounds",
            "<token> expected, found <eof>",
            "Key (id)=(42) already exists.",
            "auth: failed, credentials: not found",
            "/x/token what? yes",
            "image:tag@sha256:0123456789abcdef not found",
            "what? why/not? a@b",
            "connection refused (os error 111)",
            "expected `,` or `}` at line 1 column 14",
            "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: sqs:SendMessage",
            "thread 'main' panicked at src/main.rs:10:5: index out of bounds: the len is 3 but the index is 7",
            "failed to load credentials: no providers in chain provided credentials",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf not found",
            "git@github.com:org/repo.git, mailto:a@b.example, 10:15",
            "don't say \"it's 5 o'clock\"",
            "http://a.example:8080/x/y and /etc/hosts",
            "Größe überschritten: 10 µs > 5 µs",
        ] {
            assert!(matches!(text(given), Cow::Borrowed(shown) if shown == given), "{given}: {}", text(given));
        }
    }

    #[test]
    fn secret_keys_are_known_in_every_spelling() {
        for key in
            ["Authorization", "x-api-key", "Set-Cookie", "X-Amz-Security-Token", "db_pass", "clientSecret", "password2"]
        {
            assert!(is_secret(key), "{key}");
        }
        for key in ["x-request-id", "query", "content-type", "keyboard", "tokens"] {
            assert!(!is_secret(key), "{key}");
        }
    }

    /// Texts with a secret in them.
    const FORMS: [&str; 18] = [
        "https://user:{}@a.example/x",
        "https://{}@a.example",
        "https://a.example/x?q={}",
        "x%3A%2F%2Fa.example%2Fx%3Fq%3D{}",
        "user:{}@a.example",
        "password={}",
        "token: {}",
        "Authorization: Bearer {}",
        r#"{"api_key":"{}","n":1}"#,
        r#"Some({ secret: Some("{}") })"#,
        "Server=a;Password={};Encrypt=true",
        "<Password>{}</Password>",
        "token '{}'",
        "Key (token)=({})",
        r#"{"name":"token","value":"{}"}"#,
        "password = \"{}\",",
        r#"Err(Secret("{}"))"#,
        "AKIAIOSFODNN7EXAMPLE:{}",
    ];

    #[test]
    fn long_texts_are_read_in_linear_time() {
        for part in [
            "a:",
            "token=(",
            "a://b:c/",
            "?#%25",
            "\"\\",
            ";pwd=a ",
            "a/?",
            "'token': ",
            "-----BEGIN ",
            "-BEGIN ",
            ")=(",
            "(a)=(",
            "<token ",
            "token '",
            "invalid value '",
            "\"token\":\n",
            "\"token\",\"value\":",
            "a:",
        ] {
            let long = part.repeat(200_000 / part.len());
            let started = std::time::Instant::now();
            let _ = text(long.as_str());
            assert!(started.elapsed() < std::time::Duration::from_secs(10), "{part}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_secret_shows_in_no_surroundings(before in "[ -~]{0,16}", after in "[ -~]{0,16}", which in 0..FORMS.len()) {
            let secret = "s3cr3tV4lue";
            let given = format!("{before} {} {after}", FORMS[which].replace("{}", secret));
            proptest::prop_assert!(!text(given.as_str()).contains(secret), "{given}\n{}", text(given.as_str()));
        }

        #[test]
        fn any_text_is_redacted_without_a_panic(given in "[a:/?#@=&%\"'\\\\ é(){},;25430F-]{0,64}") {
            let _ = text(given.as_str()).len();
        }
    }
}
