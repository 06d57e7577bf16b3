//! What `tracing` cannot say about a span.

use std::error::Error;
use std::time::SystemTime;

use tracing::Span;

use crate::clock::{now, unix_nano};
use crate::otlp::write::{self, tag};
use crate::recorder::layer::{self, Recorder};
use crate::{SpanKind, Status, TraceContext, Value, formatted, redact, semconv};

/// Additions to [`tracing::Span`]. On a span that is not recorded they do nothing.
///
/// # Examples
///
/// ```
/// use thundra_core::SpanExt;
///
/// let span = tracing::info_span!("charge");
/// span.set_attribute(format!("card.{}", 1), "visa");
/// span.record_error(&std::io::Error::other("declined"));
/// ```
pub trait SpanExt {
    /// Sets an attribute whose key is made at run time; an earlier value of the same key gives way.
    fn set_attribute(&self, key: impl AsRef<str>, value: impl Into<Value>);

    /// Sets several attributes, which costs less than one after the other.
    fn set_attributes<K: AsRef<str>, V: Into<Value>>(&self, attributes: impl IntoIterator<Item = (K, V)>);

    /// Takes an attribute away again: what was said of a span at its beginning may turn out to be wrong.
    fn remove_attribute(&self, key: &str);

    /// Sets the kind of a span that was made without the field `otel.kind`.
    fn set_kind(&self, kind: SpanKind);

    /// Says that the span began at another time than it was made: for what is known only when it is over.
    fn set_start_time(&self, time: SystemTime);

    /// Links this span to one that is no ancestor.
    fn add_link(&self, to: &TraceContext);

    /// Records an exception event and marks the span as failed. The sources of the error are part of the
    /// message; a backtrace is not, since making one costs 50 to 150 ms. Credentials and query values in the message are
    /// redacted.
    fn record_error(&self, error: &dyn Error);

    /// Sets the outcome. `Ok` is final. Credentials and query values in a description are redacted, since most
    /// descriptions are an error's own text.
    fn set_status(&self, status: Status);

    /// The identity of the span as it travels between programs; `None` when it is not recorded.
    fn trace_context(&self) -> Option<TraceContext>;
}

impl SpanExt for Span {
    fn set_attribute(&self, key: impl AsRef<str>, value: impl Into<Value>) {
        if let Some(place) = Recorder::place(self) {
            // What is the caller's runs before any lock is taken.
            let (key, value) = (key.as_ref(), value.into());
            layer::with_span(place, |span, limits| span.set_attribute(key, &value, limits));
        }
    }

    fn set_attributes<K: AsRef<str>, V: Into<Value>>(&self, attributes: impl IntoIterator<Item = (K, V)>) {
        let Some(place) = Recorder::place(self) else { return };
        // What is the caller's runs before any lock is taken.
        let attributes: Vec<(K, Value)> = attributes.into_iter().map(|(key, value)| (key, value.into())).collect();
        let attributes: Vec<(&str, &Value)> = attributes.iter().map(|(key, value)| (key.as_ref(), value)).collect();
        layer::with_span(place, |span, limits| {
            attributes.into_iter().for_each(|(key, value)| span.set_attribute(key, value, limits));
        });
    }

    fn remove_attribute(&self, key: &str) {
        if let Some(place) = Recorder::place(self) {
            layer::with_span(place, |span, _| span.remove_attribute(key));
        }
    }

    fn set_kind(&self, kind: SpanKind) {
        if let Some(place) = Recorder::place(self) {
            layer::with_span(place, |span, _| span.kind = kind);
        }
    }

    fn set_start_time(&self, time: SystemTime) {
        if let Some(place) = Recorder::place(self) {
            layer::with_span(place, |span, _| span.set_start(unix_nano(time)));
        }
    }

    fn add_link(&self, to: &TraceContext) {
        if let Some(place) = Recorder::place(self) {
            layer::with_span(place, |span, limits| span.link(to, &[], limits));
        }
    }

    fn record_error(&self, error: &dyn Error) {
        let Some(place) = Recorder::place(self) else { return };
        // The user's `Display` runs before any lock is taken.
        let message = redact::text(formatted(|| chain(error)));
        let (mut head, mut attributes) = (Vec::new(), Vec::new());
        write::bytes(&mut head, tag::EVENT_NAME, b"exception");
        layer::with_span(place, |span, limits| {
            let message = limits.value_length.map_or(&*message, |limit| write::truncate(&message, limit));
            write::str_attribute(&mut attributes, tag::EVENT_ATTRIBUTE, semconv::EXCEPTION_MESSAGE, message);
            span.event(now(), &head, &attributes, limits);
            span.set_error(message);
        });
    }

    fn set_status(&self, status: Status) {
        if let Some(place) = Recorder::place(self) {
            let status = status.redacted();
            layer::with_span(place, |span, _| span.set_status(&status));
        }
    }

    fn trace_context(&self) -> Option<TraceContext> {
        let place = Recorder::place(self)?;
        crate::recorder::SCOPES.lock(place.scope)?.context(place.span())
    }
}

/// An error and its sources, at most eight deep: a source may lead back to itself.
fn chain(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    for _ in 0..8 {
        let Some(error) = source else { break };
        let text = error.to_string();
        // Many errors repeat their source in their own text.
        if !message.ends_with(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = error.source();
    }
    message
}
