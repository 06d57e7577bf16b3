//! W3C `traceparent`: <https://www.w3.org/TR/trace-context-2/#traceparent-header>.

use std::error::Error;
use std::fmt::{self, Display};
use std::str::FromStr;

use super::ows;
use super::split::split;
use crate::id::{parse_hex, put_hex};
use crate::{SpanId, TraceContext, TraceId};

/// The key of the context.
pub(super) const TRACEPARENT: &str = "traceparent";

/// Parses `00-{trace id}-{span id}-{flags}`; `None` for a malformed text. [`TraceContext::from_str`] returns the
/// reason.
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
    parse(value).ok()
}

/// Parses a [`traceparent`](https://www.w3.org/TR/trace-context-2/#traceparent-header), as received with a message or
/// stored with a job. The context has no trace state.
///
/// # Examples
///
/// ```
/// use thundra_core::{NO_ATTRIBUTES, SpanExt, TraceContext, testing};
///
/// let stored = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let (linked, spans) = testing::record("import", || {
///     tracing::info_span!("retry").in_scope(|| {
///         let before: TraceContext = stored.parse()?;
///         tracing::Span::current().add_link(&before, NO_ATTRIBUTES);
///         Ok::<_, thundra_core::ParseTraceContextError>(before)
///     })
/// });
/// assert_eq!(spans[0].links[0].context, linked?);
/// # Ok::<(), thundra_core::ParseTraceContextError>(())
/// ```
impl FromStr for TraceContext {
    type Err = ParseTraceContextError;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        parse(value).map_err(|part| ParseTraceContextError { part })
    }
}

/// Formats a `traceparent` of version 00, without the trace state.
impl Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format_traceparent(self))
    }
}

/// The error of a text that is no `traceparent`.
///
/// # Examples
///
/// ```
/// use thundra_core::TraceContext;
///
/// let error = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331".parse::<TraceContext>().unwrap_err();
/// assert_eq!(error.to_string(), "invalid traceparent: the flags are two lower-case hexadecimal digits");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseTraceContextError {
    part: Part,
}

/// The first invalid part of a `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Version,
    TraceId,
    SpanId,
    Flags,
    End,
}

impl Display for ParseTraceContextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid traceparent: ")?;
        f.write_str(match self.part {
            Part::Version => "the version is two lower-case hexadecimal digits other than ff",
            Part::TraceId => "the trace id is 32 lower-case hexadecimal digits, not all of them zero",
            Part::SpanId => "the span id is 16 lower-case hexadecimal digits, not all of them zero",
            Part::Flags => "the flags are two lower-case hexadecimal digits",
            Part::End => "version 00 ends with the flags",
        })
    }
}

impl Error for ParseTraceContextError {}

fn parse(value: &str) -> Result<TraceContext, Part> {
    let mut parts = split(ows::trim(value), b'-');
    let version = parts.next().and_then(hex_byte).filter(|version| *version != 0xff).ok_or(Part::Version)?;
    let trace_id = parts.next().and_then(TraceId::from_hex).ok_or(Part::TraceId)?;
    let span_id = parts.next().and_then(SpanId::from_hex).ok_or(Part::SpanId)?;
    let flags = parts.next().and_then(hex_byte).ok_or(Part::Flags)?;
    if version == 0 && parts.next().is_some() {
        return Err(Part::End);
    }
    Ok(TraceContext::with_flags(trace_id, span_id, flags))
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
    std::str::from_utf8(&traceparent(context)).unwrap_or_default().to_owned()
}

/// Returns the ASCII text of a `traceparent`.
pub(super) fn traceparent(context: &TraceContext) -> [u8; 55] {
    let mut value = *b"00-tttttttttttttttttttttttttttttttt-ssssssssssssssss-ff";
    put_hex(&mut value, 3, context.trace_id.to_bytes());
    put_hex(&mut value, 36, context.span_id.to_bytes());
    put_hex(&mut value, 53, [context.flags()]);
    value
}

fn hex_byte(hex: &str) -> Option<u8> {
    parse_hex(hex).map(|[byte]| byte)
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
            assert_eq!(value.parse::<TraceContext>().ok(), parse_traceparent(value), "{why}");
        }
    }

    #[test]
    fn traceparent_round_trip() {
        for flags in ["00", "01", "02", "03"] {
            let value = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
            assert_eq!(parse_traceparent(&value).map(|context| format_traceparent(&context)), Some(value));
        }
    }

    #[test]
    fn an_error_names_the_first_invalid_part() {
        for (value, part) in [
            ("", "the version"),
            ("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "the version"),
            ("00", "the trace id"),
            ("00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "the trace id"),
            ("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", "the span id"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1", "the flags"),
            ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-", "version 00 ends"),
        ] {
            let error = value.parse::<TraceContext>().map_err(|error| error.to_string());
            assert!(error.as_ref().is_err_and(|error| error.contains(part)), "{value:?}: {error:?}");
        }
    }

    #[test]
    fn a_context_is_displayed_as_it_is_parsed() {
        let context: TraceContext = VALID.parse().unwrap();
        assert_eq!((context.to_string().as_str(), format!("{context:>57}").len()), (VALID, 57));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "\\PC*") {
            let _ = parse_traceparent(&text);
        }
    }
}
