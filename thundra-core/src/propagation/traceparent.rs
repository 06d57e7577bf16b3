//! W3C Trace Context: <https://www.w3.org/TR/trace-context/>.

use crate::id::push_hex;
use crate::{SpanId, TraceContext, TraceId};

/// What a `traceparent` of version 00 measures.
const TRACEPARENT_BYTES: usize = 55;
/// More members than this are not taken: <https://www.w3.org/TR/trace-context/#tracestate-header-field-values>.
const MAX_STATE_MEMBERS: usize = 32;
/// What a `tracestate` may measure in all, so that a stranger cannot fill our requests.
const MAX_STATE_BYTES: usize = 2048;
/// What a key of it may measure, and what a value.
const MAX_STATE_TEXT: usize = 256;

/// Reads `00-{trace id}-{span id}-{flags}`; `None` when it is malformed.
///
/// A version above 00 may carry more parts, which are ignored; version `ff` is invalid.
pub fn parse_traceparent(value: &str) -> Option<TraceContext> {
    let mut parts = value.trim().split('-');
    let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let version = hex_byte(version)?;
    if version == 0xff || (version == 0 && parts.next().is_some()) {
        return None;
    }
    let flags = hex_byte(flags)?;
    Some(TraceContext::new(TraceId::from_hex(trace_id)?, SpanId::from_hex(span_id)?, flags & 1 == 1))
}

/// Writes a `traceparent` of version 00. Its only flag is `sampled`.
pub fn format_traceparent(context: &TraceContext) -> String {
    let mut value = String::with_capacity(TRACEPARENT_BYTES);
    value.push_str("00-");
    push_hex(&mut value, &context.trace_id.to_bytes());
    value.push('-');
    push_hex(&mut value, &context.span_id.to_bytes());
    value.push_str(if context.sampled { "-01" } else { "-00" });
    value
}

/// A `tracestate` worth handing on; `None` when it is empty, too long, names a key twice, or is not of the
/// [header's form](https://www.w3.org/TR/trace-context-2/#tracestate-header-field-values).
pub(super) fn valid_tracestate(value: &str) -> Option<&str> {
    let value = value.trim();
    if value.len() > MAX_STATE_BYTES {
        return None;
    }
    let mut keys = Vec::new();
    for member in value.split(',').map(str::trim).filter(|m| !m.is_empty()) {
        let (key, value) = member.split_once('=')?;
        if keys.len() == MAX_STATE_MEMBERS || !is_state_key(key) || !is_state_value(value) || keys.contains(&key) {
            return None;
        }
        keys.push(key);
    }
    // Spaces between members are legal, and tabs would be: but not everywhere where it is sent on.
    (!keys.is_empty() && !value.contains('\t')).then_some(value)
}

fn is_state_key(key: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-' | b'*' | b'/' | b'@');
    key.len() <= MAX_STATE_TEXT
        && key.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && key.bytes().all(legal)
}

/// It holds no comma: that ends the member. It does not end with a space: that is none of it.
fn is_state_value(value: &str) -> bool {
    (1..=MAX_STATE_TEXT).contains(&value.len()) && value.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'=')
}

fn hex_byte(hex: &str) -> Option<u8> {
    let lower = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (hex.len() == 2 && lower).then(|| u8::from_str_radix(hex, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn traceparent_table() {
        for (value, sampled, why) in [
            (VALID, Some(true), "the specification's example"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", Some(false), "not sampled"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03", Some(true), "unknown flags are ignored"),
            (
                "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what",
                Some(true),
                "a later version may say more",
            ),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", None, "version 00 may not"),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None, "version ff is invalid"),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", None, "an all-zero trace id"),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", None, "an all-zero span id"),
            ("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None, "upper-case digits"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1", None, "one digit of flags"),
            ("", None, "nothing"),
        ] {
            assert_eq!(parse_traceparent(value).map(|c| c.sampled), sampled, "{why}");
        }
    }

    #[test]
    fn traceparent_round_trip() {
        assert_eq!(parse_traceparent(VALID).map(|c| format_traceparent(&c)).as_deref(), Some(VALID));
    }

    #[test]
    fn tracestate_is_bounded() {
        let members = |n: usize| (0..n).map(|i| format!("k{i}=v")).collect::<Vec<_>>().join(",");
        assert!(valid_tracestate(&members(32)).is_some());
        assert!(valid_tracestate(&members(33)).is_none());
        let long = |bytes: usize| (0..8).map(|n| format!("k{n}={}", "x".repeat(bytes))).collect::<Vec<_>>().join(",");
        assert_eq!(valid_tracestate(&long(252)).map(str::len), Some(8 * 256 - 1));
        assert!(valid_tracestate(&format!("{},", long(252))).is_some(), "as many bytes as there may be");
        assert!(valid_tracestate(&format!("{},k", long(252))).is_none(), "one too many");
    }

    #[test]
    fn tracestate_has_the_form_of_the_specification() {
        let (long, longer) = ("x".repeat(256), "x".repeat(257));
        for (value, valid, why) in [
            ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true, "the specification's example"),
            ("rojo=1 , congo=2,", true, "spaces between members, and an empty one"),
            ("0a_-*/@tenant=:;!x<>~ y", true, "every sign of a key, and some of a value"),
            (&format!("{long}=v"), true, "as long as a key may be"),
            (&format!("{longer}=v"), false, "one too long"),
            (&format!("a={long}"), true, "as long as a value may be"),
            (&format!("a={longer}"), false, "one too long"),
            ("Rojo=1", false, "upper case in a key"),
            ("ro jo=1", false, "a space in a key"),
            ("rojo =1", false, "a space behind a key"),
            ("_rojo=1", false, "a key that begins with a sign"),
            ("rojo.x=1", false, "a dot in a key"),
            ("=1", false, "no key"),
            ("rojo", false, "no value"),
            ("rojo=", false, "an empty value"),
            ("rojo=1=2", false, "a second equals sign"),
            ("rojo=\u{7f}", false, "a control character"),
            ("rojo=é", false, "no ASCII"),
            ("rojo=1,ro.jo=2", false, "one malformed member takes all"),
            ("rojo=1,congo=2,rojo=3", false, "a key twice"),
            ("rojo=1,\tcongo=2", false, "a tab"),
            (" , ", false, "nothing"),
        ] {
            assert_eq!(valid_tracestate(value).is_some(), valid, "{why}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*") {
            let _ = (parse_traceparent(&text), valid_tracestate(&text));
        }
    }
}
