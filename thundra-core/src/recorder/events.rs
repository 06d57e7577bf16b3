//! Events: measurements, log lines, log records and span events, in this order.

use tracing::{Event, Level, Metadata};
use tracing_log::NormalizeEvent;

use super::fields::{self, FieldsOf};
use super::line_filter::Fate;
use super::measure::measure;
use super::recording::Recorder;
use super::slab::SCOPES;
use super::slot::{SlotKind, SpanSlot};
use super::{further_uses, replay, runtime_events};
use crate::clock::now;
use crate::points::{fields as metric_fields, switch};

/// The target of events bridged from the `log` crate by `tracing-log`.
pub(crate) const BRIDGE_TARGET: &str = "log";

/// Returns the name given by the program to an event, such as `user.login.success`; `None` for the default name of
/// `tracing`, made of the place in the source.
pub(crate) fn own_name<'a>(metadata: &'a Metadata<'_>) -> Option<&'a str> {
    let name = metadata.name();
    let Some(place) = name.strip_prefix("event ") else { return Some(name) };
    let line = metadata.file().and_then(|file| place.strip_prefix(file)?.strip_prefix(':'));
    let is_place = line.is_some_and(|line| line.parse().ok() == metadata.line());
    (!is_place).then_some(name)
}

impl Recorder {
    /// Writes an event as a log line, and records a log record and a span event. `slot` is the innermost span of the
    /// event.
    #[inline]
    pub(super) fn event(&self, event: &Event<'_>, slot: Option<SpanSlot>) {
        let metadata = event.metadata();
        if metadata.target() == BRIDGE_TARGET {
            return self.bridged_event(event, slot);
        }
        self.event_of(event, metadata, slot);
    }

    #[inline(always)]
    fn event_of(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: Option<SpanSlot>) {
        let mut record = Fate::None;
        if further_uses::are_expected() || *metadata.level() <= self.widest_line {
            if replay::is_replayed(metadata, slot) {
                return replay::count_event(slot);
            }
            if metric_fields::measures(event.metadata()) && measure_fields(event, slot) {
                return;
            }
            record = self.line_and_log_record(event, metadata, slot);
        }
        let Some(slot) = slot else { return };
        if slot.kind() == SlotKind::Unrecorded {
            return;
        }
        if runtime_events::is_of_runtime(metadata) {
            return runtime_events::read(event, metadata);
        }
        if !self.events.records(metadata) {
            return;
        }
        let time = now();
        let failed = *metadata.level() == Level::ERROR;
        fields::with_fields(|fields| {
            self.encode(fields, FieldsOf::Event, event.metadata(), |visitor| event.record(visitor));
            fields.redact_message(*metadata.level());
            fields::event_head(fields, metadata.name());
            let is_exception = !fields.description.is_empty();
            let Some(mut scope) = SCOPES.lock(slot.scope) else { return };
            if let Some((span, limits)) = scope.span(slot.index()) {
                if !is_exception || self.exceptions.is_spans(record == Fate::Written) {
                    span.event(time, &fields.head, &fields.encoded, limits);
                }
                // A status set before is more exact than a log line.
                if failed && span.is_unset() {
                    span.set_error(if fields.description.is_empty() { &fields.name } else { &fields.description });
                }
            }
        });
    }

    /// Handles an event bridged from the `log` crate, with the metadata of the original record.
    #[cold]
    fn bridged_event(&self, event: &Event<'_>, slot: Option<SpanSlot>) {
        match event.normalized_metadata() {
            Some(metadata) => self.event_of(event, &metadata, slot),
            None => self.event_of(event, event.metadata(), slot),
        }
    }

    /// Writes or keeps an event as a log line and as a log record. Returns the fate of the record.
    #[inline(never)]
    fn line_and_log_record(&self, event: &Event<'_>, metadata: &Metadata<'_>, slot: Option<SpanSlot>) -> Fate {
        if let Some(lines) = &self.lines {
            lines.take(event, metadata, slot);
        }
        let record = self.fate_of_log_record(metadata, slot);
        if record != Fate::None {
            self.log_record(event, metadata, slot, record);
        }
        record
    }
}

/// Adds the measurements of an event with metric fields to the points of its scope. Returns `true` if the event is only
/// a measurement.
#[inline(never)]
fn measure_fields(event: &Event<'_>, slot: Option<SpanSlot>) -> bool {
    if switch::are_wanted() {
        let scope = slot.map(|slot| slot.scope);
        metric_fields::each(event, |identity, attributes, value| measure(scope, identity, attributes, value));
    }
    !metric_fields::has_message(event.metadata())
}
