//! The keys of our formats, told from other keys.

/// Returns `false` for a key that no format reads. Most headers of a request are none of ours, and a caller spares
/// their values the extraction.
#[inline]
pub fn may_carry(key: &str) -> bool {
    let Some(first) = key.as_bytes().first() else { return false };
    matches!(
        (first.to_ascii_lowercase(), key.len()),
        // `traceparent`, `tracestate`, `baggage`, `User-Agent`.
        (b't', 10 | 11) | (b'b', 7) | (b'u', 10)
        // `call-chain-length`, `debug-log-enabled`, `AWSTraceHeader`; below, `x-correlation-…` and `x-amzn-trace-id`.
        | (b'c' | b'd', 17) | (b'a', 14)
    ) || (*first | 0x20 == b'x' && key.len() >= 14 && matches!(key.as_bytes().get(2), Some(b'a' | b'A' | b'c' | b'C')))
}

#[cfg(test)]
mod tests {
    use super::super::baggage::BAGGAGE;
    use super::super::traceparent::TRACEPARENT;
    use super::super::tracestate::TRACESTATE;
    use super::super::{
        CALL_CHAIN_LENGTH, CORRELATION_ID, CORRELATION_TRACEPARENT, DEBUG_LOG_ENABLED, USER_AGENT, XRAY_HEADER,
    };
    use super::*;

    #[test]
    fn every_key_of_ours_may_carry_and_most_others_do_not() {
        let ours = [
            TRACEPARENT,
            TRACESTATE,
            BAGGAGE,
            XRAY_HEADER,
            "AWSTraceHeader",
            CALL_CHAIN_LENGTH,
            CORRELATION_ID,
            CORRELATION_TRACEPARENT,
            DEBUG_LOG_ENABLED,
            USER_AGENT,
            "x-correlation-",
            "x-correlation-o",
        ];
        for key in ours {
            assert!(may_carry(key) && may_carry(&key.to_uppercase()) && may_carry(&key.to_lowercase()), "{key}");
        }
        for key in [
            "",
            "host",
            "accept",
            "accept-encoding",
            "content-type",
            "authorization",
            "x-request-id",
            "x-forwarded-for",
        ] {
            assert!(!may_carry(key), "{key}");
        }
    }
}
