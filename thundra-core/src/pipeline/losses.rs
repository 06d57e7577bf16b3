//! Counts of data that will not arrive, and their way to the user.
//!
//! A count travels as an attribute of a scope's root span. A root span can be lost as well, with the counts on it:
//! [`Losses::of`] reads them back, so that another root span carries them.

use std::ops::AddAssign;

use crate::otlp::read;
use crate::otlp::write::{self, tag};
use crate::{Records, semconv};

/// Data that is not exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Losses {
    /// Spans that were recorded and lost.
    pub(crate) spans: u64,
    /// Spans over `THUNDRA_MAX_SPANS`.
    pub(crate) dropped_spans: u64,
    /// Messages that left without our context, or without a part of it.
    pub(crate) incomplete_messages: u64,
    /// Events, attributes and links that were recorded on a root span after its end.
    pub(crate) after_end: u64,
}

impl Losses {
    pub(crate) const NONE: Self = Losses { spans: 0, dropped_spans: 0, incomplete_messages: 0, after_end: 0 };

    pub(crate) fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Returns everything that is lost with these spans: they themselves, and the counts on their root spans.
    pub(crate) fn of(trace: &Records) -> Self {
        let mut losses = Losses { spans: trace.count.into(), ..Self::NONE };
        for (_, root) in read::span_fields(&trace.bytes).filter(|(_, span)| is_root(span)) {
            losses.by_attribute().into_iter().for_each(|(key, count)| *count += read::span_count(root, key));
        }
        losses
    }

    /// Adds the counts to those of the trace's last root span; returns `false` where it has no root span.
    pub(crate) fn write_to(mut self, trace: &mut Records) -> bool {
        let Some((place, root)) = read::span_fields(&trace.bytes).filter(|(_, span)| is_root(span)).last() else {
            return false;
        };
        let mut counted = root.to_vec();
        for (key, count) in self.by_attribute().into_iter().filter(|(_, count)| **count > 0) {
            let total = read::span_count(&counted, key).saturating_add(*count);
            if let Some(earlier) = read::span_attribute(&counted, key) {
                counted.drain(earlier);
            }
            write::attribute(&mut counted, tag::SPAN_ATTRIBUTE, key, &total.into());
        }
        let mut field = Vec::with_capacity(counted.len() + 8);
        write::bytes(&mut field, tag::SPAN, &counted);
        trace.bytes.splice(place, field);
        true
    }

    fn by_attribute(&mut self) -> [(&'static str, &mut u64); 4] {
        [
            (semconv::THUNDRA_LOST_SPANS, &mut self.spans),
            (semconv::THUNDRA_DROPPED_SPANS, &mut self.dropped_spans),
            (semconv::THUNDRA_INJECTION_INCOMPLETE_MESSAGES, &mut self.incomplete_messages),
            (semconv::THUNDRA_DROPPED_AFTER_END, &mut self.after_end),
        ]
    }
}

/// Returns whether a span is the root of a scope: each of them has its parent's source.
fn is_root(span: &[u8]) -> bool {
    read::span_attribute(span, semconv::THUNDRA_PARENT_SOURCE).is_some()
}

impl AddAssign for Losses {
    fn add_assign(&mut self, other: Self) {
        self.spans += other.spans;
        self.dropped_spans += other.dropped_spans;
        self.incomplete_messages += other.incomplete_messages;
        self.after_end += other.after_end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    fn counts(trace: &Records) -> Vec<(String, [Option<String>; 4])> {
        let keys = Losses::default().by_attribute().map(|(key, _)| key);
        trace
            .spans()
            .map(|span| (span.name.clone(), keys.map(|key| span.attribute(key).map(ToString::to_string))))
            .collect()
    }

    #[test]
    fn the_last_root_carries_the_counts_and_gives_them_back() {
        let mut trace = Scope::builder("first").attribute("thundra.dropped_spans", 7_u64).begin().finish();
        trace.append(Scope::builder("last").attribute("thundra.dropped_spans", 200_u64).begin().finish());
        let losses = Losses { spans: 5, dropped_spans: 1_000_000, ..Losses::NONE };
        assert!(losses.write_to(&mut trace));
        let text = |n: &str| Some(n.to_owned());
        assert_eq!(
            counts(&trace),
            [
                ("first".to_owned(), [None, text("7"), None, None]),
                ("last".to_owned(), [text("5"), text("1000200"), None, None])
            ]
        );
        assert!(Losses { incomplete_messages: 3, after_end: 4, ..Losses::NONE }.write_to(&mut trace));
        let expected = Losses { spans: 7, dropped_spans: 1_000_207, incomplete_messages: 3, after_end: 4 };
        assert_eq!(Losses::of(&trace), expected);
    }

    #[test]
    fn without_a_root_the_counts_wait() {
        let losses = Losses { spans: 1, ..Losses::NONE };
        assert!(!losses.write_to(&mut Records::default()));
    }
}
