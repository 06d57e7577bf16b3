//! Correlation ids, wire-compatible with the DAZN Lambda Powertools convention used by Node services.
//!
//! Every `x-correlation-*` key is propagated. Two more keys have a special meaning. `debug-log-enabled` is `"true"` or
//! `"false"`. `call-chain-length` is the number of programs in the chain of calls, increased by each receiver.

mod carried;
mod ids;
mod keys;

pub(super) use carried::{Taken, chain_length, debug};
pub use ids::CorrelationIds;
pub(crate) use keys::PREFIX as CORRELATION_PREFIX;
pub(super) use keys::is_value;
pub use keys::{
    CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, PAYLOAD_CONTEXT, USER_AGENT,
    header_bytes,
};

#[cfg(test)]
mod tests;
