//! Carriers of context: lists of text pairs, such as HTTP headers or message attributes. Each format has a file. The
//! public module [`propagation`](crate::propagation) exports the part for programs.

mod baggage;
mod correlation;
mod extraction;
mod inbound;
mod known;
mod outbound;
mod ows;
mod parent_source;
mod propagators;
mod received;
mod split;
mod traceparent;
mod tracestate;
mod trust;
mod xray;

pub(crate) use correlation::CORRELATION_PREFIX;
pub use correlation::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, CorrelationIds, DEBUG_LOG_ENABLED, PAYLOAD_CONTEXT,
    USER_AGENT, header_bytes,
};
pub use extraction::Extraction;
pub use inbound::Inbound;
pub use known::may_carry;
pub use outbound::{HeaderText, Outbound};
pub use parent_source::ParentSource;
pub use propagators::Propagators;
pub(crate) use received::Received;
pub use traceparent::{ParseTraceContextError, format_traceparent, parse_traceparent};
pub(crate) use tracestate::without_threshold;
pub use trust::Trust;
pub use xray::{XRAY_HEADER, XRayHeader};

#[cfg(test)]
mod tests;
