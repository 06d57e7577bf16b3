//! Injection: from a context to a carrier.

use std::sync::Arc;

use super::baggage::BAGGAGE;
use super::correlation::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, CorrelationIds, DEBUG_LOG_ENABLED, USER_AGENT, is_value,
};
use super::propagators::Propagators;
use super::received::Received;
use super::traceparent::{TRACEPARENT, format_traceparent, traceparent};
use super::tracestate::TRACESTATE;
use super::xray::{XRAY_HEADER, XRayHeader, is_xray_key};
use crate::TraceContext;

/// The context for a call: a snapshot of the calling span and the scope, as returned by [`outbound`](crate::outbound).
///
/// # Examples
///
/// A message carries the context as text pairs:
///
/// ```
/// use thundra_core::{Scope, correlation, outbound};
///
/// Scope::builder("checkout").begin().enter(|| {
///     correlation::set("order", "o-9");
///     let outbound = outbound(&tracing::Span::current()).unwrap();
///     assert!(outbound.pairs().contains(&("x-correlation-order", "o-9".to_owned())));
/// });
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outbound {
    /// The calling span.
    pub context: TraceContext,
    /// The correlation ids of the scope.
    pub correlation: CorrelationIds,
    /// W3C baggage, as received or as set by the program since.
    pub baggage: Option<Arc<str>>,
    /// The received X-Ray header. The lineage is sent on.
    pub xray: Option<XRayHeader>,
    /// The formats to write.
    pub formats: Propagators,
    /// The values received under our keys.
    pub(crate) received: Option<Arc<Received>>,
}

impl Outbound {
    /// Returns the text pairs to send, the most important first. A carrier with little room takes the first ones.
    ///
    /// Keys are in lower case, except `User-Agent`. Values are printable ASCII.
    pub fn pairs(&self) -> Vec<(&str, String)> {
        let mut pairs = Vec::with_capacity(12);
        let Propagators { tracecontext, baggage, correlation, .. } = self.formats;
        let ids = correlation.then_some(&self.correlation);
        if let Some(ids) = ids {
            if let Some(id) = ids.get(CORRELATION_ID) {
                pairs.push((CORRELATION_ID, id.to_owned()));
            }
            pairs.push((CALL_CHAIN_LENGTH, number(ids.chain_length()).into_owned()));
            pairs.push((DEBUG_LOG_ENABLED, debug(ids).to_owned()));
        }
        if tracecontext {
            let context = format_traceparent(&self.context);
            let handed_on = correlation.then(|| context.clone());
            pairs.push((TRACEPARENT, context));
            pairs.extend(self.trace_state());
            pairs.extend(handed_on.map(|context| (CORRELATION_TRACEPARENT, context)));
        }
        if let Some(ids) = ids {
            let others = ids.iter().filter(|(key, _)| *key != CORRELATION_ID);
            others.for_each(|(key, value)| pairs.push((key, value.to_owned())));
        }
        if let Some(baggage) = self.baggage.as_deref().filter(|_| baggage) {
            pairs.push((BAGGAGE, baggage.to_owned()));
        }
        if let Some(agent) = ids.and_then(|ids| ids.user_agent.as_deref()) {
            pairs.push((USER_AGENT, agent.to_owned()));
        }
        pairs
    }

    /// Returns the pairs to send as HTTP headers. Unlike in [`pairs`](Self::pairs), the `traceparent` comes first, the
    /// X-Ray header is included, and the user agent is left to the client.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Scope, outbound};
    ///
    /// let outbound = Scope::builder("checkout").begin().enter(|| outbound(&tracing::Span::current())).unwrap();
    /// let keys: Vec<_> = outbound.header_pairs().into_iter().map(|(key, _)| key).collect();
    /// assert_eq!(keys[..2], ["traceparent", "x-correlation-id"]);
    /// assert!(keys.contains(&"x-amzn-trace-id"));
    /// ```
    pub fn header_pairs(&self) -> Vec<(&str, String)> {
        let mut pairs = Vec::with_capacity(12);
        self.each_header(|key, text| pairs.push((key, text.into_owned())));
        pairs
    }

    /// Calls `write` with each of the [`header_pairs`](Self::header_pairs). A text is copied where it is needed, and a
    /// context in two headers is formatted once.
    #[doc(hidden)]
    pub fn each_header<'a>(&'a self, mut write: impl FnMut(&'a str, HeaderText<'a>)) {
        let Propagators { tracecontext, baggage, correlation, .. } = self.formats;
        let traceparent = tracecontext.then(|| traceparent(&self.context));
        let ids = correlation.then_some(&self.correlation);
        if let Some(context) = &traceparent {
            write(TRACEPARENT, HeaderText::Ascii(context.to_vec()));
        }
        if let Some(ids) = ids {
            if let Some(id) = ids.get(CORRELATION_ID) {
                write(CORRELATION_ID, HeaderText::Borrowed(id));
            }
            write(CALL_CHAIN_LENGTH, number(ids.chain_length()));
            write(DEBUG_LOG_ENABLED, HeaderText::Static(debug(ids)));
        }
        if let Some(state) = self.context.trace_state.as_deref().filter(|_| tracecontext) {
            write(TRACESTATE, HeaderText::Borrowed(state));
        }
        if self.formats.xray {
            write(XRAY_HEADER, HeaderText::Ascii(XRayHeader::format_ascii(&self.context, self.xray.as_ref())));
        }
        if let Some(context) = traceparent.filter(|_| correlation) {
            write(CORRELATION_TRACEPARENT, HeaderText::Ascii(context.to_vec()));
        }
        let ids = ids.into_iter().flat_map(CorrelationIds::iter).filter(|(key, _)| *key != CORRELATION_ID);
        ids.for_each(|(key, value)| write(key, HeaderText::Borrowed(value)));
        if let Some(baggage) = self.baggage.as_deref().filter(|_| baggage) {
            write(BAGGAGE, HeaderText::Borrowed(baggage));
        }
    }

    /// Returns the W3C trace context alone, for any host to see.
    pub fn trace_pairs(&self) -> Vec<(&str, String)> {
        self.traceparent().into_iter().chain(self.trace_state()).collect()
    }

    /// Returns `true` if the scope received this value under this key. A carrier with such a value got the value by
    /// mere forwarding, and the scope's own value should replace the forwarded one.
    pub fn is_forwarded(&self, key: &str, value: &str) -> bool {
        self.are_forwarded(key, &[value])
    }

    /// Returns `true` if all values of a key in a carrier are [forwarded](Self::is_forwarded).
    pub fn are_forwarded(&self, key: &str, values: &[&str]) -> bool {
        let received = self.received.as_deref();
        match key {
            TRACEPARENT | TRACESTATE | BAGGAGE | CORRELATION_TRACEPARENT | CALL_CHAIN_LENGTH | DEBUG_LOG_ENABLED => {
                received.is_some_and(|received| received.holds(key, values))
            }
            _ if is_xray_key(key) => Received::holds_xray(received, values, self.xray.as_ref()),
            _ if has_upper(key) => self.are_forwarded(&key.to_ascii_lowercase(), values),
            _ => values.iter().all(|value| {
                // The scope replaced a malformed id with its own.
                let is_malformed = || received.is_some_and(|all| all.malformed) && !is_value(value);
                self.correlation.was_received(key, value) || (key == CORRELATION_ID && is_malformed())
            }),
        }
    }

    /// Returns `false` if no trace state of a carrier can be [forwarded](Self::is_forwarded).
    #[doc(hidden)]
    pub fn may_have_received_state(&self) -> bool {
        self.received.as_ref().is_some_and(|received| received.may_hold_state())
    }

    fn traceparent(&self) -> Option<(&str, String)> {
        self.formats.tracecontext.then(|| (TRACEPARENT, format_traceparent(&self.context)))
    }

    fn trace_state(&self) -> Option<(&str, String)> {
        let state = self.context.trace_state.as_deref().filter(|_| self.formats.tracecontext);
        state.map(|state| (TRACESTATE, state.to_owned()))
    }

    /// Returns the value of an X-Ray trace header; `None` if the format is off.
    pub fn xray_header(&self) -> Option<String> {
        self.formats.xray.then(|| XRayHeader::format(&self.context, self.xray.as_ref()))
    }

    /// Returns the value of an X-Ray trace header, of at most so many bytes. A longer header loses the received parts,
    /// and keeps the trace.
    pub fn xray_header_within(&self, bytes: usize) -> Option<String> {
        let short = || Some(XRayHeader::format(&self.context, None)).filter(|header| header.len() <= bytes);
        self.xray_header().and_then(|header| if header.len() <= bytes { Some(header) } else { short() })
    }

    /// Returns the [`pairs`](Self::pairs) for the `__context__` object of a JSON payload. The values are JSON: the
    /// chain length is a number and everything else a string, as Node functions expect.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::{Scope, outbound};
    ///
    /// let outbound = Scope::builder("checkout").begin().enter(|| outbound(&tracing::Span::current())).unwrap();
    /// let pairs = outbound.payload_pairs();
    /// assert!(pairs.contains(&("call-chain-length", "1".to_owned())), "a number");
    /// assert!(pairs.contains(&("debug-log-enabled", "\"false\"".to_owned())), "a string");
    /// ```
    pub fn payload_pairs(&self) -> Vec<(&str, String)> {
        let mut pairs = self.pairs();
        for (_, value) in pairs.iter_mut().filter(|(key, _)| *key != CALL_CHAIN_LENGTH) {
            *value = serde_json::Value::from(value.as_str()).to_string();
        }
        pairs
    }
}

/// The value of a header.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderText<'a> {
    /// A word of ours.
    Static(&'static str),
    /// A text of the scope.
    Borrowed(&'a str),
    /// An ASCII text formatted for this call. A header checks the bytes, so nobody else does before.
    Ascii(Vec<u8>),
}

impl HeaderText<'_> {
    fn into_owned(self) -> String {
        match self {
            HeaderText::Static(text) | HeaderText::Borrowed(text) => text.to_owned(),
            HeaderText::Ascii(text) => String::from_utf8(text).unwrap_or_default(),
        }
    }
}

impl AsRef<[u8]> for HeaderText<'_> {
    fn as_ref(&self) -> &[u8] {
        match self {
            HeaderText::Static(text) | HeaderText::Borrowed(text) => text.as_bytes(),
            HeaderText::Ascii(text) => text,
        }
    }
}

/// Returns `true` for a key with upper-case letters. Most carriers have keys in lower case.
fn has_upper(key: &str) -> bool {
    // Without an early exit, the compiler checks many bytes at a time.
    key.bytes().fold(false, |has_upper, byte| has_upper | byte.is_ascii_uppercase())
}

/// Returns the debug switch.
fn debug(ids: &CorrelationIds) -> &'static str {
    if ids.debug_log_enabled() { "true" } else { "false" }
}

/// Returns a length of a chain of calls. Nearly every chain has one digit.
fn number(length: u32) -> HeaderText<'static> {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    match DIGITS.get(length as usize) {
        Some(digit) => HeaderText::Static(digit),
        None => HeaderText::Ascii(length.to_string().into_bytes()),
    }
}
