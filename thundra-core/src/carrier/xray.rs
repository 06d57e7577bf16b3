//! The trace header of AWS X-Ray:
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>.

use super::ows;
use super::split::{split, split_once};
use crate::id::put_hex;
use crate::{SpanId, TraceContext, TraceId};

/// The name of the header, in lower case.
pub const XRAY_HEADER: &str = "x-amzn-trace-id";

/// An X-Ray trace header, `Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled=0|1`, with the parts in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XRayHeader {
    /// The trace id, in `Root` with another spelling.
    pub trace_id: TraceId,
    /// The id of the calling segment. Load balancers send none.
    pub parent: Option<SpanId>,
    /// The sampling decision; `None` for the receiver to decide (absent or `?`).
    pub sampled: Option<bool>,
    /// All other parts, forwarded unchanged, such as `Lineage` for Lambda's loop detection.
    rest: String,
}

impl XRayHeader {
    /// The most bytes of an accepted header.
    const MAX_BYTES: usize = 1024;
    /// The bytes of `Root`, `Parent` and `Sampled` together.
    const USUAL_BYTES: usize = 74;

    /// Parses a header; `None` without a valid `Root`.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::propagation::XRayHeader;
    ///
    /// let header = XRayHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1").unwrap();
    /// assert_eq!(header.trace_id.to_string(), "5759e988bd862e3fe1be46a994272793");
    /// assert_eq!(header.sampled, Some(true));
    /// assert!(XRayHeader::parse("Root=1-short").is_none());
    /// ```
    pub fn parse(value: &str) -> Option<Self> {
        if value.len() > Self::MAX_BYTES {
            return None;
        }
        let (mut trace_id, mut parent, mut sampled, mut rest) = (None, None, None, String::new());
        for part in split(value, b';').map(ows::trim).filter(|part| !part.is_empty()) {
            match split_once(part, b'=').map(|(key, value)| (ows::trim(key), ows::trim(value))) {
                Some(("Root", root)) => trace_id = Some(parse_root(root)?),
                Some(("Parent", id)) => parent = SpanId::from_hex(id),
                Some(("Sampled", "1")) => sampled = Some(true),
                Some(("Sampled", "0")) => sampled = Some(false),
                // Each hop writes a `Self` of its own.
                Some(("Sampled" | "Self", _)) | None => {}
                Some(_) if part.bytes().all(|b| (b'!'..=b'~').contains(&b)) => {
                    rest.push(';');
                    rest.push_str(part);
                }
                Some(_) => {}
            }
        }
        Some(XRayHeader { trace_id: trace_id?, parent, sampled, rest })
    }

    /// Returns the context of a sampled header with a parent.
    ///
    /// Without active tracing, Lambda passes a header without a parent or without the sampling flag. Used as a parent,
    /// such a header would turn recording off, or put the trace below an unrecorded span.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::propagation::XRayHeader;
    ///
    /// let read = |header| XRayHeader::parse(header).and_then(|header| header.context());
    /// let sampled = read("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1").unwrap();
    /// assert_eq!(sampled.span_id.to_string(), "53995c3f42cd8ad8");
    /// assert_eq!(read("Root=1-5759e988-bd862e3fe1be46a994272793"), None, "no parent");
    /// ```
    pub fn context(&self) -> Option<TraceContext> {
        match (self.parent, self.sampled) {
            (Some(parent), Some(true)) => Some(TraceContext::new(self.trace_id, parent, true)),
            _ => None,
        }
    }

    /// Returns the context of a header with a parent, sampled or not, for the propagator `xray-lambda`.
    pub fn parent_context(&self) -> Option<TraceContext> {
        Some(TraceContext::new(self.trace_id, self.parent?, self.sampled == Some(true)))
    }

    /// Removes everything but the trace and the parent. AWS services would obey the other parts.
    pub(super) fn without_orders(self) -> Self {
        XRayHeader { sampled: None, rest: String::new(), ..self }
    }

    /// Formats the header for `context`, with the other parts of `received`.
    ///
    /// # Examples
    ///
    /// The lineage, for Lambda's loop detection, is sent on:
    ///
    /// ```
    /// use thundra_core::propagation::XRayHeader;
    /// use thundra_core::{SpanId, TraceContext};
    ///
    /// let received = XRayHeader::parse("Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=a:1").unwrap();
    /// let context = TraceContext::new(received.trace_id, SpanId::from_bytes([1; 8]).unwrap(), true);
    /// assert_eq!(
    ///     XRayHeader::format(&context, Some(&received)),
    ///     "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=0101010101010101;Sampled=1;Lineage=a:1"
    /// );
    /// ```
    pub fn format(context: &TraceContext, received: Option<&XRayHeader>) -> String {
        String::from_utf8(Self::format_ascii(context, received)).unwrap_or_default()
    }

    /// Returns the ASCII text of [`format`](Self::format).
    pub(super) fn format_ascii(context: &TraceContext, received: Option<&XRayHeader>) -> Vec<u8> {
        let rest = received.map_or("", |header| header.rest.as_str());
        written(context.trace_id, Some(context.span_id), Some(context.sampled), rest)
    }

    /// Formats the received header, in the usual order and without `Self`.
    pub fn to_header(&self) -> String {
        String::from_utf8(written(self.trace_id, self.parent, self.sampled, &self.rest)).unwrap_or_default()
    }

    /// Returns the trace id in X-Ray's spelling, `1-{8 hex}-{24 hex}`.
    pub fn root(&self) -> String {
        std::str::from_utf8(&root(self.trace_id)).unwrap_or_default().to_owned()
    }
}

/// Writes a header in the usual order.
fn written(trace_id: TraceId, parent: Option<SpanId>, sampled: Option<bool>, rest: &str) -> Vec<u8> {
    let mut header = Vec::with_capacity(XRayHeader::USUAL_BYTES + rest.len());
    header.extend_from_slice(b"Root=");
    header.extend_from_slice(&root(trace_id));
    if let Some(parent) = parent {
        let mut part = *b";Parent=pppppppppppppppp";
        put_hex(&mut part, 8, parent.to_bytes());
        header.extend_from_slice(&part);
    }
    if let Some(sampled) = sampled {
        header.extend_from_slice(if sampled { b";Sampled=1" } else { b";Sampled=0" });
    }
    header.extend_from_slice(rest.as_bytes());
    header
}

fn parse_root(root: &str) -> Option<TraceId> {
    let (epoch, unique) = root.strip_prefix("1-").and_then(|root| split_once(root, b'-'))?;
    let mut hex = [0; 32];
    let (first, second) = hex.split_at_mut(8);
    if epoch.len() != first.len() || unique.len() != second.len() {
        return None;
    }
    first.copy_from_slice(epoch.as_bytes());
    second.copy_from_slice(unique.as_bytes());
    TraceId::from_hex(std::str::from_utf8(&hex).ok()?)
}

/// Returns a trace id in X-Ray's spelling.
fn root(trace_id: TraceId) -> [u8; 35] {
    let mut root = *b"1-eeeeeeee-uuuuuuuuuuuuuuuuuuuuuuuu";
    let [a, b, c, d, unique @ ..] = trace_id.to_bytes();
    put_hex(&mut root, 2, [a, b, c, d]);
    put_hex(&mut root, 11, unique);
    root
}

/// Returns `true` for the name of the header, and for the name of the system attribute of SQS.
pub(super) fn is_xray_key(key: &str) -> bool {
    key.eq_ignore_ascii_case(XRAY_HEADER) || key.eq_ignore_ascii_case("AWSTraceHeader")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROOT: &str = "Root=1-5759e988-bd862e3fe1be46a994272793";

    #[test]
    fn headers_are_read_as_aws_writes_them() {
        for (header, parent, sampled, usable, why) in [
            (";Parent=53995c3f42cd8ad8;Sampled=1", true, Some(true), true, "active tracing"),
            (";Sampled=1;Parent=53995c3f42cd8ad8", true, Some(true), true, "any order"),
            (";Parent=53995c3f42cd8ad8;Sampled=0;Lineage=2:34f8:0", true, Some(false), false, "passive tracing"),
            (";Parent=53995c3f42cd8ad8;Sampled=?", true, None, false, "undecided"),
            ("", false, None, false, "a load balancer's header"),
            (" ;\tParent = 53995c3f42cd8ad8 ; Sampled=1", true, Some(true), true, "white space around the parts"),
            (";\u{3000}Parent=53995c3f42cd8ad8;Sampled=\n1", false, None, false, "white space of another kind"),
            (";Parent=short;Sampled=1", false, Some(true), false, "a malformed parent"),
        ] {
            let read = XRayHeader::parse(&format!("{ROOT}{header}")).unwrap();
            assert_eq!(
                (read.parent.is_some(), read.sampled, read.context().is_some()),
                (parent, sampled, usable),
                "{why}"
            );
        }
        for header in ["", "Root=1", "Root=1-é-", "Parent=53995c3f42cd8ad8", "Root=1-00000000-000000000000000000000000"]
        {
            assert_eq!(XRayHeader::parse(header), None, "{header}");
        }
    }

    #[test]
    fn lineage_travels_on_and_self_does_not() {
        let received =
            XRayHeader::parse(&format!("{ROOT};Lineage=1:a8|2:b:0;Self=1-2;Parent=53995c3f42cd8ad8")).unwrap();
        let context = TraceContext::new(received.trace_id, SpanId::from_hex("00f067aa0ba902b7").unwrap(), true);
        assert_eq!(
            XRayHeader::format(&context, Some(&received)),
            format!("{ROOT};Parent=00f067aa0ba902b7;Sampled=1;Lineage=1:a8|2:b:0")
        );
        assert_eq!(received.root(), "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(received.to_header(), format!("{ROOT};Parent=53995c3f42cd8ad8;Lineage=1:a8|2:b:0"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in "(Root=1-[0-9a-fé-]{0,40};?)?\\PC*") {
            let _ = XRayHeader::parse(&text);
        }
    }
}
