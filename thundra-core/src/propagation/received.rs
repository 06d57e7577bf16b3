//! The values that a carrier held under our keys, as they were spelled.
//!
//! A program that copies what it received onto a call of its own sends its caller's context instead of its own. Values
//! are compared where a carrier holds one of our keys already, and nowhere else.

use std::sync::Arc;

use super::ows;

/// The bytes of keys and values that are kept of one carrier. Servers take more, but no caller of ours sends as many.
const MAX_BYTES: usize = 16 * 1024;
/// The room that the pairs of a usual carrier take.
const USUAL_BYTES: usize = 384;
/// No header or attribute holds it.
const END: char = '\0';

/// The values that a scope received under our keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// Keys and values in turn, each followed by [`END`].
    pairs: Option<Arc<str>>,
    /// Whether there was more than is kept.
    overflowed: bool,
}

/// What is kept while a carrier is read.
#[derive(Debug, Default)]
pub(super) struct Recording {
    pairs: String,
    overflowed: bool,
}

impl Recording {
    pub(super) fn push(&mut self, key: &str, value: &str) {
        let value = ows::trim(value);
        if value.contains(END) {
            return;
        }
        if self.pairs.len() + key.len() + value.len() + 2 > MAX_BYTES {
            self.overflowed = true;
            return;
        }
        if self.pairs.is_empty() {
            self.pairs.reserve(USUAL_BYTES);
        }
        self.pairs.push_str(key);
        self.pairs.push(END);
        self.pairs.push_str(value);
        self.pairs.push(END);
    }

    pub(super) fn finish(self) -> Received {
        let pairs = (!self.pairs.is_empty()).then(|| self.pairs.into());
        Received { pairs, overflowed: self.overflowed }
    }
}

impl Received {
    /// Returns whether this value was received under this key, whatever the key's case.
    ///
    /// Where more was received than is kept, every value counts as received: an untrusted caller must not get a value
    /// through by sending many.
    pub fn holds(&self, key: &str, value: &str) -> bool {
        self.holds_all(key, &[value])
    }

    /// As [`holds`](Self::holds), for a carrier with several values under one key: each was received, or all of them are
    /// the list that was received, in one header or in several.
    pub fn holds_all(&self, key: &str, values: &[&str]) -> bool {
        let Some(pairs) = self.pairs.as_deref() else { return self.overflowed };
        let mut texts = pairs.split(END);
        let pairs = std::iter::from_fn(move || Some((texts.next()?, texts.next()?)));
        let received = pairs.filter(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| value);
        let received: Vec<_> = received.collect();
        let is_list = || members(&received).eq(members(values));
        self.overflowed
            || values.iter().all(|value| received.contains(&ows::trim(value)))
            || (!received.is_empty() && is_list())
    }

    /// Adds what another carrier of the same message held.
    #[must_use]
    pub(super) fn and(self, other: Received) -> Self {
        let pairs = match (self.pairs, other.pairs) {
            (Some(one), Some(other)) => Some([&*one, &*other].concat().into()),
            (one, other) => one.or(other),
        };
        Received { pairs, overflowed: self.overflowed || other.overflowed }
    }
}

/// The members of a list that may stand in several headers.
fn members<'a>(headers: &'a [&str]) -> impl Iterator<Item = &'a str> {
    headers.iter().flat_map(|header| header.split(',')).map(ows::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(pairs: &[(&str, &str)]) -> Received {
        let mut recording = Recording::default();
        pairs.iter().for_each(|(key, value)| recording.push(key, value));
        recording.finish()
    }

    #[test]
    fn values_are_known_by_their_key() {
        let one = received(&[("traceparent", "t"), ("Baggage", "a=1"), ("baggage", " b=2\t"), ("empty", "")]);
        let both = one.and(received(&[("call-chain-length", "3")]));
        for (key, value, expected, why) in [
            ("traceparent", "t", true, "as it came"),
            ("TraceParent", "t", true, "a key of another case"),
            ("traceparent", " t ", true, "white space around it"),
            ("traceparent", "T", false, "a value of another case"),
            ("traceparent", "a=1", false, "another key's value"),
            ("baggage", "a=1", true, "the first of two"),
            ("baggage", "b=2", true, "the second of two"),
            ("empty", "", true, "an empty value"),
            ("call-chain-length", "3", true, "of a second carrier"),
            ("call-chain-length", "", false, "what stands behind the last one"),
        ] {
            assert_eq!(both.holds(key, value), expected, "{why}");
        }
        assert!(!Received::default().holds("traceparent", "t"));
        assert!(!received(&[("a", "b\0traceparent\0t")]).holds("traceparent", "t"), "a value that looks like a pair");
    }

    #[test]
    fn a_list_is_known_whole() {
        let two = received(&[("baggage", "a=1,b=2"), ("baggage", "c=3")]);
        for (values, expected, why) in [
            (&["a=1,b=2", "c=3"][..], true, "as it came"),
            (&["a=1, b=2 ,c=3"], true, "in one header"),
            (&["a=1", "b=2", "c=3"], true, "in more"),
            (&["c=3"], true, "one of its headers"),
            (&["a=1,c=3"], false, "a member less"),
            (&["a=1,b=2,c=3,d=4"], false, "a member more"),
            (&["c=3,a=1,b=2"], false, "in another order"),
            (&["a=1,b=2", "d=4"], false, "one of two"),
        ] {
            assert_eq!(two.holds_all("baggage", values), expected, "{why}");
        }
    }

    #[test]
    fn who_sends_too_much_gets_nothing_through() {
        let long = "x".repeat(1000);
        let pairs: Vec<_> = (0..100).map(|_| ("x-correlation-id", long.as_str())).collect();
        let much = received(&[&pairs[..], &[("debug-log-enabled", "true")]].concat());
        assert!(much.holds("debug-log-enabled", "true"));
        assert!(much.pairs.is_some_and(|pairs| pairs.len() <= MAX_BYTES));
    }
}
