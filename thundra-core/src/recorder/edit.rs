//! Changes to the record of an open span, for [`ScopeRef`](crate::ScopeRef) and [`SpanExt`](crate::SpanExt).
//!
//! Code of the caller, such as a `Display` or an iterator, runs before the scope is locked, free to record spans.

use std::borrow::Cow;
use std::error::Error;

use super::open_span::OpenSpan;
use super::slab::SCOPES;
use super::slot::{SlotKind, SpanSlot};
use crate::clock::now;
use crate::config::Limits;
use crate::exception::{Exception, Shown};
use crate::otlp::write::{self, tag};
use crate::pipeline::exports;
use crate::value::Attributes;
use crate::{Signal, Status, TraceContext, Value, redact, semconv};

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

/// Sets attributes of ours. None needs code of the caller.
pub(crate) fn set_own_attributes(slot: SpanSlot, attributes: &[(&'static str, Value)]) {
    SCOPES.edit(slot, |span, limits| span.set_own_attributes(attributes, limits));
}

pub(crate) fn add_to_attribute(slot: SpanSlot, key: &str, count: u64) {
    SCOPES.edit(slot, |span, limits| span.add_to_attribute(key, count, limits));
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

/// Records an error as an exception and sets the status.
pub(crate) fn record_error(slot: SpanSlot, error: &dyn Error) {
    // Formatting an error costs more than not recording it.
    if takes_exceptions(slot) {
        record_exception(slot, &Exception::of(error));
    }
}

/// Records an exception, and sets `error.type` and the status.
pub(crate) fn fail(slot: SpanSlot, exception: &Exception) {
    if slot.kind() != SlotKind::Unrecorded {
        set_attribute(slot, semconv::ERROR_TYPE, redact::text(exception.error_type().to_owned()).into_owned().into());
    }
    record_exception(slot, exception);
}

/// Records an exception, as an event of the span or as a log record, and sets the status.
pub(crate) fn record_exception(slot: SpanSlot, exception: &Exception) {
    if !takes_exceptions(slot) {
        return;
    }
    let shown = exception.shown();
    let Some(mut scope) = SCOPES.lock(slot.scope) else { return };
    let is_record = scope.has_exception_records();
    let due = if is_record { scope.record_exception(slot.index(), &shown) } else { None };
    let is_event = scope.exceptions.is_spans(is_record);
    let receiver = scope.receiver.clone();
    drop(scope);
    due.into_iter().for_each(|records| receiver.add(records));
    SCOPES.edit(slot, |span, limits| {
        if is_event {
            exception_event(span, &shown, limits);
        }
        span.set_error(limits.value_length.map_or(&*shown.message, |limit| write::truncate(&shown.message, limit)));
    });
}

/// Returns `true` if exceptions of a span are recorded. Exceptions in an unsampled scope are only recorded as log
/// records.
fn takes_exceptions(slot: SpanSlot) -> bool {
    slot.kind() != SlotKind::Unrecorded
        || (exports(Signal::Logs) && SCOPES.lock(slot.scope).is_some_and(|scope| scope.has_exception_records()))
}

/// Records an exception event.
fn exception_event(span: &mut OpenSpan, shown: &Shown<'_>, limits: &Limits) {
    let (mut head, mut attributes, mut count) = (Vec::new(), Vec::new(), 0);
    for (key, text) in shown.attributes() {
        count += 1;
        if count <= limits.event_attributes {
            let text = limits.value_length.map_or(text, |limit| write::truncate(text, limit));
            write::str_attribute(&mut attributes, tag::EVENT_ATTRIBUTE, key, text);
        }
    }
    if let Some(dropped @ 1..) = count.checked_sub(limits.event_attributes) {
        head.push(tag::EVENT_DROPPED_ATTRIBUTES);
        write::varint(&mut head, u64::from(dropped));
    }
    write::bytes(&mut head, tag::EVENT_NAME, b"exception");
    span.event(now(), &head, &attributes, limits);
}

pub(crate) fn add_link(
    slot: SpanSlot,
    to: &TraceContext,
    attributes: impl IntoIterator<Item = (impl Into<Cow<'static, str>>, impl Into<Value>)>,
) {
    let attributes: Attributes = attributes.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    SCOPES.edit(slot, |span, limits| span.link(to, &attributes, limits));
}
