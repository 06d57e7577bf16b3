//! Measurements in the fields of `tracing` events, with the field names of tracing-opentelemetry.
//!
//! | Field | Instrument |
//! |---|---|
//! | `monotonic_counter.name` | counter |
//! | `counter.name` | up-down counter |
//! | `histogram.name` | histogram |
//! | `gauge.name` | gauge |
//! | `otel.unit` | the unit of all of them |
//!
//! Other fields but `message` are attributes. A field without a value, such as `None`, measures nothing.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::field::{Field, FieldSet, Visit};
use tracing::{Event, Metadata};

use super::attributes::AttributeSet;
use super::collection::refuse;
use super::instrument::{Identity, InstrumentKind, Number, Text, is_valid_name};
use super::switch;
use crate::contained::formatted;
use crate::diagnostics;
use crate::redact::mask;
use crate::redact::{self, REDACTED};

const MESSAGE: &str = "message";
const UNIT: &str = "otel.unit";
/// The maximum length of a unit in OpenTelemetry.
const MAX_UNIT: usize = 63;
/// The memory in bytes kept by a thread for the next event.
const KEEP_BYTES: usize = 16 * 1024;

/// `true` after the registration of a callsite with metric fields.
static WERE_SEEN: AtomicBool = AtomicBool::new(false);

/// Returns the instrument named by a field.
fn instrument(field: &'static str) -> Option<(&'static str, InstrumentKind)> {
    // Most fields are ruled out by their first letter. Each prefix has an arm, because the compiler compares with a
    // constant text without a call.
    match field.as_bytes().first()? {
        b'm' => Some((field.strip_prefix("monotonic_counter.")?, InstrumentKind::Counter)),
        b'c' => Some((field.strip_prefix("counter.")?, InstrumentKind::UpDownCounter)),
        b'h' => Some((field.strip_prefix("histogram.")?, InstrumentKind::Histogram)),
        b'g' => Some((field.strip_prefix("gauge.")?, InstrumentKind::Gauge)),
        _ => None,
    }
}

fn are_in(fields: &FieldSet) -> bool {
    fields.iter().any(|field| instrument(field.name()).is_some())
}

/// Registers a callsite. Returns `true` for an event with metric fields. Reports an invalid name already here, because
/// measurements are counted under a lock.
pub(crate) fn register(metadata: &Metadata<'_>) -> bool {
    if !metadata.is_event() || !are_in(metadata.fields()) {
        return false;
    }
    // Relaxed: the flag publishes nothing. A thread that misses the store of another thread, which registered the same
    // callsite just now, does not count one measurement.
    WERE_SEEN.store(true, Ordering::Relaxed);
    for name in metadata.fields().iter().filter_map(|field| Some(instrument(field.name())?.0)) {
        report_invalid(name);
    }
    true
}

/// Reports a name that breaks OpenTelemetry's rule. Returns `true` for an invalid name.
pub(crate) fn report_invalid(name: &str) -> bool {
    let is_invalid = !is_valid_name(name);
    if is_invalid {
        diagnostics::once(
            &format!("metric {name}"),
            format_args!(
                "the metric {name:?} is not recorded: a name is a letter, then up to 254 letters, digits, _, ., - and /"
            ),
        );
    }
    is_invalid
}

/// Returns `true` for an event with metric fields. In a program without metric fields, only a flag is read.
#[inline]
pub(crate) fn measures(metadata: &Metadata<'_>) -> bool {
    WERE_SEEN.load(Ordering::Relaxed) && metadata.is_event() && are_in(metadata.fields())
}

/// Returns `true` for an event with metric fields and no message. The event is neither a log line nor a span event.
#[inline]
pub(crate) fn only_measures(metadata: &Metadata<'_>) -> bool {
    measures(metadata) && !has_message(metadata)
}

/// Returns `true` for an event with a message.
#[inline]
pub(crate) fn has_message(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().any(|field| field.name() == MESSAGE)
}

/// Returns `Some(true)` for an event with wanted measurements, at any level. Returns `Some(false)` for an event with
/// only unwanted measurements. Returns `None` for all other events.
#[inline]
pub(crate) fn enables(metadata: &Metadata<'_>) -> Option<bool> {
    if !measures(metadata) {
        return None;
    }
    match switch::are_wanted() {
        true => Some(true),
        false => only_measures(metadata).then_some(false),
    }
}

/// The measurements of an event. Each thread reuses the memory.
#[derive(Debug, Default)]
struct Measured {
    attributes: AttributeSet,
    values: Vec<(&'static str, InstrumentKind, Number)>,
    unit: String,
}

/// Calls `record` with each measurement of an event: the instrument, the attributes and the value.
pub(crate) fn each(event: &Event<'_>, mut record: impl FnMut(&Identity<'_>, &[u8], Number)) {
    thread_local! { static MEASURED: Cell<Option<Box<Measured>>> = const { Cell::new(None) } }
    // A value may measure during formatting. The nested call finds nothing here, and allocates.
    let mut measured = MEASURED.try_with(Cell::take).ok().flatten().unwrap_or_default();
    measured.attributes.clear();
    measured.values.clear();
    measured.unit.clear();
    event.record(&mut Visitor(&mut measured));
    let Measured { attributes, values, unit } = &mut *measured;
    let attributes = attributes.bytes();
    for &(name, kind, value) in &*values {
        let identity = Identity {
            name: Text::Static(name),
            unit: Text::Borrowed(unit),
            description: Text::Static(""),
            kind,
            is_built_in: false,
        };
        record(&identity, attributes, value);
    }
    if measured.attributes.capacity() <= KEEP_BYTES {
        let _ = MEASURED.try_with(|kept| kept.set(Some(measured)));
    }
}

struct Visitor<'a>(&'a mut Measured);

impl Visitor<'_> {
    /// Adds a measurement. Returns `false` for a field without an instrument.
    #[inline]
    fn measure(&mut self, field: &Field, value: Number) -> bool {
        let Some((name, kind)) = instrument(field.name()) else { return false };
        self.0.values.push((name, kind, value));
        true
    }

    /// Adds an attribute. A metric field without a number is reported, and the value of a masked key replaced.
    #[inline]
    fn attribute(&mut self, field: &Field, push: impl FnOnce(&mut AttributeSet, &str)) {
        let (name, attributes) = (field.name(), &mut self.0.attributes);
        match instrument(name) {
            Some((name, _)) => refuse(name, "a value is no number"),
            None if name == MESSAGE => {}
            None if mask::has_masked_fields() && mask::masks(name) => attributes.push_str(name, REDACTED),
            None => push(attributes, name),
        }
    }

    fn set_unit(&mut self, unit: impl fmt::Display) {
        self.0.unit.clear();
        let _ = write!(self.0.unit, "{unit}");
        if self.0.unit.len() > MAX_UNIT || !self.0.unit.is_ascii() {
            diagnostics::once("metrics.unit", "an otel.unit is not used: a unit is ASCII of up to 63 characters");
            self.0.unit.clear();
        }
    }
}

impl Visit for Visitor<'_> {
    #[inline]
    fn record_i64(&mut self, field: &Field, value: i64) {
        if !self.measure(field, Number::I64(value)) {
            self.attribute(field, |attributes, name| attributes.push_i64(name, value));
        }
    }

    #[inline]
    fn record_u64(&mut self, field: &Field, value: u64) {
        if !self.measure(field, Number::U64(value)) {
            self.attribute(field, |attributes, name| match i64::try_from(value) {
                Ok(value) => attributes.push_i64(name, value),
                // OTLP has no unsigned integer. As text, the number loses nothing.
                Err(_) => attributes.push_fmt(name, format_args!("{value}")),
            });
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        match (i64::try_from(value), u64::try_from(value)) {
            (Ok(value), _) => self.record_i64(field, value),
            (_, Ok(value)) => self.record_u64(field, value),
            _ if self.measure(field, Number::F64(value as f64)) => {}
            _ => self.attribute(field, |attributes, name| attributes.push_fmt(name, format_args!("{value}"))),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.record_u64(field, value),
            _ if self.measure(field, Number::F64(value as f64)) => {}
            _ => self.attribute(field, |attributes, name| attributes.push_fmt(name, format_args!("{value}"))),
        }
    }

    #[inline]
    fn record_f64(&mut self, field: &Field, value: f64) {
        if !self.measure(field, Number::F64(value)) {
            self.attribute(field, |attributes, name| attributes.push_f64(name, value));
        }
    }

    #[inline]
    fn record_bool(&mut self, field: &Field, value: bool) {
        match instrument(field.name()) {
            Some(_) => self.attribute(field, |_, _| {}),
            // `has_password = true` tells no password.
            None => self.0.attributes.push_bool(field.name(), value),
        }
    }

    #[inline]
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == UNIT {
            return self.set_unit(value);
        }
        self.attribute(field, |attributes, name| attributes.push_str(name, &mask::value(value)));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.attribute(field, |attributes, name| {
            attributes.push_str(name, &redact::text(formatted(|| value.to_string())));
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == UNIT {
            return self.set_unit(formatted(|| format!("{value:?}")));
        }
        self.attribute(field, |attributes, name| attributes.push_fmt(name, format_args!("{value:?}")));
    }
}
