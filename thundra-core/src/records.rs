//! Finished spans on their way out.

use std::fmt;

use crate::SpanData;
use crate::otlp::read;

/// The finished spans of a scope. They may belong to several traces: each record of a batch can be part of
/// its producer's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Records {
    /// A run of `ScopeSpans.spans` fields.
    pub(crate) bytes: Vec<u8>,
    pub(crate) count: u32,
}

impl Records {
    /// Whether there is nothing to export.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// How many spans there are.
    pub fn span_count(&self) -> u32 {
        self.count
    }

    /// The spans, in the order they ended.
    pub fn spans(&self) -> impl Iterator<Item = SpanData> + '_ {
        read::spans(&self.bytes)
    }

    /// Adds the spans of another one.
    pub fn append(&mut self, other: Records) {
        self.count += other.count;
        if self.bytes.is_empty() {
            self.bytes = other.bytes;
        } else {
            self.bytes.extend_from_slice(&other.bytes);
        }
    }

    /// Returns the first spans, as many as fit into `max_bytes`, and the others. `at_least_one` takes the first span
    /// whatever its size.
    pub(crate) fn cut(mut self, max_bytes: usize, at_least_one: bool) -> (Records, Records) {
        if self.bytes.len() <= max_bytes {
            return (self, Records::default());
        }
        let (mut end, mut count) = (0, 0);
        for (place, _) in read::span_fields(&self.bytes) {
            if place.end > max_bytes && !(at_least_one && count == 0) {
                break;
            }
            (end, count) = (place.end, count + 1);
        }
        if count == 0 {
            return (Records::default(), self);
        }
        let over = Records { bytes: self.bytes.split_off(end), count: self.count.saturating_sub(count) };
        self.count = count;
        (self, over)
    }

    /// Two parts of about the same size; `None` for a single span.
    pub(crate) fn split(&self) -> Option<(Records, Records)> {
        let ends = read::field_ends(&self.bytes);
        let middle = ends.len() / 2;
        let at = *ends.get(middle.checked_sub(1)?)?;
        let (first, second) = self.bytes.split_at_checked(at)?;
        let part = |bytes: &[u8], count: usize| Records { bytes: bytes.to_vec(), count: count as u32 };
        Some((part(first, middle), part(second, ends.len() - middle)))
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("spans", &self.count).field("bytes", &self.bytes.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    #[test]
    fn a_cut_keeps_every_span_on_one_of_its_sides() {
        let mut trace = Records::default();
        (0..10).for_each(|_| trace.append(Scope::builder("span").begin().finish()));
        let all = trace.bytes.len();
        for (max, one, kept) in
            [(all, false, 10), (all - 1, false, 9), (all / 2, false, 5), (1, false, 0), (1, true, 1), (all, true, 10)]
        {
            let (cut, over) = trace.clone().cut(max, one);
            assert_eq!((cut.spans().count(), over.spans().count()), (kept, 10 - kept), "{max}");
            assert_eq!((cut.count, over.count), (kept as u32, 10 - kept as u32), "{max}");
        }
    }
}
