//! Bounds of what a sender may say: beyond them, sums of times have no room, and lists are too long to show.

/// The last time, in nanoseconds since 1970: that of the last microsecond that the API takes, in the year 2255.
const LAST: u64 = 9_000_000_000_000_000_000 - 1000;

/// The longest text in a column, which lists repeat. The bytes have it whole.
const MAX_TEXT: usize = 512;

/// Returns a time in nanoseconds since 1970; the last one for a later one.
pub(crate) fn time(nanos: u64) -> i64 {
    i64::try_from(nanos.min(LAST)).unwrap_or(i64::MAX)
}

/// Returns the beginning of a text, as columns have it.
pub(crate) fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default()
}
