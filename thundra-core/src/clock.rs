//! The system's clock, in the unit of OTLP.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the nanoseconds since 1970.
pub(crate) fn now() -> u64 {
    unix_nano(SystemTime::now())
}

/// Returns a time in nanoseconds since 1970, which fit into the number until the year 2554; 0 for an earlier time.
pub(crate) fn unix_nano(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs().wrapping_mul(1_000_000_000).wrapping_add(since.subsec_nanos().into()))
}
