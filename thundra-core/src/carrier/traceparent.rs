//! W3C `traceparent`: <https://www.w3.org/TR/trace-context-2/#traceparent-header>.

use super::ows;
use crate::id::push_hex;
use crate::{SpanId, TraceContext, TraceId};

/// The key of the context.
pub(super) const TRACEPARENT: &str = "traceparent";
/// The bytes of a `traceparent` of version 00.
const TRACEPARENT_BYTES: usize = 55;
/// Parses `00-{trace id}-{span id}-{flags}`; `None` for a malformed text.
///
/// Versions above 00 may have more parts, to be ignored. Version `ff` is invalid.
///
/// # Examples
///
/// ```
/// use thundra_core::propagation::{format_traceparent, parse_traceparent};
///
/// let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let context = parse_traceparent(text).unwrap();
/// assert!(context.sampled);
/// assert_eq!(format_traceparent(&context), text);
/// ```
pub fn parse_traceparent(value: &str) -> Option<TraceContext> {
    let mut parts = ows::trim(value).split('-');
    let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let version = hex_byte(version)?;
    if version == 0xff || (version == 0 && parts.next().is_some()) {
        return None;
    }
    let flags = hex_byte(flags)?;
    Some(TraceContext::with_flags(TraceId::from_hex(trace_id)?, SpanId::from_hex(span_id)?, flags))
}

/// Formats a `traceparent` of version 00, with the flags `sampled` and `random`.
///
/// # Examples
///
/// ```
/// use thundra_core::Scope;
/// use thundra_core::propagation::format_traceparent;
///
/// let context = Scope::builder("checkout").begin().context().unwrap();
/// let text = format_traceparent(&context);
/// assert_eq!(text, format!("00-{}-{}-03", context.trace_id, context.span_id), "sampled and random");
/// ```
pub fn format_traceparent(context: &TraceContext) -> String {
    let mut value = String::with_capacity(TRACEPARENT_BYTES);
    value.push_str("00-");
    push_hex(&mut value, &context.trace_id.to_bytes());
    value.push('-');
    push_hex(&mut value, &context.span_id.to_bytes());
    value.push('-');
    push_hex(&mut value, &[context.flags()]);
    value
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
        for (value, flags, why) in [
            (VALID, Some(1), "the specification's example"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", Some(0), "not sampled"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-02", Some(2), "a random trace id, not sampled"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff", Some(3), "unknown flags are ignored"),
            ("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", Some(1), "a later version may say more"),
            ("\t00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01 ", Some(1), "white space around it"),
            ("\u{3000}00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None, "white space of another kind"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n", None, "a line end"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", None, "version 00 may not"),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None, "version ff is invalid"),
            ("00-00000000000000000000000000000000-b7ad6b7169203331-01", None, "an all-zero trace id"),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", None, "an all-zero span id"),
            ("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", None, "upper-case digits"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1", None, "one digit of flags"),
            ("", None, "nothing"),
        ] {
            assert_eq!(parse_traceparent(value).map(|context| context.flags()), flags, "{why}");
        }
    }

    #[test]
    fn traceparent_round_trip() {
        for flags in ["00", "01", "02", "03"] {
            let value = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
            assert_eq!(parse_traceparent(&value).map(|context| format_traceparent(&context)), Some(value));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*") {
            let _ = parse_traceparent(&text);
        }
    }
}
