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
