//! W3C Trace Context: <https://www.w3.org/TR/trace-context/>.

use crate::id::push_hex;
use crate::{SpanId, TraceContext, TraceId};

/// What a `traceparent` of version 00 measures.
const TRACEPARENT_BYTES: usize = 55;
/// More members than this are not taken: <https://www.w3.org/TR/trace-context/#tracestate-header-field-values>.
const MAX_STATE_MEMBERS: usize = 32;
/// What a `tracestate` may measure in all, so that a stranger cannot fill our requests.
const MAX_STATE_BYTES: usize = 2048;

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

/// A `tracestate` worth handing on; `None` when it is empty, too long, or not of the header's form.
pub(super) fn valid_tracestate(value: &str) -> Option<&str> {
    let value = value.trim();
    let mut members = 0;
    for member in value.split(',').map(str::trim).filter(|m| !m.is_empty()) {
        let (key, _) = member.split_once('=')?;
        if key.is_empty() {
            return None;
        }
        members += 1;
    }
    let printable = value.bytes().all(|b| (b' '..=b'~').contains(&b));
    (1..=MAX_STATE_MEMBERS).contains(&members).then_some(())?;
    (printable && value.len() <= MAX_STATE_BYTES).then_some(value)
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
        assert!(valid_tracestate("a=\u{7f}").is_none());
        assert!(valid_tracestate(" , ").is_none());
        assert!(valid_tracestate(&format!("a={}", "x".repeat(2048))).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*") {
            let _ = (parse_traceparent(&text), valid_tracestate(&text));
        }
    }
}
