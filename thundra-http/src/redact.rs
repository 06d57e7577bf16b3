//! Addresses and queries without secrets, and texts of untrusted callers without most of their length.
//!
//! Free text is redacted in core.

pub(crate) use thundra_core::redact::REDACTED;

/// The longest part of a query that is shown as it stands, where it is no pair: a flag is short, a token is not.
const MAX_FLAG_BYTES: usize = 16;

/// The beginning of a text that may be as long as its author likes.
pub(crate) fn cut(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes)).unwrap_or(text)
}

/// `url.query`: the keys alone, and no more than so many bytes.
pub(crate) fn query(query: &str, max_bytes: usize) -> String {
    let start = cut(query, max_bytes);
    let query = match start.len() == query.len() {
        true => start,
        // The beginning of a token may look like a flag.
        false => start.rsplit_once('&').map_or(REDACTED, |(whole, _)| whole),
    };
    let mut keys = String::with_capacity(query.len());
    push_query(&mut keys, query);
    keys.truncate(cut(&keys, max_bytes).len());
    keys
}

/// A query whose values are not told. A part that is no pair may be a value too.
pub(crate) fn push_query(to: &mut String, query: &str) {
    for (at, pair) in query.split('&').enumerate() {
        if at > 0 {
            to.push('&');
        }
        match pair.trim_end_matches('=').split_once('=') {
            Some((key, _)) => {
                to.push_str(key);
                to.push('=');
                to.push_str(REDACTED);
            }
            None if is_flag(pair) => to.push_str(pair),
            None => to.push_str(REDACTED),
        }
    }
}

/// Whether this part of a query is a flag, or a key without its value.
fn is_flag(pair: &str) -> bool {
    let (flag, padded) = pair.strip_suffix('=').map_or((pair, false), |flag| (flag, true));
    // Base64 fills itself up to a multiple of four.
    let is_base64 = padded && pair.len().is_multiple_of(4);
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    flag.len() <= MAX_FLAG_BYTES && !is_base64 && flag.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_show_keys_and_flags() {
        let (flag, token) = ("x".repeat(16), "x".repeat(17));
        for (given, shown, why) in [
            ("q=1&token=abc", "q=REDACTED&token=REDACTED", "values"),
            ("flag&empty=&v1.2-b_c", "flag&empty=&v1.2-b_c", "flags, and a key alone"),
            ("&a&&", "&a&&", "empty parts"),
            ("=v", "=REDACTED", "a value alone"),
            (&flag, &flag, "as long as a flag may be"),
            (&token, "REDACTED", "one too long"),
            (&format!("{flag}="), "empty", "as long as a key alone may be"),
            (&format!("{token}="), "REDACTED", "one too long"),
            ("dG9rZW4=", "REDACTED", "base64"),
            ("dG9rZQ==", "REDACTED", "base64 with more to fill"),
            ("a%20b", "REDACTED", "no letter, digit or the like"),
            ("a+b&c/d&e:f&g@h", "REDACTED&REDACTED&REDACTED&REDACTED", "the same"),
            ("é", "REDACTED", "no ASCII"),
            ("token=dG9rZQ==", "token=REDACTED", "a pair whose value is base64"),
        ] {
            let expected = if shown == "empty" { given } else { shown };
            let mut text = String::new();
            push_query(&mut text, given);
            assert_eq!(text, expected, "{why}");
        }
    }

    #[test]
    fn queries_and_texts_are_cut_between_characters() {
        assert_eq!((cut("aéé", 4), cut("aéé", 5), cut("a", 9)), ("aé", "aéé", "a"));
        assert_eq!(query("a=1&b=2", 9), "a=REDACTE");
        assert_eq!(query("a=1&token", 9), "a=REDACTE", "as long as it may be");
        assert_eq!(query(&format!("a&{}", "x".repeat(40)), 12), "a", "the beginning of a token is no flag");
        assert_eq!(query(&"x".repeat(40), 12), "REDACTED", "nor is it alone");
        assert_eq!(query(&"k=v&".repeat(100_000), 2048).len(), 2048);
    }
}
