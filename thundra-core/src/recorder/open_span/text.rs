//! Attributes of our own crates, encoded from borrowed texts.

use super::{OpenSpan, attribute_within};
use crate::Value;
use crate::config::Limits;
use crate::otlp::write::{self, tag};
use crate::redact::mask;

impl OpenSpan {
    /// Adds an attribute of ours with a text, in place of an earlier value of the key. `is_new` spares the search for
    /// an earlier value.
    pub(crate) fn set_text(&mut self, key: &'static str, text: &str, is_new: bool, limits: &Limits) {
        let start = self.body.len();
        if mask::masks_own(key) || mask::is_structure(text.as_bytes()) {
            attribute_within(limits, &mut self.body, tag::SPAN_ATTRIBUTE, key, &Value::from(text.to_owned()));
        } else {
            let text = limits.value_length.map_or(text, |limit| write::truncate(text, limit));
            write::str_attribute_at_once(&mut self.body, tag::SPAN_ATTRIBUTE, key, text);
        }
        self.settle_own(key, start, is_new, limits);
    }

    /// Adds an attribute of ours with a number, in place of an earlier value of the key. `is_new` spares the search for
    /// an earlier value.
    pub(crate) fn set_number(&mut self, key: &'static str, number: i64, is_new: bool, limits: &Limits) {
        let start = self.body.len();
        match mask::masks_own(key) {
            true => attribute_within(limits, &mut self.body, tag::SPAN_ATTRIBUTE, key, &Value::from(number)),
            false => write::int_attribute(&mut self.body, tag::SPAN_ATTRIBUTE, key, number),
        }
        self.settle_own(key, start, is_new, limits);
    }

    #[inline]
    fn settle_own(&mut self, key: &str, start: usize, is_new: bool, limits: &Limits) {
        if is_new && self.counts.attributes < limits.attributes {
            self.counts.attributes += 1;
        } else {
            self.settle(key, start, limits);
        }
    }
}
