//! Context on the wire: [`Inbound`] is read from carriers, and [`Outbound`] is written to carriers.
//!
//! A carrier is a list of text pairs, such as HTTP headers, message attributes, or the members of a `__context__`
//! object in a JSON payload. Keys match in any case.
//!
//! # Formats
//!
//! | keys | format |
//! |---|---|
//! | `traceparent`, `tracestate` | [W3C Trace Context](https://www.w3.org/TR/trace-context-2/) |
//! | `baggage` | [W3C Baggage](https://www.w3.org/TR/baggage/) |
//! | `x-amzn-trace-id`, `AWSTraceHeader` | [X-Ray's trace header](https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader) |
//! | `x-correlation-*`, `debug-log-enabled`, `call-chain-length` | correlation ids, as the DAZN Lambda Powertools for Node write them |
//!
//! [`Propagators`] selects among them. Everything that is read is validated and bounded, since anyone may have sent it.
//!
//! The same keys are the names of variables in the environment of a child process: see [`env`](mod@env).
//!
//! # Precedence
//!
//! A carrier may hold several contexts. A W3C `traceparent` comes from the calling program and takes precedence. A
//! service in between may have written an X-Ray header. A program without tracing forwarded the context among the
//! correlation ids. A repeated `traceparent` is malformed, as the specification demands, because nobody can tell the
//! right value.
//!
//! # Examples
//!
//! A transport of your own, here a queue with text properties on messages:
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use thundra_core::propagation::{Inbound, Trust};
//! use thundra_core::{Scope, SpanKind, correlation};
//!
//! type Properties = BTreeMap<String, String>;
//!
//! /// Adds the context of the current span to a message.
//! fn send(properties: &mut Properties) {
//!     let Some(outbound) = thundra_core::outbound(&tracing::Span::current()) else { return };
//!     for (key, value) in outbound.pairs() {
//!         properties.entry(key.to_owned()).or_insert(value);
//!     }
//! }
//!
//! /// Runs the work for a message in a scope of its own.
//! fn receive<R>(properties: &Properties, work: impl FnOnce() -> R) -> R {
//!     let pairs = properties.iter().map(|(key, value)| (key.as_str(), value.as_str()));
//!     let inbound = Inbound::extract(pairs, thundra_core::config().propagators, Trust::Full);
//!     let scope = Scope::builder("process orders").kind(SpanKind::Consumer).parent(inbound).begin();
//!     scope.enter(work)
//! }
//!
//! let mut message = Properties::new();
//! let producer = Scope::builder("checkout").begin();
//! producer.enter(|| {
//!     correlation::set("order", "o-9");
//!     send(&mut message);
//! });
//! receive(&message, || {
//!     assert_eq!(correlation::get("order").as_deref(), Some("o-9"));
//!     assert_eq!(thundra_core::current().unwrap().trace_id, producer.context().unwrap().trace_id);
//! });
//! ```

#[doc(hidden)]
pub use crate::carrier::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, Extraction, HeaderText,
    PAYLOAD_CONTEXT, USER_AGENT, XRAY_HEADER, header_bytes, may_carry,
};
pub mod env;

pub use crate::carrier::{
    CorrelationIds, Inbound, Outbound, ParentSource, Propagators, Trust, XRayHeader, format_traceparent,
    parse_traceparent,
};
