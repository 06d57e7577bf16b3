//! The keys and values of correlation ids.

use std::borrow::Cow;

/// The key of the id of a chain of calls.
pub const CORRELATION_ID: &str = "x-correlation-id";
/// The key of the trace context among the correlation ids, forwarded by Node functions.
pub const CORRELATION_TRACEPARENT: &str = "x-correlation-traceparent";
/// The key of the switch for debug logs in a chain of calls.
pub const DEBUG_LOG_ENABLED: &str = "debug-log-enabled";
/// The key of the number of programs in the chain of calls.
pub const CALL_CHAIN_LENGTH: &str = "call-chain-length";
/// The key of the context object inside a JSON payload.
pub const PAYLOAD_CONTEXT: &str = "__context__";
/// The key of the user agent at the start of the chain of calls, as written by Node functions.
pub const USER_AGENT: &str = "User-Agent";

/// The prefix of the keys of all ids.
pub(crate) const PREFIX: &str = "x-correlation-";
/// The most bytes of a value.
pub(super) const MAX_VALUE_BYTES: usize = 256;

/// Returns the full, lower-case key; `None` for a key not allowed in headers or message attributes.
pub(super) fn full_key(key: &str) -> Option<Cow<'static, str>> {
    if key.eq_ignore_ascii_case(CORRELATION_ID) {
        return Some(CORRELATION_ID.into());
    }
    let legal = key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if key.is_empty()
        || key.len() > MAX_VALUE_BYTES - PREFIX.len()
        || !legal
        || key.ends_with('.')
        || key.contains("..")
    {
        return None;
    }
    let lower = key.to_ascii_lowercase();
    Some(Cow::Owned(if lower.starts_with(PREFIX) { lower } else { format!("{PREFIX}{lower}") }))
}

/// Returns `true` for a value fit for a header.
pub(crate) fn is_value(value: &str) -> bool {
    // Without an early exit, the compiler checks many bytes at a time.
    (1..=MAX_VALUE_BYTES).contains(&value.len())
        && value.bytes().fold(true, |legal, byte| legal & (b' '..=b'~').contains(&byte))
}

/// Returns the size of a header field in HTTP/1.1.
pub fn header_bytes(key: &str, value: impl AsRef<[u8]>) -> usize {
    key.len() + ": ".len() + value.as_ref().len() + "\r\n".len()
}
