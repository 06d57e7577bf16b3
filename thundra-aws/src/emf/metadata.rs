//! The members of a document besides metrics and dimensions: the ids of the invocation, and all other attributes. The
//! members cost nothing, and CloudWatch Logs Insights finds documents by them.

use std::borrow::Cow;

use thundra_core::metrics::ScopeFacts;
use thundra_core::{Members, Value, cut};

use super::{AWS, SERVICE};

/// The longest text of a member.
const MAX_TEXT_BYTES: usize = 4 * 1024;

/// The most bytes of all members. A document has as many again for its metrics.
const MAX_BYTES: usize = 64 * 1024;

/// The prefix of a key that the document already uses, as in log lines.
const PREFIX: &str = "fields.";

/// The number of members over the limit.
const DROPPED: &str = "thundra.dropped_attributes";

/// The metadata of a document.
#[derive(Debug)]
pub(super) struct Metadata<'a> {
    members: Members,
    /// The keys of the metrics and dimensions.
    taken: Vec<&'a str>,
    dropped: u64,
}

impl<'a> Metadata<'a> {
    /// Returns empty metadata for a document with the given other members.
    pub(super) fn beside(taken: impl IntoIterator<Item = &'a str>) -> Self {
        let taken = [AWS, SERVICE].into_iter().chain(taken).collect();
        Metadata { members: Members::default(), taken, dropped: 0 }
    }

    /// Adds the keys of a scope's log lines, so the same ids find documents and lines.
    pub(super) fn add_scope(&mut self, scope: &ScopeFacts) {
        for (key, value) in scope.log_fields.iter().filter(|(key, _)| key != SERVICE) {
            self.add(key, value);
        }
        if let Some(context) = &scope.context {
            self.add("trace_id", &context.trace_id.to_string().into());
            self.add("span_id", &context.span_id.to_string().into());
        }
    }

    /// Adds an attribute.
    pub(super) fn add(&mut self, key: &str, value: &Value) {
        let mut key = Cow::Borrowed(key);
        if self.is_taken(&key) {
            key = format!("{PREFIX}{key}").into();
        }
        let value = bounded(value);
        let room = MAX_BYTES.saturating_sub(self.members.as_bytes().len());
        // An escape takes up to six bytes.
        if self.is_taken(&key) || 6 * (key.len() + len(&value)) > room {
            self.dropped += 1;
            return;
        }
        self.members.value(&key, &value);
    }

    fn is_taken(&self, key: &str) -> bool {
        self.taken.contains(&key) || self.members.contains(key)
    }

    /// Adds a number of this crate, unless the number is zero.
    pub(super) fn count(&mut self, key: &str, count: u64) {
        if count > 0 {
            self.members.integer(key, count);
        }
    }

    /// Returns the members, each after a comma.
    pub(super) fn finish(mut self) -> Members {
        self.count(DROPPED, self.dropped);
        self.members
    }
}

/// Cuts the texts of a value, and marks each cut with an ellipsis. Infinities and NaN, unknown to JSON, become texts.
fn bounded(value: &Value) -> Cow<'_, Value> {
    let text = |text: &str| match cut(text, MAX_TEXT_BYTES) {
        whole if whole.len() == text.len() => None,
        start => Some(format!("{start}…")),
    };
    match value {
        Value::Str(long) => text(long).map_or(Cow::Borrowed(value), |cut| Cow::Owned(cut.into())),
        Value::F64(number) if !number.is_finite() => Cow::Owned(number.to_string().into()),
        Value::Array(texts) if len(value) > MAX_TEXT_BYTES => {
            let all = texts.join(",");
            Cow::Owned(text(&all).unwrap_or(all).into())
        }
        _ => Cow::Borrowed(value),
    }
}

/// Returns the approximate number of bytes of a value.
fn len(value: &Value) -> usize {
    match value {
        Value::Str(text) => text.len(),
        Value::Array(texts) => texts.iter().map(|text| text.len() + 3).sum(),
        _ => 24,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(metadata: Metadata<'_>) -> serde_json::Value {
        let members = metadata.finish();
        let text = str::from_utf8(members.as_bytes()).unwrap().trim_start_matches(',');
        serde_json::from_str(&format!("{{{text}}}")).unwrap()
    }

    #[test]
    fn a_key_that_the_document_has_for_something_else_gets_a_prefix() {
        let mut metadata = Metadata::beside(["orders", "method"]);
        for key in ["orders", "method", "service", "_aws", "customer", "customer"] {
            metadata.add(key, &"x".into());
        }
        let keys = ["fields.orders", "fields.method", "fields.service", "fields._aws", "customer", "fields.customer"];
        let expected: serde_json::Value =
            keys.into_iter().map(|key| (key.to_owned(), serde_json::Value::from("x"))).collect();
        assert_eq!(object(metadata), expected);
    }

    #[test]
    fn what_is_too_long_is_cut_and_what_is_too_much_is_counted() {
        let mut metadata = Metadata::beside([]);
        metadata.add("text", &"é".repeat(5000).into());
        metadata.add("list", &vec!["a".repeat(3000); 2].into());
        metadata.add("nan", &f64::NAN.into());
        let object = object(metadata);
        assert_eq!(object["text"].as_str().unwrap().chars().count(), 2049);
        assert!(object["list"].as_str().unwrap().ends_with('…') && object["nan"] == "NaN", "{object}");

        let mut metadata = Metadata::beside([]);
        (0..100).for_each(|number| metadata.add(&format!("text{number}"), &"x".repeat(4000).into()));
        let members = metadata.finish();
        let dropped = format!(",\"{DROPPED}\":");
        let text = str::from_utf8(members.as_bytes()).unwrap();
        assert!(text.len() < MAX_BYTES && text.contains(&dropped), "{}", text.len());
    }
}
