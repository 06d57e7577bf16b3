//! The handler's error on its way to the runtime.
//!
//! The runtime demands two things of an error: the `Debug` text, for the log, and the [`Diagnostic`], for the Runtime
//! API. Each is made once and passes unchanged. Neither holds the sources of the error. Sources come from a boxed
//! error, from the error type of `#[handler]` on `main`, or from the `Debug` texts of `anyhow` and `eyre`.

use std::any::Any;
use std::cell::Cell;
use std::fmt::{self, Debug, Write};

use lambda_runtime::Diagnostic;
use thundra_core::exception::{Exception, UNNAMED, as_error, name_in_debug, short_type_name, sources};
use thundra_core::{ScopeFlags, ScopeRef, contained};

use super::described::Described;

/// The longest kept `Debug` text, in bytes.
const MAX_DEBUG_BYTES: usize = 32 * 1024;

/// An error of the handler, or an error in place of the handler. Making the [`Diagnostic`] records the error on the
/// invocation.
pub struct Failed<E> {
    cause: Cause<E>,
    invocation: Option<ScopeRef>,
    /// The text logged by the runtime.
    debug: Cell<Option<String>>,
}

enum Cause<E> {
    Handler(E),
    /// The handler was not called.
    Answer(Exception),
}

impl<E> Failed<E> {
    pub(super) fn new(error: E, invocation: Option<ScopeRef>) -> Self {
        Failed::of(Cause::Handler(error), invocation)
    }

    /// Returns the error that answers an invocation in place of the handler.
    pub(super) fn without_handler(exception: Exception, invocation: Option<ScopeRef>) -> Self {
        Failed::of(Cause::Answer(exception), invocation)
    }

    fn of(cause: Cause<E>, invocation: Option<ScopeRef>) -> Self {
        // An unsampled invocation fails as well.
        if let Some(invocation) = invocation {
            invocation.set_flags(ScopeFlags::FAILED);
            invocation.write_kept_lines();
        }
        Failed { cause, invocation: invocation.filter(ScopeRef::recorded), debug: Cell::new(None) }
    }
}

impl<E: Debug> Debug for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error = match &self.cause {
            Cause::Handler(error) => error,
            Cause::Answer(exception) => return f.write_str(exception.message()),
        };
        if self.invocation.is_none() || f.alternate() {
            return error.fmt(f);
        }
        let mut passed = Passed { f, text: String::new() };
        let result = write!(passed, "{error:?}");
        self.debug.set(Some(passed.text));
        result
    }
}

impl<E: Into<Diagnostic> + 'static> From<Failed<E>> for Diagnostic {
    fn from(failed: Failed<E>) -> Self {
        let error = match failed.cause {
            Cause::Handler(error) => error,
            Cause::Answer(exception) => {
                failed.invocation.inspect(|invocation| invocation.fail(&exception));
                return Diagnostic {
                    error_type: exception.error_type().to_owned(),
                    error_message: exception.message().to_owned(),
                };
            }
        };
        let sources = failed.invocation.map(|_| source_messages(&error)).unwrap_or_default();
        let diagnostic: Diagnostic = error.into();
        if let Some(invocation) = failed.invocation {
            invocation.fail(&exception(&diagnostic, sources, &failed.debug.take().unwrap_or_default()));
        }
        diagnostic
    }
}

/// A formatter with a copy of the formatted text.
struct Passed<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    text: String,
}

impl Write for Passed<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(thundra_core::cut(text, MAX_DEBUG_BYTES.saturating_sub(self.text.len())));
        self.f.write_str(text)
    }
}

/// Returns the messages of the sources of a boxed error, or of a described error. The sources of other errors are
/// unknown.
fn source_messages<E: 'static>(error: &E) -> Vec<String> {
    let messages = || match (error as &dyn Any).downcast_ref::<Described>() {
        Some(described) => described.sources(),
        None => as_error(error).into_iter().flat_map(sources).map(ToString::to_string).collect(),
    };
    contained(messages).unwrap_or_default()
}

/// Describes the error of a handler: the text posted by the runtime, the sources, and the text logged by the runtime.
fn exception(diagnostic: &Diagnostic, sources: Vec<String>, debug: &str) -> Exception {
    let error_type = match short_type_name(&diagnostic.error_type) {
        UNNAMED => name_in_debug(debug).unwrap_or(UNNAMED),
        path => path,
    };
    let (debug, backtrace) = debug.split_once("\n\nStack backtrace:\n").unwrap_or((debug, ""));
    let sources = if sources.is_empty() { listed_sources(debug) } else { sources };
    Exception::new(error_type.to_owned(), &*diagnostic.error_message).caused_by(sources).with_stack_trace(backtrace)
}

/// Reads the messages of the sources from the `Debug` text of an `anyhow` or `eyre` error: a numbered list, or a single
/// message without a number.
fn listed_sources(debug: &str) -> Vec<String> {
    let Some((_, list)) = debug.split_once("\n\nCaused by:\n") else { return Vec::new() };
    let list = list.split_once("\n\nLocation:\n").map_or(list, |(list, _)| list);
    let mut sources: Vec<String> = Vec::new();
    for line in list.lines() {
        match (numbered(line, sources.len()), sources.last_mut()) {
            (Some(message), _) => sources.push(message.to_owned()),
            (None, None) => sources.push(line.trim_start().to_owned()),
            // The message has several lines.
            (None, Some(message)) => {
                message.push('\n');
                message.push_str(line.trim_start());
            }
        }
    }
    sources
}

/// Returns the message of a line with this number at the beginning.
fn numbered(line: &str, number: usize) -> Option<&str> {
    line.trim_start().strip_prefix(&format!("{number}: "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_are_read_from_a_list() {
        for (debug, expected, why) in [
            ("a", &[][..], "no list"),
            ("a\n\nCaused by:\n    b", &["b"], "one"),
            ("a\n\nCaused by:\n    0: b\n    1: c", &["b", "c"], "two"),
            ("a\n\nCaused by:\n    0: b\n       more\n    1: c", &["b\nmore", "c"], "with two lines"),
            ("a\n\nCaused by:\n    b\n\nLocation:\n    src/main.rs:1:2", &["b"], "eyre's"),
            ("a\n\nCaused by:\n    3: b", &["3: b"], "a message with a number"),
        ] {
            assert_eq!(listed_sources(debug), expected, "{why}");
        }
    }

    #[test]
    fn the_stack_trace_is_what_the_error_captured() {
        let diagnostic = Diagnostic { error_type: "&anyhow::Error".into(), error_message: "a".into() };
        let debug = "a\n\nCaused by:\n    b\n\nStack backtrace:\n   0: main\n";
        assert_eq!(
            exception(&diagnostic, Vec::new(), debug),
            Exception::new("anyhow::Error", "a: b").with_stack_trace("   0: main\n")
        );
    }

    #[test]
    fn a_boxed_error_has_the_name_of_its_debug_text() {
        let of = |error_type: &str, debug: &str| {
            let diagnostic = Diagnostic { error_type: error_type.into(), error_message: "a".into() };
            exception(&diagnostic, Vec::new(), debug).error_type().to_owned()
        };
        let boxed = "alloc::boxed::Box<dyn core::error::Error + Send + Sync>";
        assert_eq!(of(boxed, "ParseIntError { kind: InvalidDigit }"), "ParseIntError");
        assert_eq!(of(boxed, "\"a\""), "Error");
        assert_eq!(of("orders::Declined", "Other(1)"), "orders::Declined");
    }
}
