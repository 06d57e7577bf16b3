//! The description of a span by our own crates: several attributes under one lock, from borrowed texts.

use std::fmt;

use super::open_span::OpenSpan;
use super::slab::SCOPES;
use super::slot::SpanSlot;
use crate::config::Limits;
use crate::{SpanKind, Status, Value};

/// The attributes of an open span, while its scope is locked. A caller runs no code of the program meanwhile.
#[doc(hidden)]
pub struct Description<'a> {
    span: &'a mut OpenSpan,
    limits: &'a Limits,
    is_new: bool,
}

impl<'a> Description<'a> {
    /// Returns the first description of a span. The caller sets each attribute once.
    pub(crate) fn of_new(span: &'a mut OpenSpan, limits: &'a Limits) -> Self {
        Description { span, limits, is_new: true }
    }
}

impl Description<'_> {
    /// Runs `describe` on the record of a span. `is_new` is `true` if nobody but the caller has set an attribute, and
    /// the caller sets each of its own once.
    pub(crate) fn of(slot: SpanSlot, is_new: bool, describe: impl FnOnce(&mut Description<'_>)) {
        SCOPES.edit(slot, |span, limits| describe(&mut Description { span, limits, is_new }));
    }

    /// Runs `describe` on the record of a root span, for attributes that the first description has not set. The caller
    /// sets each once, so they are new unless somebody else has added any.
    pub(crate) fn further(slot: SpanSlot, describe: impl FnOnce(&mut Description<'_>)) {
        SCOPES.edit(slot, |span, limits| {
            let is_new = !span.has_added_keys();
            describe(&mut Description { span, limits, is_new });
        });
    }

    /// Sets an attribute of the conventions with a text. The built-in list of masked keys has no such key.
    pub fn text(&mut self, key: &'static str, text: &str) {
        self.span.set_text(key, text, self.is_new, self.limits);
    }

    /// Sets an attribute of the conventions with a number.
    pub fn number(&mut self, key: &'static str, number: impl Into<i64>) {
        self.span.set_number(key, number.into(), self.is_new, self.limits);
    }

    /// Sets an attribute with any value.
    pub fn value(&mut self, key: &str, value: &Value) {
        self.span.set_attribute(key, value, self.limits);
    }

    /// Removes an attribute.
    pub fn remove(&mut self, key: &str) {
        self.span.remove_attribute(key);
    }

    /// Sets the kind.
    pub fn kind(&mut self, kind: SpanKind) {
        self.span.kind = kind;
    }

    /// Sets the outcome. A description needs no redaction.
    pub fn status(&mut self, status: &Status) {
        self.span.set_status(status);
    }
}

impl fmt::Debug for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Description").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use crate::testing;
    use crate::{Config, Env, Scope, SpanExt, Value};

    #[test]
    fn a_description_replaces_masks_and_cuts_as_attributes_do() {
        let (_, spans) = testing::record("work", || {
            let span = tracing::info_span!("call", taken = "before");
            span.describe(|to| {
                to.text("taken", "after");
                to.text("body", r#"{"password":"abc"}"#);
                to.number("port", 443);
                to.value("api_key", &"k".into());
            });
        });
        let expected = [
            ("taken", Value::from("after")),
            ("body", r#"{"password":"REDACTED"}"#.into()),
            ("port", 443.into()),
            ("api_key", "REDACTED".into()),
        ];
        assert_eq!(spans[0].attributes, expected.map(|(key, value)| (key.to_owned(), value)));
    }

    #[test]
    fn a_description_keeps_the_limits() {
        let variables = [("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "3"), ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4")];
        let config = Config::from_env(&Env::from_pairs(variables));
        for is_new in [false, true] {
            let scope = Scope::builder("work").begin_with(&config);
            let describe = |to: &mut crate::Description<'_>| {
                ["a", "b", "c", "d"].into_iter().for_each(|key| to.text(key, "123456"));
            };
            if is_new {
                scope.describe_further(describe)
            } else {
                scope.describe(describe)
            }
            let root = scope.finish().spans().next().unwrap();
            let kept = root.attributes.iter().filter(|(_, value)| *value == Value::from("1234")).count();
            // The first of three tells the source of the parent. Correlation ids count apart.
            assert_eq!(kept, 2, "{is_new}: {:?}", root.attributes);
        }
    }
}
