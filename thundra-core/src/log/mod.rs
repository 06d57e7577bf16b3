//! Log events as lines on standard error.
//!
//! A format is a file with an implementation of [`Format`], and a row: a constant of [`LogFormat`], listed in
//! [`LogFormat::ALL`].
//!
//! If the recorder is the only layer, the recorder calls the function of the row: a layer would cost every span some 70
//! instructions. On a `Registry`, beside layers of the program, the [`LogLayer`] calls the function.

mod json;

use std::cell::Cell;
use std::fmt;
use std::io::Write as _;

use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

pub(crate) use json::member;

use crate::recorder::events::BRIDGE_TARGET;
use crate::redact::mask;

/// The memory in bytes that a thread keeps for the next line.
const KEEP_BYTES: usize = 64 * 1024;

/// Writes an event as a line. The metadata belongs to the event, or to the `log` record behind the event.
pub(crate) type Write = fn(&Event<'_>, &Metadata<'_>);

/// The form in which log events are written on standard error.
///
/// Given to [`TelemetryBuilder::log_format`](crate::TelemetryBuilder::log_format).
///
/// # Examples
///
/// A format selected by name:
///
/// ```
/// use thundra_core::LogFormat;
///
/// let by_name = |name| LogFormat::ALL.iter().copied().find(|format| format.name() == name);
/// assert_eq!(by_name("none"), Some(LogFormat::NONE));
/// assert_eq!(by_name("xml"), None);
/// assert_eq!(LogFormat::default(), LogFormat::JSON);
/// ```
#[derive(Clone, Copy)]
pub struct LogFormat {
    name: &'static str,
    /// `None` if nothing is written.
    write: Option<Write>,
}

impl LogFormat {
    /// The format `json`: a JSON object a line, with the ids of the current span and the correlation ids of the scope.
    pub const JSON: LogFormat = LogFormat { name: "json", write: Some(write::<json::Json>) };

    /// The format `none`: no lines, for programs with a log layer of their own.
    pub const NONE: LogFormat = LogFormat { name: "none", write: None };

    /// All formats.
    pub const ALL: &'static [LogFormat] = &[LogFormat::JSON, LogFormat::NONE];

    /// Returns the name of the format, in lower case.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// Returns the function that writes a line. `None` if the format writes nothing.
    pub(crate) const fn writer(self) -> Option<Write> {
        self.write
    }
}

impl Default for LogFormat {
    /// Returns [`LogFormat::JSON`].
    fn default() -> Self {
        LogFormat::JSON
    }
}

impl PartialEq for LogFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for LogFormat {}

impl fmt::Debug for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogFormat").field(&self.name).finish()
    }
}

/// A way to lay out the line of an event.
pub(crate) trait Format {
    /// Builds the line of an event in the buffers, and returns the line with a line break. Old content of the buffers
    /// is discarded.
    fn line<'a>(buffers: &'a mut Buffers, event: &Event<'_>, metadata: &Metadata<'_>) -> &'a [u8];
}

/// The memory of the lines of a thread.
#[derive(Default)]
pub(crate) struct Buffers {
    /// The whole line.
    line: Vec<u8>,
    /// The message of the event.
    message: String,
    /// The other fields of the event, in the form of the line.
    fields: Vec<u8>,
    /// A formatted value before the escaping.
    value: String,
}

impl Buffers {
    fn clear(&mut self) {
        self.line.clear();
        self.message.clear();
        self.fields.clear();
    }

    fn memory(&self) -> usize {
        self.line.capacity() + self.message.capacity() + self.fields.capacity() + self.value.capacity()
    }
}

/// Writes an event as a line of this format.
fn write<F: Format>(event: &Event<'_>, metadata: &Metadata<'_>) {
    thread_local! { static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) } }
    // A value that logs during its own formatting finds no buffers here, and gets new ones.
    let mut buffers = BUFFERS.try_with(Cell::take).ok().flatten().unwrap_or_default();
    // Values are formatted, and the scope is locked, before standard error is locked.
    let line = F::line(&mut buffers, event, metadata);
    // There is nowhere to report that standard error is closed.
    let _ = std::io::stderr().lock().write_all(line);
    if buffers.memory() <= KEEP_BYTES {
        let _ = BUFFERS.try_with(|kept| kept.set(Some(buffers)));
    }
}

/// Writes nothing.
pub(crate) fn discard(_: &Event<'_>, _: &Metadata<'_>) {}

/// Writes log lines on a `Registry`, beside layers of the program. The levels are a filter around the layer.
#[derive(Debug)]
pub(crate) struct LogLayer {
    write: Write,
}

impl LogLayer {
    /// Returns the layer for a format. `None` if the format writes nothing.
    pub(crate) fn new(format: LogFormat) -> Option<Self> {
        Some(LogLayer { write: format.writer()? })
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        mask::register(metadata.fields());
        Interest::always()
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let record = (event.metadata().target() == BRIDGE_TARGET).then(|| event.normalized_metadata()).flatten();
        (self.write)(event, record.as_ref().unwrap_or(event.metadata()));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_format_is_listed_under_a_name_of_its_own() {
        let lines = include_str!("mod.rs").lines().map(str::trim_start);
        let constants = lines.filter(|line| line.starts_with("pub const ") && line.contains(": LogFormat =")).count();
        let names: BTreeSet<_> = LogFormat::ALL.iter().map(|format| format.name()).collect();
        assert_eq!((LogFormat::ALL.len(), names.len()), (constants, constants));
    }
}
