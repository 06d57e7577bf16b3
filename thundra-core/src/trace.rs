//! Finished spans on their way out.

use std::fmt;

use crate::SpanData;
use crate::otlp::read;

/// The finished spans of a scope. They may belong to several traces: each record of a batch can be part of
/// its producer's.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// A run of `ScopeSpans.spans` fields.
    pub(crate) bytes: Vec<u8>,
    pub(crate) count: u32,
}

impl Trace {
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
    pub fn append(&mut self, other: Trace) {
        self.count += other.count;
        if self.bytes.is_empty() {
            self.bytes = other.bytes;
        } else {
            self.bytes.extend_from_slice(&other.bytes);
        }
    }

    /// The first spans, as many as fit into so many bytes, and how many were cut off.
    pub(crate) fn cut(mut self, max_bytes: usize) -> (Trace, u32) {
        if self.bytes.len() <= max_bytes {
            return (self, 0);
        }
        let fitting: Vec<_> = read::field_ends(&self.bytes).into_iter().take_while(|end| *end <= max_bytes).collect();
        let over = self.count.saturating_sub(fitting.len() as u32);
        self.bytes.truncate(fitting.last().copied().unwrap_or(0));
        self.count -= over;
        (self, over)
    }

    /// Two parts of about the same size; `None` for a single span.
    pub(crate) fn split(&self) -> Option<(Trace, Trace)> {
        let ends = read::field_ends(&self.bytes);
        let middle = ends.len() / 2;
        let at = *ends.get(middle.checked_sub(1)?)?;
        let (first, second) = self.bytes.split_at_checked(at)?;
        let part = |bytes: &[u8], count: usize| Trace { bytes: bytes.to_vec(), count: count as u32 };
        Some((part(first, middle), part(second, ends.len() - middle)))
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trace").field("spans", &self.count).field("bytes", &self.bytes.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    #[test]
    fn what_is_cut_off_is_counted() {
        let mut trace = Trace::default();
        (0..10).for_each(|_| trace.append(Scope::builder("span").begin().finish()));
        let all = trace.bytes.len();
        for (max, kept) in [(all, 10), (all - 1, 9), (all / 2, 5), (1, 0)] {
            let (cut, over) = trace.clone().cut(max);
            assert_eq!((cut.spans().count(), cut.count, over), (kept, kept as u32, 10 - kept as u32), "{max}");
        }
    }
}
