//! The prefix of a text line from Lambda's runtimes: the time, the request id and the level, between tabs.

use opentelemetry_proto::tonic::logs::v1::SeverityNumber;

use super::level::severity;
use crate::time::nanoseconds;

/// The words in front of a line.
#[derive(Debug, Default)]
pub(super) struct Prefix<'a> {
    pub(super) time: Option<u64>,
    pub(super) request_id: Option<&'a str>,
    pub(super) level: Option<&'a str>,
    pub(super) rest: &'a str,
}

impl<'a> Prefix<'a> {
    /// Reads the words in front of a line. Lines of Lambda name an invocation, and have no other words.
    pub(super) fn of(text: &'a str) -> Self {
        let mut prefix = Prefix { rest: text, ..Prefix::default() };
        for word in ["START RequestId: ", "END RequestId: "] {
            if let Some(id) = text.strip_prefix(word) {
                prefix.request_id = id.split([' ', '\t']).next();
                prefix.level = Some("INFO");
                return prefix;
            }
        }
        while let Some((word, rest)) = prefix.rest.split_once('\t') {
            let unbracketed = word.trim_start_matches('[').trim_end_matches(']');
            if is_uuid(word) {
                prefix.request_id = Some(word);
            } else if prefix.level.is_none() && severity(unbracketed) != SeverityNumber::Unspecified {
                prefix.level = Some(unbracketed);
            } else if let Some(time) = nanoseconds(word) {
                prefix.time = Some(time);
            } else {
                break;
            }
            prefix.rest = rest;
        }
        prefix
    }

    /// Returns the length of the prefix of a line. A time alone may be a column of a table.
    pub(super) fn len(&self, text: &str) -> usize {
        let is_prefix = self.request_id.is_some() || self.level.is_some();
        if is_prefix { text.len() - self.rest.len() } else { 0 }
    }
}

fn is_uuid(word: &str) -> bool {
    let is_place = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    word.len() == 36 && word.bytes().enumerate().all(is_place)
}
