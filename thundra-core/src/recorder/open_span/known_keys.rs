//! The keys of a span, for adding several attributes at once: a search for each key would read all attributes again.

use super::OpenSpan;
use crate::config::Limits;
use crate::otlp::read;

/// A set of keys: a bit stands for all keys of a length, a middle letter and a last letter, and for some others.
pub(super) struct KnownKeys(u64);

impl KnownKeys {
    /// Adds a key. Returns `false` if the set did not have the key, and `true` if it had the key or a similar one.
    fn add(&mut self, key: &[u8]) -> bool {
        let letter = |letter: Option<&u8>| letter.map_or(0, |letter| usize::from(*letter));
        let (middle, last) = (letter(key.get(key.len() / 2)), letter(key.last()));
        // These factors keep the attributes of an invocation apart, all but a pair.
        let bit = 1 << ((2 * (key.len() + last) + 5 * middle) % 64);
        let had = self.0 & bit != 0;
        self.0 |= bit;
        had
    }
}

impl OpenSpan {
    /// Returns the keys of the attributes.
    pub(super) fn known_keys(&self) -> KnownKeys {
        let mut known = KnownKeys(0);
        for key in read::keys(self.body.get(self.head_end..).unwrap_or_default()) {
            known.add(key);
        }
        known
    }

    /// Settles an attribute appended at `start`, as [`settle`](Self::settle) does, and adds the key to the known ones.
    pub(super) fn settle_among(&mut self, known: &mut KnownKeys, key: &str, start: usize, limits: &Limits) {
        if known.add(key.as_bytes()) {
            self.settle(key, start, limits);
        } else {
            self.settle_new(key, start, limits);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Config, Env, Scope, Value};

    #[test]
    fn attributes_set_at_once_replace_earlier_ones_and_keep_the_limit() {
        let config = Config::from_env(&Env::from_pairs([("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "4")]));
        let scope = Scope::builder("work").attribute("a", 1).attribute("a", 2).begin_with(&config);
        scope.set_attributes(&[("a", 3.into()), ("b", 4.into()), ("b", 5.into()), ("c", 6.into()), ("d", 7.into())]);
        let root = scope.finish().spans().next().unwrap();
        let found = ["a", "b", "c", "d"].map(|key| root.attribute(key).cloned());
        // The first of four tells the source of the parent.
        assert_eq!(found, [Some(Value::I64(3)), Some(Value::I64(5)), Some(Value::I64(6)), None]);
        assert_eq!(root.attributes.iter().filter(|(key, _)| ["a", "b"].contains(&&**key)).count(), 2);
        assert_eq!(root.dropped_attributes, 1);
    }
}
