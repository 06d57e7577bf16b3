//! Exceptions: what is recorded of a failure, for invocations, records of batches, requests and calls alike.
//!
//! An [exception event] has the type of the error, its message with the messages of its sources, and a stack trace if
//! the environment asks for one (`RUST_BACKTRACE`, `RUST_LIB_BACKTRACE`). Texts are redacted and bounded, since they
//! are the program's, for other readers than telemetry.
//!
//! [exception event]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/exceptions/exceptions-spans.md

mod panics;
mod type_name;

use std::any::Any;
use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Display, Write};
use std::iter::successors;

pub(crate) use panics::keep_stack_traces;
pub use type_name::{UNNAMED, name_in_debug, short_type_name};

use crate::contained::{PANICKED, contained};
use crate::{cut, redact, semconv};

/// The maximum number of sources. A longer chain counts as endless, because an error may be its own source.
const MAX_SOURCES: usize = 8;
/// The longest recorded message, in bytes, with the messages of the sources.
const MAX_MESSAGE_BYTES: usize = 8 * 1024;
/// The longest recorded stack trace, in bytes.
const MAX_STACK_TRACE_BYTES: usize = 16 * 1024;
/// The longest text that is redacted. A credential at the place of the cut is recognised by the rest of its address.
const MAX_REDACTED_BYTES: usize = 32 * 1024;

/// A failure, as an exception event describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    error_type: Cow<'static, str>,
    message: String,
    stack_trace: String,
}

impl Exception {
    /// Describes a failure.
    pub fn new(error_type: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Exception { error_type: error_type.into(), message: message.into(), stack_trace: String::new() }
    }

    /// Describes an error and its sources. The type comes from the `Debug` text, where the text has one.
    pub fn of(error: &dyn Error) -> Self {
        let error_type = contained(|| type_name::in_debug(error)).flatten();
        let message = contained(|| message(error));
        Exception::new(error_type.map_or(UNNAMED.into(), Cow::Owned), message.unwrap_or_else(|| PANICKED.to_owned()))
    }

    /// Describes an error as [`of`](Self::of) does. The `Debug` text of an I/O error names no type.
    pub fn of_static(error: &(dyn Error + 'static)) -> Self {
        if let Some(exception) = error.downcast_ref::<Exception>() {
            return exception.clone();
        }
        let is_io = error.is::<std::io::Error>();
        Exception::of(error).with_type(is_io.then_some(std::any::type_name::<std::io::Error>()))
    }

    /// Describes a value that a program uses as its error. The sources are known for the boxed errors of the standard
    /// library, and for errors whose alternate `Display` has them, as those of `anyhow` and `eyre`.
    pub fn of_value<E: Display + 'static>(error: &E) -> Self {
        let error_type = short_type_name(std::any::type_name::<E>());
        match as_error(error) {
            Some(boxed) if error_type == UNNAMED => Exception::of_static(boxed),
            Some(error) => Exception::of(error).with_type(Some(error_type)),
            None => {
                let message = contained(|| displayed(format_args!("{error:#}")));
                Exception::new(error_type, message.unwrap_or_else(|| PANICKED.to_owned()))
            }
        }
    }

    /// Describes a panic by its payload.
    pub fn panic(payload: &(dyn Any + Send)) -> Self {
        let text = panics::text(payload).unwrap_or("with no message");
        Exception {
            stack_trace: panics::take_stack_trace(payload).unwrap_or_default(),
            ..Exception::new("panic", format!("panicked: {text}"))
        }
    }

    /// Adds the messages of sources, the nearest one first. A message that the text has already is left out.
    #[must_use]
    pub fn caused_by<S: AsRef<str>>(mut self, sources: impl IntoIterator<Item = S>) -> Self {
        for source in sources.into_iter().take(MAX_SOURCES) {
            append(&mut self.message, source.as_ref());
        }
        self
    }

    /// Sets the type, if the given one names an error.
    #[must_use]
    pub fn with_type(mut self, error_type: Option<impl Into<Cow<'static, str>>>) -> Self {
        if let Some(error_type) = error_type {
            self.error_type = error_type.into();
        }
        self
    }

    /// Adds a stack trace that the environment asked for.
    #[must_use]
    pub fn with_stack_trace(mut self, stack_trace: impl Into<String>) -> Self {
        self.stack_trace = stack_trace.into();
        self
    }

    /// Returns the type of the error.
    pub fn error_type(&self) -> &str {
        &self.error_type
    }

    /// Returns the message, neither redacted nor cut.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the texts for export.
    pub(crate) fn shown(&self) -> Shown<'_> {
        Shown {
            error_type: redact::text(&*self.error_type),
            message: shown(&self.message, MAX_MESSAGE_BYTES),
            stack_trace: shown(&self.stack_trace, MAX_STACK_TRACE_BYTES),
        }
    }
}

/// Shows the message, redacted and cut. An event with an exception as its `error` is that exception.
impl Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.message, MAX_MESSAGE_BYTES))
    }
}

impl Error for Exception {}

/// The texts of an exception, redacted and cut.
pub(crate) struct Shown<'a> {
    pub(crate) error_type: Cow<'a, str>,
    pub(crate) message: Cow<'a, str>,
    /// Empty if the environment asked for none.
    pub(crate) stack_trace: Cow<'a, str>,
}

impl Shown<'_> {
    /// Returns the attributes of an exception.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let stack_trace = Some(&*self.stack_trace).filter(|text| !text.is_empty());
        [(semconv::EXCEPTION_TYPE, &*self.error_type), (semconv::EXCEPTION_MESSAGE, &*self.message)]
            .into_iter()
            .chain(stack_trace.map(|text| (semconv::EXCEPTION_STACKTRACE, text)))
    }
}

/// Redacts a text and then cuts it.
fn shown(text: &str, max_bytes: usize) -> Cow<'_, str> {
    match redact::text(cut(text, MAX_REDACTED_BYTES)) {
        Cow::Borrowed(text) => cut(text, max_bytes).into(),
        Cow::Owned(mut text) => {
            text.truncate(cut(&text, max_bytes).len());
            text.into()
        }
    }
}

/// Returns the message of an error, followed by the messages of the sources.
///
/// Calls the `Display` of the program's errors, which may panic: see [`contained`].
pub(crate) fn message(error: &dyn Error) -> String {
    let mut message = displayed(format_args!("{error}"));
    for source in sources(error) {
        append(&mut message, &displayed(format_args!("{source}")));
    }
    message
}

/// Returns the sources of an error, the nearest one first.
pub fn sources<'a>(error: &'a (dyn Error + 'a)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(error.source(), |error: &&(dyn Error + 'static)| (*error).source()).take(MAX_SOURCES)
}

/// Returns the error in a value whose type is not known to be one: a boxed error does not implement [`Error`].
pub fn as_error<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    let error: &dyn Any = error;
    let shared = || error.downcast_ref::<Box<dyn Error + Send + Sync>>().map(|error| &**error as _);
    let sent = || error.downcast_ref::<Box<dyn Error + Send>>().map(|error| &**error as _);
    let boxed = || error.downcast_ref::<Box<dyn Error>>().map(|error| &**error);
    let plain = || error.downcast_ref::<std::io::Error>().map(|error| error as _);
    shared().or_else(sent).or_else(boxed).or_else(plain)
}

/// Adds the message of a source. Many errors repeat the text of their source.
fn append(message: &mut String, source: &str) {
    if source.is_empty() || message.ends_with(source) || message.len() > MAX_REDACTED_BYTES {
        return;
    }
    if !message.is_empty() {
        message.push_str(": ");
    }
    message.push_str(source);
}

/// Formats the text of the program, up to a limit. What is over the limit is formatted and not kept.
fn displayed(text: fmt::Arguments<'_>) -> String {
    struct Kept(String);
    impl Write for Kept {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.push_str(cut(text, MAX_REDACTED_BYTES.saturating_sub(self.0.len())));
            Ok(())
        }
    }
    let mut kept = Kept(String::new());
    // A `Display` that returns an error has written what it could.
    let _ = kept.write_fmt(text);
    kept.0
}

#[cfg(test)]
mod tests;
