//! Credentials recognised by the words around.

use std::ops::Range;

use super::scan::Scan;
use super::token::{MIN_TOKEN, looks_secret};

/// The schemes of HTTP authentication with one word of credentials.
const SCHEMES: [&str; 7] = ["bearer", "basic", "token", "apikey", "negotiate", "ntlm", "dpop"];

impl Scan<'_> {
    /// Returns the credentials behind a scheme at a position. In free text, the credentials must also look like a
    /// secret.
    pub(super) fn credentials(&self, at: usize, in_header: bool) -> Option<Range<usize>> {
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

    /// Returns the token of a Telegram bot, part of the bot's addresses: `bot123456:AAE…`.
    pub(super) fn bot_token(&self, name: &str, end: usize) -> Option<Range<usize>> {
        let digits = name.strip_prefix("bot").filter(|id| id.len() >= 6 && id.bytes().all(|b| b.is_ascii_digit()));
        let (symbol, len) = self.symbol(end);
        let token = end + len..self.name_end(end + len);
        (digits.is_some() && symbol == b':' && token.len() >= MIN_TOKEN).then_some(token)
    }

    /// Returns the body of a private key in PEM.
    pub(super) fn private_key(&self, name: &str, end: usize) -> Option<Range<usize>> {
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
