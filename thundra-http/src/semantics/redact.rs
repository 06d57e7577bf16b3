//! Paths and queries without secrets, and no longer than the [limits].
//!
//! A query keeps only the names. A name without a value may be a secret (`?abc123`, `?dG9rZW4=`), and is replaced as
//! well. Free text is redacted in thundra-core.

use std::borrow::Cow;

use thundra_core::cut;
use thundra_core::redact::{REDACTED, text};

use super::limits;

/// The longest name kept in a query without a value. Names are short, tokens are long.
const MAX_LONE_NAME_BYTES: usize = 16;
/// The longest name kept in a query.
const MAX_NAME_BYTES: usize = 64;

/// Returns a path without credentials: without parameters (`;jsessionid=…`) and tokens of bots (`/bot123:…`).
pub(super) fn path(path: &str) -> Cow<'_, str> {
    let path = cut(path, limits::PATH);
    if path.bytes().any(|byte| matches!(byte, b'=' | b':')) { text(path) } else { path.into() }
}

/// Appends the names of a query, with `REDACTED` in place of each value.
pub(super) fn push_query(to: &mut String, query: &str) {
    push_query_within(to, query, limits::QUERY);
}

fn push_query_within(to: &mut String, query: &str, max_bytes: usize) {
    let start = cut(query, max_bytes);
    let whole = match start.len() == query.len() {
        true => start,
        // The beginning of a token may look like a name.
        false => start.rsplit_once('&').map_or(REDACTED, |(whole, _)| whole),
    };
    let end = to.len() + max_bytes;
    let mut pairs = Some(whole);
    while let Some(text) = pairs {
        let (pair, rest) = split_once(text, b'&').map_or((text, None), |(pair, rest)| (pair, Some(rest)));
        match split_once(pair.trim_end_matches('='), b'=') {
            Some((name, _)) => push_name(to, name),
            None if pair.is_empty() || is_lone_name(pair) => to.push_str(pair),
            None => to.push_str(REDACTED),
        }
        if rest.is_some() {
            to.push('&');
        }
        pairs = rest;
    }
    to.truncate(cut(to, end).len());
}

/// Returns the texts around the first occurrence of an ASCII byte, as `str::split_once` does. Queries are short, and
/// `str::split_once` expects long texts.
fn split_once(text: &str, at: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == at)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// Appends a name of a query, with `=REDACTED`.
pub(super) fn push_name(to: &mut String, name: &str) {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~[]%+".contains(&b);
    let is_name = name.len() <= MAX_NAME_BYTES && name.bytes().all(legal);
    to.extend([if is_name { name } else { REDACTED }, "=", REDACTED]);
}

/// Returns `true` for a name with an empty value: `name=`. Base64 is longer, or the length is a multiple of four.
fn is_lone_name(pair: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    pair.strip_suffix('=').is_some_and(|name| {
        name.len() <= MAX_LONE_NAME_BYTES && !pair.len().is_multiple_of(4) && name.bytes().all(legal)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(query: &str, max_bytes: usize) -> String {
        let mut text = String::new();
        push_query_within(&mut text, query, max_bytes);
        text
    }

    #[test]
    fn queries_show_names_alone() {
        let (short, long) = ("x".repeat(16), "x".repeat(17));
        for (given, shown, why) in [
            ("q=1&token=abc", "q=REDACTED&token=REDACTED", "values"),
            ("flag&s3cret&empty=&v1.2-b_c=", "REDACTED&REDACTED&empty=&v1.2-b_c=", "values alone, and names alone"),
            ("&a=1&&", "&a=REDACTED&&", "empty parts"),
            ("=v", "=REDACTED", "a value without its name"),
            (&format!("{short}="), "given", "as long as a name alone may be"),
            (&format!("{long}="), "REDACTED", "one too long"),
            ("dG9rZW4=", "REDACTED", "base64"),
            ("dG9rZQ==", "REDACTED", "base64 with more to fill"),
            ("a%20b&é", "REDACTED&REDACTED", "other letters"),
            ("ids[0]=1&a%20b=1&a+b=2", "ids[0]=REDACTED&a%20b=REDACTED&a+b=REDACTED", "what names are made of"),
            ("a/b=1&user@example.org=1&é=1", "REDACTED=REDACTED&REDACTED=REDACTED&REDACTED=REDACTED", "no names"),
            (&format!("{}=1", "x".repeat(64)), &format!("{}=REDACTED", "x".repeat(64)), "as long as a name may be"),
            (&format!("{}=1", "x".repeat(65)), "REDACTED=REDACTED", "longer than a name"),
            ("token=dG9rZQ==", "token=REDACTED", "a pair whose value is base64"),
        ] {
            let expected = if shown == "given" { given } else { shown };
            let mut text = String::new();
            push_query(&mut text, given);
            assert_eq!(text, expected, "{why}");
        }
    }

    #[test]
    fn paths_keep_no_credentials() {
        for (given, shown) in [
            ("/x/y", "/x/y"),
            ("/x;jsessionid=abc", "/x;jsessionid=REDACTED"),
            ("/bot123456:AAE0123456789-abcdef/send", "/bot123456:REDACTED/send"),
            ("/year=2026/10:15", "/year=2026/10:15"),
        ] {
            assert_eq!(path(given), shown);
        }
    }

    #[test]
    fn queries_and_texts_are_cut_between_characters() {
        assert_eq!((cut("aéé", 4), cut("aéé", 5), cut("a", 9)), ("aé", "aéé", "a"));
        assert_eq!(query("a=1&b=2", 9), "a=REDACTE");
        assert_eq!(query("a=1&token", 9), "a=REDACTE", "as long as it may be");
        assert_eq!(query(&format!("a=&{}=", "x".repeat(40)), 12), "a=", "the beginning of a token is no name");
        assert_eq!(query(&"x".repeat(40), 12), "REDACTED", "nor is it alone");
        assert_eq!(query(&"k=v&".repeat(100_000), 2048).len(), 2048);
    }
}
