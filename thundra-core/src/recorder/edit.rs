//! Changes to the record of an open span, for [`ScopeRef`](crate::ScopeRef) and [`SpanExt`](crate::SpanExt).
//!
//! Code of the caller, such as a `Display` or an iterator, runs before the scope is locked, free to record spans.

use std::borrow::Cow;
use std::error::Error;

use super::slab::SCOPES;
use super::slot::{SlotKind, SpanSlot};
use crate::clock::now;
use crate::contained::formatted;
use crate::otlp::write::{self, tag};
use crate::value::Attributes;
use crate::{Status, TraceContext, Value, error_chain, redact, semconv};

pub(crate) fn set_attribute(slot: SpanSlot, key: &str, value: Value) {
    SCOPES.edit(slot, |span, limits| span.set_attribute(key, &value, limits));
}

pub(crate) fn set_attributes<K: AsRef<str>, V: Into<Value>>(
    slot: SpanSlot,
    attributes: impl IntoIterator<Item = (K, V)>,
) {
    let attributes: Vec<(K, Value)> = attributes.into_iter().map(|(key, value)| (key, value.into())).collect();
    let attributes: Vec<(&str, &Value)> = attributes.iter().map(|(key, value)| (key.as_ref(), value)).collect();
    SCOPES.edit(slot, |span, limits| {
        attributes.into_iter().for_each(|(key, value)| span.set_attribute(key, value, limits));
    });
}

pub(crate) fn remove_attribute(slot: SpanSlot, key: &str) {
    SCOPES.edit(slot, |span, _| span.remove_attribute(key));
}

pub(crate) fn set_status(slot: SpanSlot, status: Status) {
    let status = status.redacted();
    SCOPES.edit(slot, |span, _| span.set_status(&status));
}

/// Sets `error.type` and the status.
pub(crate) fn set_error(slot: SpanSlot, error_type: Cow<'static, str>, message: Cow<'static, str>) {
    let (error_type, status) = (Value::Str(redact::text(error_type)), Status::error(message).redacted());
    SCOPES.edit(slot, |span, limits| {
        span.set_attribute(semconv::ERROR_TYPE, &error_type, limits);
        span.set_status(&status);
    });
}

/// Records an exception event and sets the status.
pub(crate) fn record_error(slot: SpanSlot, error: &dyn Error) {
    if slot.kind() == SlotKind::Unrecorded {
        return;
    }
    let message = redact::text(formatted(|| error_chain::message(error)));
    let (mut head, mut attributes) = (Vec::new(), Vec::new());
    write::bytes(&mut head, tag::EVENT_NAME, b"exception");
    SCOPES.edit(slot, |span, limits| {
        let message = limits.value_length.map_or(&*message, |limit| write::truncate(&message, limit));
        write::str_attribute(&mut attributes, tag::EVENT_ATTRIBUTE, semconv::EXCEPTION_MESSAGE, message);
        span.event(now(), &head, &attributes, limits);
        span.set_error(message);
    });
}

pub(crate) fn add_link(
    slot: SpanSlot,
    to: &TraceContext,
    attributes: impl IntoIterator<Item = (impl Into<Cow<'static, str>>, impl Into<Value>)>,
) {
    let attributes: Attributes = attributes.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    SCOPES.edit(slot, |span, limits| span.link(to, &attributes, limits));
}
