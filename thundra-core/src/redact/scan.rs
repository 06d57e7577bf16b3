//! The walk over a text.

use std::ops::Range;

use super::token::token;

/// The replacement of a secret.
pub const REDACTED: &str = "REDACTED";

/// The signs at the end of a sentence or brackets, not part of the address or value before.
pub(super) const CLOSING: &[u8] = b"\"'`)]}>,;:.!\\";

/// White space, and the end of the text.
pub(super) fn is_break(byte: u8) -> bool {
    byte <= b' '
}

/// A byte of a key, a host, or a token.
pub(super) fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

pub(super) fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// The open quotes at a position: a quote, and an escaped quote within.
#[derive(Clone, Copy, Default)]
pub(super) struct Quotes {
    pub(super) plain: Option<u8>,
    pub(super) escaped: Option<u8>,
}

/// One walk over a text. Every position is read a few times at most, for linear time on any text.
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) quotes: Quotes,
    /// `true` after a `/` in the current word, as in an address before the query.
    pub(super) in_address: bool,
    /// The end of a possible authority, and the last `@` within.
    pub(super) authority: (usize, Option<usize>),
    pub(super) shown: String,
    /// The end of the copied part of the text.
    pub(super) copied: usize,
}

impl<'a> Scan<'a> {
    pub(super) fn of(text: &'a str) -> Self {
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

    /// Returns the redacted text; `None` for a text without secrets.
    pub(super) fn run(mut self) -> Option<String> {
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

    pub(super) fn skip(&mut self, len: usize) {
        self.at += len;
    }

    pub(super) fn redact(&mut self, secret: Range<usize>) {
        if !secret.is_empty() && secret.start >= self.copied {
            self.shown.push_str(self.text.get(self.copied..secret.start).unwrap_or(""));
            self.shown.push_str(REDACTED);
            self.copied = secret.end;
        }
    }

    /// Returns the byte at a position. At the end of the text, returns a zero, a break.
    pub(super) fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(0)
    }

    /// Returns the sign at a position and its length in bytes. Signs with a meaning in addresses may be escaped,
    /// several times over.
    pub(super) fn symbol(&self, at: usize) -> (u8, usize) {
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

    /// Returns the end of the name at a position.
    pub(super) fn name_end(&self, mut at: usize) -> usize {
        while is_name(self.byte(at)) {
            at += 1;
        }
        at
    }

    pub(super) fn skip_spaces(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        at
    }

    pub(super) fn is_escaped(&self, at: usize) -> bool {
        at > 0 && self.byte(at - 1) == b'\\'
    }

    /// Returns `true` if an open quote ends at a position.
    pub(super) fn closes(&self, at: usize) -> bool {
        let byte = self.byte(at);
        match self.quotes {
            Quotes { escaped: Some(quote), .. } => byte == quote,
            Quotes { plain: Some(quote), .. } => byte == quote && !self.is_escaped(at),
            _ => false,
        }
    }

    /// Returns `true` if a line ends here, or in the `Debug` of a text a line or a column.
    pub(super) fn ends_line(&self, at: usize) -> bool {
        let is_quoted = self.quotes.plain.is_some();
        match self.byte(at) {
            b'\\' if is_quoted => matches!(self.byte(at + 1), b'n' | b'r' | b't') && !self.is_escaped(at),
            byte => byte == b'\n' || byte == b'\r' || byte == 0,
        }
    }

    /// Returns the end of a stretch, without closing signs.
    pub(super) fn trim(&self, start: usize, mut end: usize) -> usize {
        while end > start && CLOSING.contains(&self.byte(end - 1)) {
            end -= 1;
        }
        end
    }

    /// Opens or closes a quote.
    pub(super) fn quote(&mut self, quote: u8) {
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
    pub(super) fn close(&mut self) {
        if self.quotes.escaped.take().is_none() {
            self.quotes.plain = None;
        }
    }

    /// Reads a name: a key, a token, a scheme, or the begin of an address.
    pub(super) fn name(&mut self) {
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
            // The secret may follow the access key.
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

    /// Returns `true` if a word stands before a position.
    pub(super) fn follows(&self, at: usize, word: &str) -> bool {
        let before = self.text.get(..at).unwrap_or("").trim_end_matches([' ', '\t']);
        before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().is_some_and(|last| last.eq_ignore_ascii_case(word))
    }

    /// Returns the position of the closing quote, for an opening quote after `level` backslashes, or the end of the
    /// text.
    pub(super) fn quoted_end(&self, mark: usize, level: usize) -> usize {
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
}
