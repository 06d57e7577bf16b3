//! Context on the wire: what is taken from a carrier, and what is put into one.
//!
//! A carrier is a list of text pairs: HTTP headers, message attributes, or the members of a
//! `__context__` object inside a JSON payload. Keys are matched whatever their case.
//!
//! # Who wins
//!
//! A carrier may hold several contexts. A W3C `traceparent` is the program before us, so it wins; an
//! X-Ray header may have been written by a service in between; a context among the correlation ids
//! was handed on by a program that does not trace. A `traceparent` that comes twice is malformed, as the
//! specification asks: nobody knows which of the two is right.

mod baggage;
mod correlation;
mod ows;
mod received;
mod traceparent;
mod tracestate;
mod xray;

use std::sync::Arc;

#[doc(hidden)]
pub use correlation::header_bytes;
pub use correlation::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, CorrelationIds, DEBUG_LOG_ENABLED, PAYLOAD_CONTEXT,
    USER_AGENT,
};
pub(crate) use received::Received;
pub use traceparent::{format_traceparent, parse_traceparent};
pub(crate) use tracestate::without_threshold;
pub use xray::{XRAY_HEADER, XRayHeader};

use baggage::{BAGGAGE, Baggage};
use correlation::{Taken, is_value};
use traceparent::TRACEPARENT;
use tracestate::{TRACESTATE, TraceState};

use crate::{ParentSource, TraceContext};

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
    /// The public edge: context and at most 1 KiB of well-formed ids are taken; the sampling flag, the debug switch
    /// and the chain length are not.
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
    /// The number of ids, members and lists that were malformed or too much.
    pub dropped: u32,
    /// The values that came under our keys, to be known where they are sent on.
    pub(crate) received: Option<Box<Received>>,
}

impl Inbound {
    /// Reads a carrier. Unknown and malformed pairs are left out, and those of ours are [counted](Self::dropped); nothing
    /// fails.
    pub fn extract<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
        formats: Propagators,
        trust: Trust,
    ) -> Self {
        let mut inbound = Inbound { untrusted: trust == Trust::Edge, ..Inbound::default() };
        let (mut w3c, mut parents, mut handed_on, mut malformed) = (None, 0_u32, None, false);
        let (mut state, mut carried) = (TraceState::default(), Baggage::default());
        let received = &mut inbound.received;
        for (key, value) in pairs {
            if formats.tracecontext && key.eq_ignore_ascii_case(TRACEPARENT) {
                parents = parents.saturating_add(1);
                let read = parse_traceparent(value);
                received.get_or_insert_default().take_parent(read.as_ref());
                w3c = read.filter(|_| parents == 1);
                malformed |= w3c.is_none();
            } else if formats.tracecontext && key.eq_ignore_ascii_case(TRACESTATE) {
                state.push(value);
            } else if formats.baggage && key.eq_ignore_ascii_case(BAGGAGE) {
                carried.push(value);
            } else if formats.xray && is_xray_key(key) {
                let read = XRayHeader::parse(value);
                received.get_or_insert_default().take_xray(read.as_ref());
                malformed |= read.is_none();
                inbound.xray = inbound.xray.or(read);
            } else if formats.correlation && key.eq_ignore_ascii_case(CORRELATION_TRACEPARENT) {
                let read = parse_traceparent(value);
                received.get_or_insert_default().take_parent(read.as_ref());
                handed_on = handed_on.or(read);
            } else if formats.correlation {
                match inbound.correlation.take(key, value, trust == Trust::Full) {
                    Taken::Id | Taken::NotOurs => {}
                    Taken::ChainLength(length) => received.get_or_insert_default().take_chain_length(length),
                    Taken::Debug(debug) => received.get_or_insert_default().take_debug(debug),
                    Taken::Dropped => {
                        inbound.dropped = inbound.dropped.saturating_add(1);
                        if key.eq_ignore_ascii_case(CORRELATION_ID) {
                            received.get_or_insert_default().malformed = true;
                        }
                    }
                }
            }
        }
        inbound.dropped = inbound.dropped.saturating_add(carried.dropped + u32::from(state.is_malformed()));
        if trust == Trust::Edge {
            inbound.dropped = inbound.dropped.saturating_add(inbound.correlation.bound());
        }
        if state.is_malformed() {
            received.get_or_insert_default().malformed = true;
        }
        if let Some(state) = state.finish() {
            received.get_or_insert_default().trace_state = Some(state.clone());
            w3c.iter_mut().for_each(|context| context.trace_state = Some(state.clone()));
        }
        inbound.baggage = carried.finish();
        if let Some(baggage) = &inbound.baggage {
            received.get_or_insert_default().baggage = Some(baggage.clone());
        }
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
        self.correlation.fill(&other.correlation);
        self.correlation.debug = self.correlation.debug.or(other.correlation.debug);
        self.correlation.chain_length = self.correlation.chain_length.max(other.correlation.chain_length);
        self.correlation.user_agent = self.correlation.user_agent.or(other.correlation.user_agent);
        self.baggage = self.baggage.or(other.baggage);
        self.xray = self.xray.or(other.xray);
        self.dropped = self.dropped.saturating_add(other.dropped);
        self.received = match (self.received, other.received) {
            (Some(one), Some(other)) => Some(Box::new(one.or(*other))),
            (one, other) => one.or(other),
        };
        self
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
    /// The values that the scope received under our keys.
    pub(crate) received: Option<Arc<Received>>,
}

impl Outbound {
    /// The text pairs to send, the most important first: where only some fit, the first ones go.
    ///
    /// Keys are in lower case but for `User-Agent`; values are printable ASCII without quotes from us.
    pub fn pairs(&self) -> Vec<(&str, String)> {
        let mut pairs = Vec::with_capacity(12);
        pairs.extend(self.chain());
        pairs.extend(self.traceparent());
        pairs.extend(self.trace_state());
        pairs.extend(self.others());
        if self.formats.correlation {
            pairs.extend(self.correlation.user_agent.iter().map(|agent| (USER_AGENT, agent.clone())));
        }
        pairs
    }

    /// As [`pairs`](Self::pairs), for HTTP: the `traceparent` comes first, the X-Ray header is one of them, and a client
    /// has a user agent of its own.
    pub fn header_pairs(&self) -> Vec<(&str, String)> {
        let mut pairs = Vec::with_capacity(12);
        pairs.extend(self.traceparent());
        pairs.extend(self.chain());
        pairs.extend(self.trace_state());
        pairs.extend(self.xray_header().map(|header| (XRAY_HEADER, header)));
        pairs.extend(self.others());
        pairs
    }

    /// W3C trace context alone: what any host may see.
    pub fn trace_pairs(&self) -> Vec<(&str, String)> {
        self.traceparent().into_iter().chain(self.trace_state()).collect()
    }

    /// Returns whether a value that a carrier has under this key is one that the scope received, and that was merely
    /// forwarded: the scope's own takes its place.
    pub fn is_forwarded(&self, key: &str, value: &str) -> bool {
        self.are_forwarded(key, &[value])
    }

    /// As [`is_forwarded`](Self::is_forwarded), for all the values that a carrier has under one key.
    pub fn are_forwarded(&self, key: &str, values: &[&str]) -> bool {
        let key = if is_xray_key(key) { XRAY_HEADER } else { &key.to_ascii_lowercase() };
        let received = self.received.as_deref();
        match key {
            XRAY_HEADER => Received::holds_xray(received, values, self.xray.as_ref()),
            TRACEPARENT | TRACESTATE | BAGGAGE | CORRELATION_TRACEPARENT | CALL_CHAIN_LENGTH | DEBUG_LOG_ENABLED => {
                received.is_some_and(|received| received.holds(key, values))
            }
            _ => values.iter().all(|value| {
                // There is an id of ours in the place of one that was malformed.
                let malformed = key == CORRELATION_ID && !is_value(value);
                self.correlation.was_received(key, value) || (malformed && received.is_some_and(|all| all.malformed))
            }),
        }
    }

    /// The pairs that every program of the chain needs.
    fn chain(&self) -> impl Iterator<Item = (&str, String)> {
        self.formats.correlation.then_some(&self.correlation).into_iter().flat_map(|ids| {
            let id = ids.get(CORRELATION_ID).map(|id| (CORRELATION_ID, id.to_owned()));
            let length = (CALL_CHAIN_LENGTH, ids.chain_length().to_string());
            id.into_iter().chain([length, (DEBUG_LOG_ENABLED, ids.debug_log_enabled().to_string())])
        })
    }

    fn traceparent(&self) -> Option<(&str, String)> {
        self.formats.tracecontext.then(|| (TRACEPARENT, format_traceparent(&self.context)))
    }

    fn trace_state(&self) -> Option<(&str, String)> {
        let state = self.context.trace_state.as_deref().filter(|_| self.formats.tracecontext);
        state.map(|state| (TRACESTATE, state.to_owned()))
    }

    /// The pairs that programs of the chain set, and the trace as programs that do not trace hand it on.
    fn others(&self) -> impl Iterator<Item = (&str, String)> {
        let Propagators { tracecontext, baggage, correlation, .. } = self.formats;
        let context =
            (correlation && tracecontext).then(|| (CORRELATION_TRACEPARENT, format_traceparent(&self.context)));
        let ids = correlation.then_some(&self.correlation).into_iter().flat_map(CorrelationIds::iter);
        let ids = ids.filter(|(key, _)| *key != CORRELATION_ID).map(|(key, value)| (key, value.to_owned()));
        let baggage = self.baggage.as_ref().filter(|_| baggage).map(|baggage| (BAGGAGE, baggage.to_string()));
        context.into_iter().chain(ids).chain(baggage)
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

    const CONTEXT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const OTHER: &str = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const XRAY: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    fn extract(pairs: &[(&str, &str)]) -> Inbound {
        Inbound::extract(pairs.iter().copied(), Propagators::default(), Trust::Full)
    }

    #[test]
    fn the_nearest_program_is_the_parent() {
        let (w3c, xray, id) =
            (("TraceParent", CONTEXT), ("X-Amzn-Trace-Id", XRAY), ("x-correlation-traceparent", OTHER));
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
            ("traceparent", CONTEXT),
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
            received: None,
        };
        let pairs = outbound.pairs();
        let again = extract(&pairs.iter().map(|(k, v)| (*k, v.as_str())).collect::<Vec<_>>());
        // It is another program's, one call further.
        received.received = again.received.clone();
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
            received: None,
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
        for values in [["what", CONTEXT, OTHER], [CONTEXT, OTHER, "what"]] {
            let read = extract(&values.map(|value| (key, value)));
            assert_eq!(read.parent.map(|parent| format_traceparent(&parent)).as_deref(), Some(CONTEXT));
        }
    }

    #[test]
    fn a_list_in_several_headers_is_one_list() {
        let pairs = [("traceparent", CONTEXT), ("tracestate", "a=1"), ("tracestate", "b=2")];
        let read = extract(&[&pairs[..], &[("baggage", "c=3"), ("baggage", "d=4")]].concat());
        assert_eq!(read.parent.unwrap().trace_state.as_deref(), Some("a=1,b=2"));
        assert_eq!(read.baggage.as_deref(), Some("c=3,d=4"));
    }

    #[test]
    fn a_context_that_comes_twice_is_malformed() {
        let other = ("TraceParent", OTHER);
        for second in [other, ("traceparent", CONTEXT), ("traceparent", "what"), ("TRACEPARENT", "")] {
            for pairs in [[("traceparent", CONTEXT), second], [second, ("traceparent", CONTEXT)]] {
                let read = extract(&[&pairs[..], &[("tracestate", "a=1")]].concat());
                assert_eq!((read.parent, read.source), (None, ParentSource::Malformed), "{pairs:?}");
            }
            let thrice = extract(&[("traceparent", CONTEXT), second, ("traceparent", CONTEXT)]);
            assert_eq!(thrice.parent, None, "{second:?}");
        }
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let long = "x".repeat(257);
        let pairs = [
            ("traceparent", CONTEXT),
            ("tracestate", "a=1,b"),
            ("baggage", "a=1,b\u{3000}=2"),
            ("baggage", "c=\n"),
            ("x-correlation-a", long.as_str()),
            ("x-correlation-b", "1"),
            ("x-correlation-b", "2"),
        ];
        let read = extract(&pairs);
        assert_eq!((read.dropped, read.baggage.as_deref()), (4, Some("a=1")));
        let ids: Vec<_> = (0..9).map(|n| (format!("x-correlation-{n}"), "v".repeat(250))).collect();
        let ids = || ids.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let read = |trust| Inbound::extract(ids(), Propagators::default(), trust);
        assert_eq!([Trust::Full, Trust::Edge].map(|trust| read(trust).dropped), [0, 6]);
        assert_eq!(read(Trust::Edge).or(read(Trust::Edge)).dropped, 12);
    }

    #[test]
    fn lists_in_many_headers_are_read_once() {
        // Each is read where it stands: no list is joined anew for each of them.
        let started = std::time::Instant::now();
        let lists = || (0..200_000).flat_map(|_| [("tracestate", "a=1"), ("baggage", "a=1"), ("x-correlation-a", "1")]);
        let read = Inbound::extract(lists(), Propagators::default(), Trust::Edge);
        assert_eq!((read.baggage.map(|list| list.split(',').count()), read.dropped), (Some(64), 199_936 + 1));
        assert!(started.elapsed() < std::time::Duration::from_secs(8), "{:?}", started.elapsed());
    }

    #[test]
    fn what_was_received_is_known_where_it_is_forwarded() {
        let parents = "Parent=53995c3f42cd8ad8";
        let full = format!("Root=1-5759e988-bd862e3fe1be46a994272793;{parents};Sampled=1;Lineage=1:a:0");
        let outbound = |trust| {
            let pairs = [
                ("TraceParent", CONTEXT),
                ("AWSTraceHeader", full.as_str()),
                ("X-Correlation-Order", "o-9"),
                ("call-chain-length", "3"),
                ("debug-log-enabled", "true"),
                ("x-correlation-id", "\u{1}"),
                ("content-type", "text/plain"),
            ];
            let received = Inbound::extract(pairs, Propagators::default(), trust);
            Outbound {
                context: received.parent.clone().unwrap(),
                correlation: received.correlation,
                baggage: None,
                xray: received.xray,
                formats: Propagators::default(),
                received: received.received.map(Arc::from),
            }
        };
        for trust in [Trust::Full, Trust::Edge] {
            let outbound = outbound(trust);
            for (key, value, expected, why) in [
                ("traceparent", CONTEXT, true, "the caller's context"),
                ("traceparent", OTHER, false, "another one"),
                ("x-amzn-trace-id", full.as_str(), true, "under the name it has in HTTP"),
                ("AWSTraceHeader", &full, true, "and in a queue"),
                ("x-amzn-trace-id", &full[..full.len() - 6], true, "the same parent in other words"),
                ("x-amzn-trace-id", &full.replace("Parent=5", "Parent=6"), false, "another parent"),
                ("x-amzn-trace-id", "Root=1", true, "what is malformed is all alike"),
                ("x-correlation-order", "o-9", true, "an id"),
                ("x-correlation-order", "o-8", false, "another one"),
                ("call-chain-length", "3", true, "though it may not be obeyed"),
                ("debug-log-enabled", "true", true, "nor this"),
                ("x-correlation-id", "\u{1}", true, "though it is malformed"),
                ("x-correlation-id", "own", false, "what is well-formed was not received"),
                ("x-correlation-traceparent", CONTEXT, true, "the caller's context under another key"),
                ("traceparent", &CONTEXT.replace("-01", "-00"), false, "with another decision"),
                ("x-amzn-trace-id", &full.replace("Sampled=1", "Sampled=0"), trust == Trust::Edge, "the same in X-Ray"),
                ("call-chain-length", "4", false, "another length"),
                ("call-chain-length", "what", true, "what is malformed is all alike"),
                ("tracestate", "a=1", false, "a list that was not received"),
                ("tracestate", "", false, "none"),
                ("content-type", "text/plain", false, "no key of ours"),
            ] {
                assert_eq!(outbound.is_forwarded(key, value), expected, "{trust:?}: {why}");
            }
        }
    }

    fn outbound_of(pairs: &[(&str, &str)]) -> Outbound {
        let received = extract(pairs);
        Outbound {
            context: TraceContext::new(crate::TraceId::random(), crate::SpanId::random(), true),
            correlation: received.correlation,
            baggage: received.baggage,
            xray: received.xray,
            formats: Propagators::default(),
            received: received.received.map(Arc::from),
        }
    }

    #[test]
    fn a_list_is_known_whole() {
        for key in ["baggage", "tracestate"] {
            let outbound = outbound_of(&[(key, "a=1,b=2"), (key, "c=3")]);
            for (values, expected, why) in [
                (&["a=1,b=2", "c=3"][..], true, "as it came"),
                (&["a=1, b=2 ,c=3"], true, "in one header"),
                (&["a=1", "b=2", "c=3"], true, "in more"),
                (&["c=3"], false, "one of its headers"),
                (&["a=1,c=3"], false, "a member less"),
                (&["a=1,b=2,c=3,d=4"], false, "a member more"),
                (&["c=3,a=1,b=2"], false, "in another order"),
            ] {
                assert_eq!(outbound.are_forwarded(key, values), expected, "{key}: {why}");
            }
        }
    }

    #[test]
    fn who_sends_many_values_gets_none_through() {
        let outbound = outbound_of(&[
            ("traceparent", CONTEXT),
            ("traceparent", OTHER.replace("-b7", "-c7").as_str()),
            ("call-chain-length", "1"),
            ("call-chain-length", "2"),
            ("debug-log-enabled", "true"),
        ]);
        let lengths = ["1", "2", "3", "4"].map(|length| ("call-chain-length", length));
        let many = outbound_of(&lengths);
        assert!(many.is_forwarded("call-chain-length", "7"), "any is one of many");
        for (key, values, expected, why) in [
            ("traceparent", &[CONTEXT][..], true, "the first"),
            ("traceparent", &[OTHER.replace("-b7", "-c7").as_str()], true, "the last"),
            ("traceparent", &[CONTEXT, OTHER.replace("-b7", "-c7").as_str()], true, "both"),
            ("traceparent", &[CONTEXT, OTHER.replace("-b7", "-d7").as_str()], false, "one of two"),
            ("call-chain-length", &["1", "2"], true, "both"),
            ("call-chain-length", &["7"], false, "another one"),
            ("debug-log-enabled", &["true"], true, "the only one"),
            ("debug-log-enabled", &["false"], false, "another one"),
        ] {
            assert_eq!(outbound.are_forwarded(key, values), expected, "{key}: {why}");
        }
    }

    #[test]
    fn each_line_of_a_header_is_known_alone_and_joined() {
        let parents = [CONTEXT, &OTHER.replace("-b7", "-c7"), &OTHER.replace("-b7", "-d7")].map(str::to_owned);
        let xrays = [XRAY, &XRAY.replace("Parent=5", "Parent=6")].map(str::to_owned);
        let lengths = ["3".to_owned(), "3".to_owned()];
        let orders = ["o-1", "o-2", "o,3"].map(str::to_owned);
        for (key, lines) in [
            ("traceparent", &parents[..]),
            ("x-correlation-traceparent", &parents),
            ("x-amzn-trace-id", &xrays),
            ("call-chain-length", &lengths),
            ("x-correlation-id", &orders),
            ("x-correlation-order", &orders),
        ] {
            let pairs: Vec<_> = lines.iter().map(|line| (key, line.as_str())).collect();
            let mut outbound = outbound_of(&pairs);
            outbound.correlation.set(key, "own");
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            assert!(outbound.are_forwarded(key, &lines), "{key}: as they came");
            assert!(lines.iter().all(|line| outbound.is_forwarded(key, line)), "{key}: one of them");
            let lines = &lines[..2];
            assert!(outbound.is_forwarded(key, &lines.join(", ")), "{key}: joined");
            assert!(outbound.is_forwarded(key, &lines.join(",")), "{key}: joined without spaces");
            assert!(!outbound.is_forwarded(key, &[lines[0], "another"].join(",")), "{key}: with another one");
        }
    }

    #[test]
    fn an_untrusted_callers_lines_take_no_room() {
        let values: Vec<_> = (0..100_000).map(|n| n.to_string()).collect();
        let pairs: Vec<_> = values.iter().map(|value| ("x-correlation-order", value.as_str())).collect();
        let outbound = outbound_of(&pairs);
        let known = |value: &str| outbound.is_forwarded("x-correlation-order", value);
        assert_eq!([0, 8, 9].map(|n: u32| known(&n.to_string())), [true, true, false]);
    }

    #[test]
    fn what_two_carriers_held_is_known() {
        let one = extract(&[("traceparent", CONTEXT), ("call-chain-length", "3"), ("x-correlation-a", "1")]);
        let other = extract(&[
            ("traceparent", OTHER.replace("-b7", "-c7").as_str()),
            ("call-chain-length", "3"),
            ("x-correlation-b", "2"),
            ("baggage", "a=1"),
        ]);
        let mut both = one.or(other);
        assert!(both.correlation.set("b", "3"));
        let outbound =
            Outbound { correlation: both.correlation, received: both.received.map(Arc::from), ..outbound_of(&[]) };
        for (key, value, expected) in [
            ("traceparent", CONTEXT, true),
            ("traceparent", &OTHER.replace("-b7", "-c7"), true),
            ("call-chain-length", "3", true),
            ("call-chain-length", "4", false),
            ("x-correlation-b", "2", true),
            ("baggage", "a=1", true),
        ] {
            assert_eq!(outbound.is_forwarded(key, value), expected, "{key}: {value}");
        }
    }

    #[test]
    fn a_second_carrier_fills_the_gaps() {
        let body = extract(&[("traceparent", CONTEXT), ("x-correlation-id", "from-body"), ("x-correlation-a", "1")]);
        let both =
            extract(&[("x-correlation-id", "c-1"), ("AWSTraceHeader", "Root=1-5759e988-bd862e3fe1be46a994272793")])
                .or(body);
        assert_eq!(both.source, ParentSource::TraceParent);
        assert_eq!((both.correlation.get("id"), both.correlation.get("a")), (Some("c-1"), Some("1")));
    }
}
