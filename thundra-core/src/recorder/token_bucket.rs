//! A token bucket, to bound a rate.

use std::time::{Duration, Instant};

/// A bucket that fills up over time. Each taken token admits one thing.
#[derive(Debug)]
pub(super) struct TokenBucket {
    /// The time for one more token.
    refill: Duration,
    /// The most tokens at a time.
    burst: u32,
    /// The tokens at the time `filled`.
    tokens: u32,
    /// `None` before the first take: the bucket is full.
    filled: Option<Instant>,
}

impl TokenBucket {
    /// Returns a full bucket, with the rate of new tokens a second.
    pub(super) const fn new(rate: u32, burst: u32) -> Self {
        let refill = Duration::from_nanos(1_000_000_000 / rate as u64);
        TokenBucket { refill, burst, tokens: burst, filled: None }
    }

    /// Takes a token; `false` from an empty bucket.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let filled = *self.filled.get_or_insert(now);
        // A clock set back gives no token.
        let new = now.saturating_duration_since(filled).as_nanos() / self.refill.as_nanos().max(1);
        let new = u32::try_from(new).unwrap_or(u32::MAX);
        self.tokens = self.tokens.saturating_add(new).min(self.burst);
        // The part of a token grown since stays, unless the bucket is full.
        let grown = self.refill.checked_mul(new).and_then(|grown| filled.checked_add(grown));
        self.filled = if self.tokens == self.burst { Some(now) } else { grown.or(Some(now)) };
        let has_token = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        has_token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_admits_a_burst_and_then_its_rate() {
        let mut bucket = TokenBucket::new(10, 3);
        let start = Instant::now();
        let mut take = |ms| bucket.take(start + Duration::from_millis(ms));
        for (at, admitted, why) in [
            (0, true, "full"),
            (0, true, "a second"),
            (10, true, "the last"),
            (20, false, "empty"),
            (99, false, "not yet"),
            (100, true, "a token after 100 ms"),
            (150, false, "half a token"),
            (200, true, "the other half"),
            (199, false, "an earlier time"),
            (10_000, true, "full again"),
            (10_000, true, "a second"),
            (10_000, true, "a third"),
            (10_000, false, "and no more than the burst"),
            (10_099, false, "filled from then on"),
            (10_100, true, "a token after 100 ms"),
        ] {
            assert_eq!(take(at), admitted, "at {at} ms: {why}");
        }
    }
}
