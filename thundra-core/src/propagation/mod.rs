//! Context on the wire: what is taken from a carrier, and what is put into one.
//!
//! A carrier is a list of text pairs: HTTP headers, message attributes, or the members of a
//! `__context__` object inside a JSON payload. Keys are matched whatever their case.
//!
//! # Who wins
//!
//! A carrier may hold several contexts. A W3C `traceparent` is the program before us, so it wins; an
//! X-Ray header may have been written by a service in between; a context among the correlation ids
//! was handed on by a program that does not trace.

mod baggage;
mod correlation;
mod traceparent;
mod xray;

use std::sync::Arc;

pub use correlation::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, CorrelationIds, DEBUG_LOG_ENABLED, PAYLOAD_CONTEXT,
    USER_AGENT,
};
pub use traceparent::{format_traceparent, parse_traceparent};
pub use xray::XRayHeader;

use crate::{ParentSource, TraceContext};

/// The header of AWS X-Ray, in the case it travels in.
pub const XRAY_HEADER: &str = "x-amzn-trace-id";

/// Which formats are read and written: the variable `OTEL_PROPAGATORS`.
///
/// Defaults to all but `xray_lambda`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Propagators {
    /// W3C `traceparent` and `tracestate`.
    pub tracecontext: bool,
    /// W3C `baggage`.
    pub baggage: bool,
    /// The X-Ray trace header.
    pub xray: bool,
    /// Correlation ids.
    pub correlation: bool,
    /// Let the X-Ray header of the Lambda environment be the parent even where it is unsampled.
    pub xray_lambda: bool,
}

impl Default for Propagators {
    fn default() -> Self {
        Propagators { tracecontext: true, baggage: true, xray: true, correlation: true, xray_lambda: false }
    }
}

impl Propagators {
    /// No format at all.
    pub const NONE: Propagators =
        Propagators { tracecontext: false, baggage: false, xray: false, correlation: false, xray_lambda: false };
}

/// How far the sender of a carrier is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// A queue, a stream, an invocation, a caller known to AWS: everything is obeyed.
    Full,
    /// The public edge: context and well-formed ids are taken; the sampling flag, the debug switch and
    /// the chain length are not.
    Edge,
}

/// What a carrier held.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Inbound {
    /// The span that sent it.
    pub parent: Option<TraceContext>,
    /// Where the parent came from, or why there is none.
    pub source: ParentSource,
    /// Whether the parent's sampling decision is not to be obeyed.
    pub untrusted: bool,
    /// The correlation ids as they were sent: nothing is filled in yet.
    pub correlation: CorrelationIds,
    /// W3C baggage, bounded.
    pub baggage: Option<Arc<str>>,
    /// The X-Ray header, kept for calls made on behalf of this one; of a stranger's the trace alone.
    pub xray: Option<XRayHeader>,
}

impl Inbound {
    /// Reads a carrier. Unknown and malformed pairs are left out; nothing fails.
    pub fn extract<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        formats: Propagators,
        trust: Trust,
    ) -> Self {
        let mut inbound = Inbound { untrusted: trust == Trust::Edge, ..Inbound::default() };
        let (mut w3c, mut handed_on, mut malformed) = (None, None, false);
        let (mut state, mut carried) = (None, None);
        for (key, value) in pairs {
            if formats.tracecontext && key.eq_ignore_ascii_case("traceparent") {
                let read = parse_traceparent(value);
                malformed |= read.is_none();
                w3c = w3c.or(read);
            } else if formats.tracecontext && key.eq_ignore_ascii_case("tracestate") {
                state = Some(joined(state, value));
            } else if formats.baggage && key.eq_ignore_ascii_case("baggage") {
                carried = Some(joined(carried, value));
            } else if formats.xray && is_xray_key(key) {
                let read = XRayHeader::parse(value);
                malformed |= read.is_none();
                inbound.xray = inbound.xray.or(read);
            } else if formats.correlation && key.eq_ignore_ascii_case(CORRELATION_TRACEPARENT) {
                handed_on = handed_on.or_else(|| parse_traceparent(value));
            } else if formats.correlation {
                inbound.correlation.take(key, value, trust == Trust::Full);
            }
        }
        if let Some(context) = &mut w3c {
            context.trace_state = state.as_deref().and_then(traceparent::valid_tracestate).map(Arc::from);
        }
        inbound.baggage = carried.as_deref().and_then(baggage::valid_baggage).map(Arc::from);
        let xray = inbound.xray.as_ref().and_then(XRayHeader::context);
        (inbound.parent, inbound.source) = match (w3c, xray, handed_on) {
            (Some(context), _, _) => (Some(context), ParentSource::TraceParent),
            (_, Some(context), _) => (Some(context), ParentSource::XRay),
            (_, _, Some(context)) => (Some(context), ParentSource::Correlation),
            _ if malformed => (None, ParentSource::Malformed),
            _ if inbound.xray.is_some() => (None, ParentSource::XRayIgnored),
            _ => (None, ParentSource::None),
        };
        if trust == Trust::Edge {
            // It goes along with calls to AWS, which obeys it.
            inbound.xray = inbound.xray.map(XRayHeader::without_orders);
        }
        inbound
    }

    /// The context of a span in this process.
    pub fn local(parent: TraceContext) -> Self {
        Inbound { parent: Some(parent), source: ParentSource::Local, ..Inbound::default() }
    }

    /// Fills in from `other` what this carrier did not hold: a message may have several carriers
    /// (attributes, a system attribute, its payload), the best first.
    #[must_use]
    pub fn or(mut self, other: Inbound) -> Self {
        if self.parent.is_none() && (other.parent.is_some() || self.source == ParentSource::None) {
            (self.parent, self.source, self.untrusted) = (other.parent, other.source, other.untrusted);
        }
        for (key, value) in other.correlation.iter() {
            if self.correlation.get(key).is_none() {
                self.correlation.set(key, value);
            }
        }
        self.correlation.debug = self.correlation.debug.or(other.correlation.debug);
        self.correlation.chain_length = self.correlation.chain_length.max(other.correlation.chain_length);
        self.correlation.user_agent = self.correlation.user_agent.or(other.correlation.user_agent);
        self.baggage = self.baggage.or(other.baggage);
        self.xray = self.xray.or(other.xray);
        self
    }
}

/// A list that came in several headers is one list.
fn joined(list: Option<String>, more: &str) -> String {
    match list {
        Some(list) => format!("{list},{more}"),
        None => more.to_owned(),
    }
}

/// The header's own name, and that of the system attribute it becomes in SQS.
fn is_xray_key(key: &str) -> bool {
    key.eq_ignore_ascii_case(XRAY_HEADER) || key.eq_ignore_ascii_case("AWSTraceHeader")
}

/// What goes out with a call: a snapshot of the current span and its scope.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outbound {
    /// The span that makes the call.
    pub context: TraceContext,
    /// The correlation ids of its scope.
    pub correlation: CorrelationIds,
    /// W3C baggage, as it was received or as the program has set it since.
    pub baggage: Option<Arc<str>>,
    /// The X-Ray header that was received, whose lineage travels on.
    pub xray: Option<XRayHeader>,
    /// Which formats are written.
    pub formats: Propagators,
}

impl Outbound {
    /// The text pairs to send, the most important first: where only some fit, the first ones go.
    ///
    /// Keys are in lower case but for `User-Agent`; values are printable ASCII without quotes from us.
    pub fn pairs(&self) -> Vec<(&str, String)> {
        let mut pairs = Vec::with_capacity(12);
        let correlation = self.formats.correlation;
        if correlation {
            pairs.extend(self.correlation.get(CORRELATION_ID).map(|id| (CORRELATION_ID, id.to_owned())));
            pairs.push((CALL_CHAIN_LENGTH, self.correlation.chain_length().to_string()));
            pairs.push((DEBUG_LOG_ENABLED, self.correlation.debug_log_enabled().to_string()));
        }
        pairs.extend(self.trace());
        if correlation && self.formats.tracecontext {
            pairs.push((CORRELATION_TRACEPARENT, format_traceparent(&self.context)));
        }
        if correlation {
            let others = self.correlation.iter().filter(|(key, _)| *key != CORRELATION_ID);
            pairs.extend(others.map(|(key, value)| (key, value.to_owned())));
        }
        pairs.extend(self.baggage_pair());
        if correlation {
            pairs.extend(self.correlation.user_agent.iter().map(|agent| (USER_AGENT, agent.clone())));
        }
        pairs
    }

    /// W3C trace context alone: what any host may see.
    pub fn trace_pairs(&self) -> Vec<(&str, String)> {
        self.trace().collect()
    }

    fn trace(&self) -> impl Iterator<Item = (&str, String)> {
        let context = Some(&self.context).filter(|_| self.formats.tracecontext);
        let traceparent = context.map(|context| ("traceparent", format_traceparent(context)));
        let state = context.and_then(|context| context.trace_state.as_deref());
        traceparent.into_iter().chain(state.map(|state| ("tracestate", state.to_owned())))
    }

    fn baggage_pair(&self) -> Option<(&str, String)> {
        self.baggage.as_ref().filter(|_| self.formats.baggage).map(|baggage| ("baggage", baggage.to_string()))
    }

    /// The value of an X-Ray trace header.
    pub fn xray_header(&self) -> Option<String> {
        self.formats.xray.then(|| XRayHeader::format(&self.context, self.xray.as_ref()))
    }

    /// As [`xray_header`](Self::xray_header), for where it may have so many bytes: what was received besides the trace
    /// is left out of one that would be longer.
    pub fn xray_header_within(&self, bytes: usize) -> Option<String> {
        let short = || Some(XRayHeader::format(&self.context, None)).filter(|header| header.len() <= bytes);
        self.xray_header().and_then(|header| if header.len() <= bytes { Some(header) } else { short() })
    }

    /// As [`pairs`](Self::pairs), for the `__context__` of a JSON payload: the values are JSON, the chain length
    /// a number and everything else text, as Node functions expect it.
    pub fn payload_pairs(&self) -> Vec<(&str, String)> {
        let mut pairs = self.pairs();
        for (_, value) in pairs.iter_mut().filter(|(key, _)| *key != CALL_CHAIN_LENGTH) {
            *value = serde_json::Value::from(value.as_str()).to_string();
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const OTHER: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn extract(pairs: &[(&str, &str)]) -> Inbound {
        Inbound::extract(pairs.iter().copied(), Propagators::default(), Trust::Full)
    }

    #[test]
    fn the_nearest_program_is_the_parent() {
        let (w3c, xray, id) =
            (("TraceParent", TRACEPARENT), ("X-Amzn-Trace-Id", XRAY), ("x-correlation-traceparent", OTHER));
        for (pairs, source) in [
            (&[id, xray, w3c][..], ParentSource::TraceParent),
            (&[id, xray], ParentSource::XRay),
            (&[id], ParentSource::Correlation),
            (&[("AWSTraceHeader", "Root=1-5759e988-bd862e3fe1be46a994272793")], ParentSource::XRayIgnored),
            (&[("traceparent", "what")], ParentSource::Malformed),
            (&[], ParentSource::None),
        ] {
            assert_eq!(extract(pairs).source, source);
        }
    }

    #[test]
    fn what_is_sent_is_what_is_received() {
        let mut received = extract(&[
            ("traceparent", TRACEPARENT),
            ("tracestate", "a=1"),
            ("baggage", "tenant=7"),
            ("X-Correlation-Id", "c-1"),
            ("x-correlation-order", "o-9"),
            ("call-chain-length", "3"),
            ("debug-log-enabled", "true"),
            ("user-agent", "curl/8"),
        ]);
        received.correlation.complete(|| unreachable!());
        let outbound = Outbound {
            context: received.parent.clone().unwrap(),
            correlation: received.correlation.clone(),
            baggage: received.baggage.clone(),
            xray: None,
            formats: Propagators::default(),
        };
        let pairs = outbound.pairs();
        let again = extract(&pairs.iter().map(|(k, v)| (*k, v.as_str())).collect::<Vec<_>>());
        assert_eq!(again, received);
        assert_eq!(
            pairs.iter().map(|(key, _)| *key).collect::<Vec<_>>(),
            [
                "x-correlation-id",
                "call-chain-length",
                "debug-log-enabled",
                "traceparent",
                "tracestate",
                "x-correlation-traceparent",
                "x-correlation-order",
                "baggage",
                "User-Agent"
            ]
        );
        let json: Vec<_> = outbound.payload_pairs().into_iter().take(3).map(|(_, json)| json).collect();
        assert_eq!(json, [r#""c-1""#, "4", r#""true""#]);
    }

    #[test]
    fn a_stranger_orders_nothing_by_xray() {
        let header = format!("{XRAY};Lineage=1:a:0;A=b");
        let read = |trust| Inbound::extract([(XRAY_HEADER, header.as_str())], Propagators::default(), trust);
        let (stranger, ours) = (read(Trust::Edge), read(Trust::Full));
        assert_eq!((stranger.parent.is_some(), stranger.source), (true, ParentSource::XRay));
        let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8";
        assert_eq!(stranger.xray.unwrap().to_header(), trace);
        assert_eq!(ours.xray.unwrap().to_header(), header);
    }

    #[test]
    fn a_header_with_a_limit_leaves_out_what_was_received() {
        let received = extract(&[(XRAY_HEADER, &format!("{XRAY};Lineage=1:a:0"))]);
        let outbound = Outbound {
            context: received.parent.clone().unwrap(),
            correlation: CorrelationIds::default(),
            baggage: None,
            xray: received.xray,
            formats: Propagators::default(),
        };
        let full = format!("{XRAY};Lineage=1:a:0");
        for (bytes, expected) in [
            (full.len() + 1, Some(full.as_str())),
            (full.len(), Some(&full)),
            (full.len() - 1, Some(XRAY)),
            (XRAY.len(), Some(XRAY)),
            (XRAY.len() - 1, None),
        ] {
            assert_eq!(outbound.xray_header_within(bytes).as_deref(), expected, "{bytes}");
        }
    }

    #[test]
    fn the_first_header_of_a_context_that_can_be_read_wins() {
        let parents = ["Parent=53995c3f42cd8ad8;Sampled=1", "Parent=63995c3f42cd8ad8;Sampled=1"]
            .map(|rest| format!("Root=1-5759e988-bd862e3fe1be46a994272793;{rest}"));
        let read = extract(&[(XRAY_HEADER, "what"), (XRAY_HEADER, &parents[0]), (XRAY_HEADER, &parents[1])]);
        assert_eq!(read.parent.map(|parent| parent.span_id.to_string()).as_deref(), Some("53995c3f42cd8ad8"));
        let read = extract(&[(XRAY_HEADER, &parents[0]), (XRAY_HEADER, "what")]);
        assert_eq!((read.source, read.xray.is_some()), (ParentSource::XRay, true));
        let key = CORRELATION_TRACEPARENT;
        for values in [["what", TRACEPARENT, OTHER], [TRACEPARENT, OTHER, "what"]] {
            let read = extract(&values.map(|value| (key, value)));
            assert_eq!(read.parent.map(|parent| format_traceparent(&parent)).as_deref(), Some(TRACEPARENT));
        }
    }

    #[test]
    fn a_list_in_several_headers_is_one_list() {
        let pairs =
            [("traceparent", TRACEPARENT), ("traceparent", "what"), ("tracestate", "a=1"), ("tracestate", "b=2")];
        let read = extract(&[&pairs[..], &[("baggage", "c=3"), ("baggage", "d=4")]].concat());
        assert_eq!(read.parent.unwrap().trace_state.as_deref(), Some("a=1,b=2"));
        assert_eq!(read.baggage.as_deref(), Some("c=3,d=4"));
    }

    #[test]
    fn a_second_carrier_fills_the_gaps() {
        let body =
            extract(&[("traceparent", TRACEPARENT), ("x-correlation-id", "from-body"), ("x-correlation-a", "1")]);
        let both =
            extract(&[("x-correlation-id", "c-1"), ("AWSTraceHeader", "Root=1-5759e988-bd862e3fe1be46a994272793")])
                .or(body);
        assert_eq!(both.source, ParentSource::TraceParent);
        assert_eq!((both.correlation.get("id"), both.correlation.get("a")), (Some("c-1"), Some("1")));
    }
}
