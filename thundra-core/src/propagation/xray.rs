//! The AWS X-Ray trace header:
//! <https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>.

use super::ows;
use crate::id::push_hex;
use crate::{SpanId, TraceContext, TraceId};

/// The header of AWS X-Ray, in the case it travels in.
pub const XRAY_HEADER: &str = "x-amzn-trace-id";

/// An X-Ray trace header, `Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled=0|1`, with its parts in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XRayHeader {
    /// The trace, of which the `Root` is another spelling.
    pub trace_id: TraceId,
    /// The calling segment. Load balancers send none.
    pub parent: Option<SpanId>,
    /// The sampling decision; `None` when it is left to the receiver (absent or `?`).
    pub sampled: Option<bool>,
    /// All other parts, such as `Lineage` (Lambda's loop detection), handed on unchanged.
    rest: String,
}

impl XRayHeader {
    /// What such a header may measure; a longer one is not taken.
    const MAX_BYTES: usize = 1024;
    /// What `Root`, `Parent` and `Sampled` measure together.
    const USUAL_BYTES: usize = 74;

    /// Reads a header; `None` when it has no valid `Root`.
    pub fn parse(value: &str) -> Option<Self> {
        if value.len() > Self::MAX_BYTES {
            return None;
        }
        let (mut trace_id, mut parent, mut sampled, mut rest) = (None, None, None, String::new());
        for part in value.split(';').map(ows::trim).filter(|part| !part.is_empty()) {
            match part.split_once('=').map(|(key, value)| (ows::trim(key), ows::trim(value))) {
                Some(("Root", root)) => trace_id = Some(parse_root(root)?),
                Some(("Parent", id)) => parent = SpanId::from_hex(id),
                Some(("Sampled", "1")) => sampled = Some(true),
                Some(("Sampled", "0")) => sampled = Some(false),
                // `Self` is a hop's own stamp: the next hop writes another.
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

    /// The context this header carries, if it names a parent and decides that the trace is sampled.
    ///
    /// Lambda sets a header without either where active tracing is off; as a parent it would switch
    /// every trace off or hang it below a span that nobody records.
    pub fn context(&self) -> Option<TraceContext> {
        match (self.parent, self.sampled) {
            (Some(parent), Some(true)) => Some(TraceContext::new(self.trace_id, parent, true)),
            _ => None,
        }
    }

    /// The context this header carries, whatever it decides: only where `xray-lambda` was asked for.
    pub fn parent_context(&self) -> Option<TraceContext> {
        Some(TraceContext::new(self.trace_id, self.parent?, self.sampled == Some(true)))
    }

    /// The trace alone, without what its sender decided or asked of the services that it reaches.
    pub(crate) fn without_orders(self) -> Self {
        XRayHeader { sampled: None, rest: String::new(), ..self }
    }

    /// The header that says `context`, keeping the parts of `received` that belong to its chain of calls.
    pub fn format(context: &TraceContext, received: Option<&XRayHeader>) -> String {
        let rest = received.map_or("", |header| header.rest.as_str());
        Self::written(context.trace_id, Some(context.span_id), Some(context.sampled), rest)
    }

    /// The header as it was received, in the usual order and without `Self`.
    pub fn to_header(&self) -> String {
        Self::written(self.trace_id, self.parent, self.sampled, &self.rest)
    }

    fn written(trace_id: TraceId, parent: Option<SpanId>, sampled: Option<bool>, rest: &str) -> String {
        let mut header = String::with_capacity(Self::USUAL_BYTES + rest.len());
        header.push_str("Root=");
        push_root(&mut header, trace_id);
        if let Some(parent) = parent {
            header.push_str(";Parent=");
            push_hex(&mut header, &parent.to_bytes());
        }
        if let Some(sampled) = sampled {
            header.push_str(if sampled { ";Sampled=1" } else { ";Sampled=0" });
        }
        header.push_str(rest);
        header
    }

    /// The trace id in X-Ray's spelling, `1-{8 hex}-{24 hex}`.
    pub fn root(&self) -> String {
        let mut root = String::new();
        push_root(&mut root, self.trace_id);
        root
    }
}

fn parse_root(root: &str) -> Option<TraceId> {
    let (epoch, unique) = root.strip_prefix("1-")?.split_once('-')?;
    let mut hex = [0; 32];
    let (first, second) = hex.split_at_mut(8);
    if epoch.len() != first.len() || unique.len() != second.len() {
        return None;
    }
    first.copy_from_slice(epoch.as_bytes());
    second.copy_from_slice(unique.as_bytes());
    TraceId::from_hex(std::str::from_utf8(&hex).ok()?)
}

/// Appends a trace id in X-Ray's spelling.
fn push_root(text: &mut String, trace_id: TraceId) {
    let bytes = trace_id.to_bytes();
    let (epoch, unique) = bytes.split_at(4);
    text.push_str("1-");
    push_hex(text, epoch);
    text.push('-');
    push_hex(text, unique);
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
