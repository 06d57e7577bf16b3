//! The fields of a span, kept with the span for the lines of its events.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use tracing::field::{Field, Visit};

use super::fields::format_into;
use crate::Value;
use crate::value::Attributes;

/// The fields of a span.
#[derive(Default)]
pub(super) struct SpanFields(pub(super) Attributes);

impl SpanFields {
    /// Sets a field, in place of an earlier value. Log lines leave out the `otel.` fields of `tracing-opentelemetry`.
    fn set(&mut self, field: &Field, value: Value) {
        if !field.name().starts_with("otel.") {
            self.put(field.name().into(), value);
        }
    }

    /// Takes over fields recorded later.
    pub(super) fn update(&mut self, later: SpanFields) {
        later.0.into_iter().for_each(|(key, value)| self.put(key, value));
    }

    fn put(&mut self, key: Cow<'static, str>, value: Value) {
        match self.0.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => self.0.push((key, value)),
        }
    }
}

impl Visit for SpanFields {
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.to_owned().into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        format_into(&mut text, format_args!("{value:?}"));
        self.set(field, text.into());
    }
}
