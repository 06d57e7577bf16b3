//! The system's clock, in the unit of OTLP.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the nanoseconds since 1970.
#[cfg(not(unix))]
pub(crate) fn now() -> u64 {
    unix_nano(SystemTime::now())
}

/// Returns the nanoseconds since 1970. Each span reads the clock twice, and the difference of two `SystemTime`s costs
/// more than the reading.
#[cfg(unix)]
#[inline]
pub(crate) fn now() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    in_nanos(u64::try_from(now.tv_sec).unwrap_or_default(), now.tv_nsec as u64)
}

/// Returns a time in nanoseconds since 1970, which fit into the number until the year 2554; 0 for an earlier time.
pub(crate) fn unix_nano(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| in_nanos(since.as_secs(), since.subsec_nanos().into()))
}

#[inline]
const fn in_nanos(secs: u64, nanos: u64) -> u64 {
    secs.wrapping_mul(1_000_000_000).wrapping_add(nanos)
}
