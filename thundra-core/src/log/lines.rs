//! The lines of a program: from an event to bytes, in memory reused by each thread.

use std::cell::Cell;
use std::io::{self, IsTerminal};

use tracing::{Event, Metadata};

use super::dazn::Dazn;
use super::fields::{Fields, Limits, MAX_LINE_BYTES};
use super::format::{Format, Head, Parts};
use super::json::Json;
use super::text::Text;
use crate::Config;
use crate::clock::now;
use crate::config::{LOGS, Layout, LogFormat};
use crate::export::{StandardStream, write_line};
use crate::members::Members;
use crate::recorder::events::own_name;
use crate::recorder::filter::WriteLine;
use crate::recorder::kept_writer;
use crate::recorder::levels::KeptBytes;
use crate::recorder::line_filter::LineFilter;
use crate::recorder::slab::SCOPES;
use crate::recorder::slot::SpanSlot;
use crate::redact::mask;
use crate::value::Attributes;

/// The memory in bytes kept by a thread for the next line.
const KEEP_BYTES: usize = 64 * 1024;

/// The maker of a program's log lines.
#[derive(Debug)]
pub(crate) struct Lines {
    format: &'static dyn Format,
    has_location: bool,
    has_span_fields: bool,
    /// The part common to all lines of the program.
    program: Members,
    /// The most bytes of lines kept by a scope.
    kept_bytes: KeptBytes,
}

impl Lines {
    /// Returns the lines of a configuration; `None` for [`LogFormat::NONE`], and in a build without lines.
    pub(crate) fn new(config: &Config) -> Option<Self> {
        if !LOGS {
            return None;
        }
        mask::add(&config.mask_keys);
        let is_terminal = io::stderr().is_terminal();
        let by_default = if is_terminal { LogFormat::TEXT } else { LogFormat::JSON };
        let chosen = config.log_format.unwrap_or(by_default);
        let format = implementation(chosen, is_terminal && config.allows_colours())?;
        let (has_location, has_span_fields) = (chosen.has_location(), chosen.has_span_fields());
        let kept_bytes = KeptBytes::new(config.log_buffer.as_ref());
        Some(Lines { format, has_location, has_span_fields, program: format.program(config), kept_bytes })
    }

    /// Returns `true` if the lines have the fields of the spans around an event.
    #[cfg_attr(not(feature = "registry"), allow(dead_code))]
    pub(super) fn has_span_fields(&self) -> bool {
        self.has_span_fields
    }

    /// Builds the line of an event, with a line break, and hands the line to `then`. `metadata` belongs to the event,
    /// or to the `log` record behind the event.
    pub(crate) fn build<R>(
        &self,
        event: &Event<'_>,
        metadata: &Metadata<'_>,
        place: Place<'_>,
        then: impl FnOnce(&[u8]) -> R,
    ) -> R {
        thread_local! { static BUFFERS: Cell<Option<Box<Buffers>>> = const { Cell::new(None) } }
        // A value may log during formatting. The nested call finds no buffers here, and allocates.
        let mut buffers = BUFFERS.try_with(Cell::take).ok().flatten().unwrap_or_default();
        self.fill_for(&mut buffers, event, metadata, place);
        let result = then(&buffers.line);
        if buffers.memory() <= KEEP_BYTES {
            let _ = BUFFERS.try_with(|kept| kept.set(Some(buffers)));
        }
        result
    }

    /// Writes the line of an event to standard error.
    pub(super) fn write(&self, event: &Event<'_>, metadata: &Metadata<'_>, place: Place<'_>) {
        self.build(event, metadata, place, print);
    }

    /// Keeps the line of an event in the scope of a span.
    pub(super) fn keep(&self, event: &Event<'_>, metadata: &Metadata<'_>, (slot, place): (SpanSlot, Place<'_>)) {
        self.build(event, metadata, place, |line| {
            if !kept_writer::keep(slot.scope, line, self.kept_bytes.current()) {
                print(line);
            }
        });
    }

    /// Fills the buffers with the line of an event.
    fn fill_for(&self, buffers: &mut Buffers, event: &Event<'_>, metadata: &Metadata<'_>, place: Place<'_>) {
        let time_unix_nano = now();
        buffers.scope.clear();
        // The program's values are formatted after the scope is locked and free again.
        if let Some(slot) = place.slot
            && let Some(mut state) = SCOPES.lock(slot.scope)
        {
            self.format.scope(&mut state, &self.program, &mut buffers.scope);
            if let Some(id) = state.span_id(slot.index()) {
                self.format.span(id, &mut buffers.scope);
            }
        }
        self.fill(buffers, (event, metadata, time_unix_nano), place.spans, Limits::NONE);
        if buffers.line.len() > MAX_LINE_BYTES {
            self.shorten(buffers, (event, metadata, time_unix_nano), place.spans);
        }
    }

    /// Builds the line again, with texts cut further each time, until the line is short enough. The ids stay whole.
    #[cold]
    fn shorten(&self, buffers: &mut Buffers, event: (&Event<'_>, &Metadata<'_>, u64), spans: &[&Attributes]) {
        // An escape takes up to six bytes for a single byte.
        for text in [256 << 10, 64 << 10, 16 << 10, 4 << 10, 1 << 10] {
            self.fill(buffers, event, spans, Limits { text, ..Limits::NONE });
            if buffers.line.len() <= MAX_LINE_BYTES {
                return;
            }
        }
        // The fields of many spans.
        self.fill(buffers, event, spans, Limits { text: 64, fields: MAX_LINE_BYTES / 2 });
    }

    #[inline]
    fn fill(
        &self,
        buffers: &mut Buffers,
        (event, metadata, time_unix_nano): (&Event<'_>, &Metadata<'_>, u64),
        spans: &[&Attributes],
        limits: Limits,
    ) {
        let Buffers { line, message, fields, scope, text } = buffers;
        let is_bridged = !std::ptr::eq(metadata, event.metadata());
        let target = limits.cut(metadata.target());
        let head = Head {
            time_unix_nano,
            level: *metadata.level(),
            target: &target,
            event_name: if is_bridged { None } else { own_name(metadata) },
            location: if self.has_location { metadata.file().zip(metadata.line()) } else { None },
        };
        message.clear();
        fields.clear();
        let before = [&self.program, &*scope];
        let mut visitor = Fields {
            format: self.format,
            head: &head,
            is_bridged,
            before,
            limits,
            has_message: false,
            message,
            fields,
            text,
            left_out: 0,
        };
        mask::visit(event, &mut visitor);
        // A field hides the fields of the same name around it, under whatever key the line has them.
        let of_event = |key: &str| key != "message" && event.metadata().fields().field(key).is_some();
        for (inner, span) in spans.iter().enumerate() {
            let of_inner = |key: &str| spans.iter().take(inner).any(|span| span.iter().any(|(known, _)| known == key));
            visitor.span(span, |key| of_event(key) || of_inner(key));
        }
        visitor.say_what_is_left_out();
        line.clear();
        self.format.line(&head, Parts { message, program: &self.program, scope, fields }, line);
    }
}

impl WriteLine for Lines {
    fn write_line(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: Option<SpanSlot>) {
        self.write(event, metadata, Place { slot, spans: &[] });
    }

    fn keep_line(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: SpanSlot) {
        self.keep(event, metadata, (slot, Place { slot: Some(slot), spans: &[] }));
    }
}

/// The place of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The innermost recorded span, or the root of the scope.
    pub(crate) slot: Option<SpanSlot>,
    /// The fields of the spans around the event, from the innermost span on, if the lines have span fields.
    pub(crate) spans: &'a [&'a Attributes],
}

/// Returns the filter of the lines of a configuration.
pub(crate) fn line_filter(config: &Config) -> LineFilter {
    match config.log_format.map(LogFormat::layout) {
        _ if !LOGS => LineFilter::off(),
        Some(Layout::None) => LineFilter::off(),
        _ => LineFilter::new(&config.log_levels(), config.log_buffer.as_ref()),
    }
}

/// Returns the implementation of a format; `None` for no lines.
fn implementation(format: LogFormat, is_coloured: bool) -> Option<&'static dyn Format> {
    match format.layout() {
        Layout::Json => Some(&Json),
        Layout::Text if is_coloured => Some(&Text { is_coloured: true }),
        Layout::Text => Some(&Text { is_coloured: false }),
        Layout::Dazn => Some(&Dazn),
        Layout::None => None,
    }
}

fn print(line: &[u8]) {
    // A closed standard error cannot be reported anywhere.
    let _ = write_line(StandardStream::Error, line);
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
