//! Additions to `tracing` spans.

use std::borrow::Cow;
use std::error::Error;
use std::time::SystemTime;

use tracing::Span;

use crate::clock::unix_nano;
use crate::exception::Exception;
use crate::recorder::description::Description;
use crate::recorder::slab::SCOPES;
use crate::recorder::{current, edit};
use crate::{SpanKind, Status, TraceContext, Value};

/// Additions to [`tracing::Span`], without effect on unrecorded spans.
///
/// [`ScopeRef`](crate::ScopeRef) changes the root span of a scope. This trait is sealed.
///
/// # Examples
///
/// ```
/// use thundra_core::{NO_ATTRIBUTES, SpanExt, Value, testing};
///
/// let (_, spans) = testing::record("checkout", || {
///     let charge = tracing::info_span!("charge");
///     charge.set_attribute(format!("card.{}", 1), "visa");
///     charge.add_link(&thundra_core::current().unwrap(), NO_ATTRIBUTES);
///     charge.record_error(&std::io::Error::other("declined"));
/// });
/// let charge = &spans[0];
/// assert_eq!(charge.attributes, [("card.1".to_owned(), Value::from("visa"))]);
/// assert_eq!((charge.links.len(), charge.events[0].name.as_str()), (1, "exception"));
/// assert!(charge.status.is_error());
/// ```
pub trait SpanExt: Sealed {
    /// Sets an attribute, in place of an earlier value of the key. The key may be made at run time.
    fn set_attribute(&self, key: impl AsRef<str>, value: impl Into<Value>);

    /// Sets several attributes, which costs less than setting them one by one.
    fn set_attributes<K: AsRef<str>, V: Into<Value>>(&self, attributes: impl IntoIterator<Item = (K, V)>);

    /// Sets several attributes from borrowed texts.
    #[doc(hidden)]
    fn describe(&self, describe: impl FnOnce(&mut Description<'_>));

    /// Describes a span that nobody else has seen. The attributes have different keys.
    #[doc(hidden)]
    fn describe_new(&self, describe: impl FnOnce(&mut Description<'_>));

    /// Removes an attribute.
    fn remove_attribute(&self, key: &str);

    /// Sets the kind of a span, as the field `otel.kind` does.
    fn set_kind(&self, kind: SpanKind);

    /// Sets the start time, for spans made after the fact.
    fn set_start_time(&self, time: SystemTime);

    /// Links the span to another span. [`NO_ATTRIBUTES`](crate::NO_ATTRIBUTES) is an empty list of attributes.
    fn add_link(
        &self,
        to: &TraceContext,
        attributes: impl IntoIterator<Item = (impl Into<Cow<'static, str>>, impl Into<Value>)>,
    );

    /// Records an exception event and marks the span as failed.
    ///
    /// The type of the exception is the name with which the `Debug` text of the error begins, if there is one. The
    /// messages of the error's sources are part of the message: of up to 8 sources, and up to 8 KiB. Backtraces are not
    /// captured, because one costs 50 to 150 ms. Credentials and query values in the message are redacted.
    fn record_error(&self, error: &dyn Error);

    /// Records an exception event and marks the span as failed.
    #[doc(hidden)]
    fn record_exception(&self, exception: &Exception);

    /// Marks the span as failed, with the attribute `error.type` and the message as the status description. Credentials
    /// and query values in both are redacted.
    fn set_error(&self, error_type: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>);

    /// Sets the outcome. `Ok` is final. Credentials and query values in a description are redacted, since most
    /// descriptions are the text of an error.
    fn set_status(&self, status: Status);

    /// Returns the context of the span, for other programs; `None` if the span is not recorded.
    fn trace_context(&self) -> Option<TraceContext>;

    /// Returns `true` if layers of the program may see the span beside the recorder.
    #[doc(hidden)]
    fn is_shared(&self) -> bool;
}

/// Keeps other crates from implementing [`SpanExt`], so that methods can be added.
pub trait Sealed {}

impl Sealed for Span {}

impl SpanExt for Span {
    fn set_attribute(&self, key: impl AsRef<str>, value: impl Into<Value>) {
        if let Some(slot) = current::slot_of(self) {
            edit::set_attribute(slot, key.as_ref(), value.into());
        }
    }

    fn set_attributes<K: AsRef<str>, V: Into<Value>>(&self, attributes: impl IntoIterator<Item = (K, V)>) {
        if let Some(slot) = current::slot_of(self) {
            edit::set_attributes(slot, attributes);
        }
    }

    fn describe(&self, describe: impl FnOnce(&mut Description<'_>)) {
        if let Some(slot) = current::slot_of(self) {
            Description::of(slot, false, describe);
        }
    }

    fn describe_new(&self, describe: impl FnOnce(&mut Description<'_>)) {
        if let Some(slot) = current::slot_of(self) {
            Description::of(slot, true, describe);
        }
    }

    fn remove_attribute(&self, key: &str) {
        if let Some(slot) = current::slot_of(self) {
            edit::remove_attribute(slot, key);
        }
    }

    fn set_kind(&self, kind: SpanKind) {
        if let Some(slot) = current::slot_of(self) {
            SCOPES.edit(slot, |span, _| span.kind = kind);
        }
    }

    fn set_start_time(&self, time: SystemTime) {
        if let Some(slot) = current::slot_of(self) {
            SCOPES.edit(slot, |span, _| span.set_start(unix_nano(time)));
        }
    }

    fn add_link(
        &self,
        to: &TraceContext,
        attributes: impl IntoIterator<Item = (impl Into<Cow<'static, str>>, impl Into<Value>)>,
    ) {
        if let Some(slot) = current::slot_of(self) {
            edit::add_link(slot, to, attributes);
        }
    }

    fn record_error(&self, error: &dyn Error) {
        if let Some(slot) = current::slot_of(self) {
            edit::record_error(slot, error);
        }
    }

    fn record_exception(&self, exception: &Exception) {
        if let Some(slot) = current::slot_of(self) {
            edit::record_exception(slot, exception);
        }
    }

    fn set_error(&self, error_type: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) {
        if let Some(slot) = current::slot_of(self) {
            edit::set_error(slot, error_type.into(), message.into());
        }
    }

    fn set_status(&self, status: Status) {
        if let Some(slot) = current::slot_of(self) {
            edit::set_status(slot, status);
        }
    }

    fn trace_context(&self) -> Option<TraceContext> {
        let slot = current::slot_of(self)?;
        SCOPES.lock(slot.scope)?.context(slot.index())
    }

    fn is_shared(&self) -> bool {
        current::is_shared(self)
    }
}
