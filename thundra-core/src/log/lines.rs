//! The lines of a program: from an event to bytes, in memory that each thread reuses.

use std::cell::Cell;
use std::io::Write as _;

use tracing::{Event, Metadata};

use super::fields::Fields;
use super::format::{self, Format, Head, Parts};
use crate::Config;
use crate::clock::now;
use crate::config::LogFormat;
use crate::members::Members;
use crate::recorder::events::own_name;
use crate::recorder::filter::WriteLine;
use crate::recorder::kept_lines;
use crate::recorder::slab::SCOPES;
use crate::recorder::slot::SpanSlot;
use crate::redact::mask;

/// The memory in bytes that a thread keeps for the next line.
const KEEP_BYTES: usize = 64 * 1024;

/// Makes the log lines of a program.
#[derive(Debug)]
pub(crate) struct Lines {
    format: &'static dyn Format,
    /// What all lines of the program have.
    program: Members,
    /// The most bytes of lines that a scope keeps.
    kept_bytes: usize,
}

impl Lines {
    /// Returns the lines of a format; `None` for [`LogFormat::NONE`].
    pub(crate) fn new(format: LogFormat, config: &Config) -> Option<Self> {
        let format = format::of(format)?;
        mask::add(&config.mask_keys);
        let kept_bytes = config.log_buffer.as_ref().map_or(0, |buffer| buffer.bytes);
        Some(Lines { format, program: format.program(config), kept_bytes })
    }

    /// Builds the line of an event, and hands the line to `then`, with its line break. `slot` is the innermost span of
    /// the event, and `metadata` is that of the event, or of the `log` record behind the event.
    pub(crate) fn build<R>(
        &self,
        event: &Event<'_>,
        metadata: &Metadata<'_>,
        slot: Option<SpanSlot>,
        then: impl FnOnce(&[u8]) -> R,
    ) -> R {
        thread_local! { static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) } }
        // A value that logs during its own formatting finds no buffers here, and gets new ones.
        let mut buffers = BUFFERS.try_with(Cell::take).ok().flatten().unwrap_or_default();
        self.fill(&mut buffers, event, metadata, slot);
        let result = then(&buffers.line);
        if buffers.memory() <= KEEP_BYTES {
            let _ = BUFFERS.try_with(|kept| kept.set(Some(buffers)));
        }
        result
    }

    fn fill(&self, buffers: &mut Buffers, event: &Event<'_>, metadata: &Metadata<'_>, slot: Option<SpanSlot>) {
        let Buffers { line, message, fields, scope, text } = buffers;
        scope.clear();
        // The program's values are formatted after the scope is locked and free again.
        if let Some(slot) = slot
            && let Some(mut state) = SCOPES.lock(slot.scope)
        {
            self.format.scope(&mut state, &self.program, scope);
            if let Some(id) = state.span_id(slot.index()) {
                self.format.span(id, scope);
            }
        }
        let is_bridged = !std::ptr::eq(metadata, event.metadata());
        let head =
            Head { time_unix_nano: now(), metadata, event_name: if is_bridged { None } else { own_name(metadata) } };
        message.clear();
        fields.clear();
        let mut has_message = false;
        let mut visitor = Fields {
            format: self.format,
            head: &head,
            is_bridged,
            before: [&self.program, scope],
            has_message: &mut has_message,
            message,
            fields,
            text,
        };
        mask::visit(event, &mut visitor);
        line.clear();
        self.format.line(&head, Parts { message, program: &self.program, scope, fields }, line);
    }
}

impl WriteLine for Lines {
    fn write_line(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: Option<SpanSlot>) {
        self.build(event, metadata, slot, print);
    }

    fn keep_line(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: SpanSlot) {
        self.build(event, metadata, Some(slot), |line| {
            if !kept_lines::keep(slot.scope, line, self.kept_bytes) {
                print(line);
            }
        });
    }
}

fn print(line: &[u8]) {
    // There is nowhere to report that standard error is closed.
    let _ = std::io::stderr().lock().write_all(line);
}

/// The memory of the lines of a thread.
#[derive(Default)]
struct Buffers {
    /// The whole line.
    line: Vec<u8>,
    message: String,
    fields: Members,
    /// The part of the scope.
    scope: Members,
    /// A formatted value.
    text: String,
}

impl Buffers {
    fn memory(&self) -> usize {
        let texts = self.message.capacity() + self.text.capacity();
        self.line.capacity() + self.fields.capacity() + self.scope.capacity() + texts
    }
}
