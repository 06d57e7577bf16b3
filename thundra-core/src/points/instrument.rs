//! Instruments: names, units, and kinds of aggregation.

use std::borrow::Cow;

/// The maximum length of a name in OpenTelemetry.
const MAX_NAME: usize = 255;

/// The kind of an instrument. The kind selects the aggregation of measurements into a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstrumentKind {
    /// A monotonic sum.
    Counter,
    /// A non-monotonic sum.
    UpDownCounter,
    /// A distribution.
    Histogram,
    /// The last value.
    Gauge,
}

/// A built-in instrument of the `thundra` crates.
#[derive(Debug)]
pub struct Instrument {
    /// The name by the semantic conventions.
    pub name: &'static str,
    /// The unit in UCUM's notation, such as `s` or `{request}`; empty for none.
    pub unit: &'static str,
    /// The kind of the instrument.
    pub kind: InstrumentKind,
    /// The description of the measurements; empty for none.
    pub description: &'static str,
}

impl Instrument {
    /// Returns a counter.
    pub const fn counter(name: &'static str, unit: &'static str, description: &'static str) -> Self {
        Instrument { name, unit, kind: InstrumentKind::Counter, description }
    }

    /// Returns an up-down counter.
    pub const fn up_down_counter(name: &'static str, unit: &'static str, description: &'static str) -> Self {
        Instrument { name, unit, kind: InstrumentKind::UpDownCounter, description }
    }

    /// Returns a histogram.
    pub const fn histogram(name: &'static str, unit: &'static str, description: &'static str) -> Self {
        Instrument { name, unit, kind: InstrumentKind::Histogram, description }
    }

    /// Returns a gauge.
    pub const fn gauge(name: &'static str, unit: &'static str, description: &'static str) -> Self {
        Instrument { name, unit, kind: InstrumentKind::Gauge, description }
    }

    /// Returns the identity of the instrument.
    pub(crate) const fn identity(&self) -> Identity<'static> {
        Identity {
            name: Text::Static(self.name),
            unit: Text::Static(self.unit),
            description: Text::Static(self.description),
            kind: self.kind,
            is_built_in: true,
        }
    }
}

/// A measured value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A floating-point number.
    F64(f64),
}

impl Number {
    /// Returns the value as a floating-point number.
    pub const fn as_f64(self) -> f64 {
        match self {
            Number::I64(value) => value as f64,
            Number::U64(value) => value as f64,
            Number::F64(value) => value,
        }
    }

    /// Returns `true` for a value accepted by an instrument of the kind. A single NaN or infinity would spoil every
    /// later sum. A counter never goes down.
    pub(crate) fn suits(self, kind: InstrumentKind) -> bool {
        let is_negative = match self {
            Number::I64(value) => value < 0,
            Number::U64(_) => false,
            Number::F64(value) if !value.is_finite() => return false,
            Number::F64(value) => value < 0.0,
        };
        !(is_negative && kind == InstrumentKind::Counter)
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Number {
            fn from(value: $type) -> Self {
                Number::$variant(value.into())
            }
        }
    )*};
}
from!(i64 => I64, i32 => I64, u64 => U64, u32 => U64, u16 => U64, u8 => U64, f64 => F64, f32 => F64);

impl From<usize> for Number {
    fn from(value: usize) -> Self {
        Number::U64(value as u64)
    }
}

/// A text. A static text can be kept without a copy.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Text<'a> {
    Static(&'static str),
    Borrowed(&'a str),
}

impl Text<'_> {
    pub(crate) const fn as_str(&self) -> &str {
        match self {
            Text::Static(text) => text,
            Text::Borrowed(text) => text,
        }
    }

    pub(super) fn keep(self) -> Cow<'static, str> {
        match self {
            Text::Static(text) => Cow::Borrowed(text),
            Text::Borrowed(text) => Cow::Owned(text.to_owned()),
        }
    }
}

impl<'a> From<&'a Cow<'static, str>> for Text<'a> {
    fn from(kept: &'a Cow<'static, str>) -> Self {
        match kept {
            Cow::Borrowed(text) => Text::Static(text),
            Cow::Owned(text) => Text::Borrowed(text),
        }
    }
}

/// The identity of an instrument, built-in or made by the program. Name and kind identify the instrument. The letter
/// case of the name matters.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity<'a> {
    pub(crate) name: Text<'a>,
    pub(crate) unit: Text<'a>,
    pub(crate) description: Text<'a>,
    pub(crate) kind: InstrumentKind,
    /// `true` for the instruments of the `thundra` crates.
    pub(crate) is_built_in: bool,
}

/// Returns `true` for a valid name by [OpenTelemetry's rule]: a letter, then up to 254 letters, digits and `_.-/`.
///
/// [OpenTelemetry's rule]: https://opentelemetry.io/docs/specs/otel/metrics/api/#instrument-name-syntax
pub(crate) fn is_valid_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_the_rule_of_opentelemetry() {
        let longest = "a".repeat(255);
        for name in ["orders", "http.client.request.duration", "a", "A-1_2/b.c", longest.as_str()] {
            assert!(is_valid_name(name), "{name}");
        }
        let too_long = "a".repeat(256);
        for name in ["", "1st", ".orders", "_orders", "orders total", "größe", "a:b", too_long.as_str()] {
            assert!(!is_valid_name(name), "{name}");
        }
    }

    #[test]
    fn a_value_that_would_spoil_the_sum_does_not_suit() {
        use InstrumentKind::{Counter, Gauge, Histogram, UpDownCounter};
        for (value, kind, suits, why) in [
            (Number::I64(-1), Counter, false, "a counter never goes down"),
            (Number::F64(-0.5), Counter, false, "a counter never goes down"),
            (Number::F64(-0.0), Counter, true, "nothing"),
            (Number::I64(-1), UpDownCounter, true, ""),
            (Number::I64(-1), Histogram, true, "temperatures"),
            (Number::U64(u64::MAX), Counter, true, ""),
            (Number::F64(f64::NAN), Gauge, false, "not a number"),
            (Number::F64(f64::INFINITY), Histogram, false, "infinite"),
            (Number::F64(f64::NEG_INFINITY), UpDownCounter, false, "infinite"),
        ] {
            assert_eq!(value.suits(kind), suits, "{value:?} {kind:?}: {why}");
        }
    }
}
