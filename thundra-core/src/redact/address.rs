//! The secrets of an address: user, password and query.

use super::scan::{Scan, is_break};

impl Scan<'_> {
    /// Returns the position behind `://`.
    pub(super) fn after_scheme(&self, mut at: usize) -> Option<usize> {
        for expected in *b"://" {
            let (symbol, len) = self.symbol(at);
            if symbol != expected {
                return None;
            }
            at += len;
        }
        Some(at)
    }

    /// Returns the last `@` between a position and the end of the authority.
    pub(super) fn last_at(&mut self, from: usize) -> Option<usize> {
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

    /// Redacts the user and the password of an authority, before the `@`.
    pub(super) fn address(&mut self, start: usize) {
        let at = self.last_at(start).or_else(|| self.broken_password(start));
        if let Some(at) = at {
            self.redact(start..at);
        }
        self.host(at.map_or(start, |at| at + self.symbol(at).1));
    }

    /// Returns the `@` behind a password with a `/`, `?` or `#`, illegal in an address. The apparent port is then no
    /// number.
    pub(super) fn broken_password(&self, start: usize) -> Option<usize> {
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

    /// Skips a host and a port, not to be read as a key and a value.
    pub(super) fn host(&mut self, start: usize) {
        self.at = self.name_end(start);
        let (symbol, len) = self.symbol(self.at);
        if symbol == b':' && self.byte(self.at + len).is_ascii_digit() {
            self.at = self.name_end(self.at + len);
        }
    }

    /// Redacts a user and a password before a host, without a scheme.
    pub(super) fn user(&mut self, name: &str, start: usize, end: usize) {
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

    /// Redacts a query, or a fragment in the form of a query.
    pub(super) fn query(&mut self, sign: u8, len: usize) {
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
}
