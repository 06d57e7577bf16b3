//! The counter, gauge or histogram of a key of the `metrics` crate.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use metrics_facade::{CounterFn, GaugeFn, HistogramFn};

use super::{InstrumentKind, Number};
use crate::points::attributes::AttributeSet;
use crate::points::instrument::{Identity, Text};
use crate::points::set::PointHash;
use crate::points::switch;
use crate::recorder::measure::measure_hashed;
use crate::recorder::{current, replay};
use crate::redact::{REDACTED, mask};

/// The unit and the description of a name, perhaps described after its first measurement.
#[derive(Debug, Default)]
pub(super) struct Described {
    unit: OnceLock<&'static str>,
    description: OnceLock<Box<str>>,
}

impl Described {
    /// Sets the unit and the description, unless set already.
    pub(super) fn set(&self, unit: Option<&'static str>, description: &str) {
        if let Some(unit) = unit {
            let _ = self.unit.set(unit);
        }
        let _ = self.description.set(description.into());
    }
}

/// An instrument with attributes. A measurement belongs to the current scope at the measurement, not to the scope of
/// the handle's creation.
#[derive(Debug)]
pub(super) struct Handle {
    name: Box<str>,
    kind: InstrumentKind,
    attributes: Box<[u8]>,
    hash: PointHash,
    described: Arc<Described>,
    /// The total of a counter, or the bits of a gauge's value.
    state: AtomicU64,
}

impl Handle {
    pub(super) fn new<'a>(
        name: &str,
        kind: InstrumentKind,
        labels: impl Iterator<Item = (&'a str, &'a str)>,
        described: Arc<Described>,
    ) -> Self {
        let mut attributes = AttributeSet::default();
        attributes.clear();
        labels.for_each(|(key, value)| match mask::masks(key) {
            true => attributes.push_str(key, REDACTED),
            false => attributes.push_str(key, &mask::value(value)),
        });
        Handle {
            name: name.into(),
            kind,
            hash: PointHash::of(name, kind, attributes.bytes()),
            attributes: attributes.bytes().into(),
            described,
            state: AtomicU64::new(0),
        }
    }

    #[inline]
    fn measure(&self, value: Number, times: u64) {
        if !switch::are_wanted() {
            return;
        }
        let identity = Identity {
            name: Text::Borrowed(&self.name),
            unit: Text::Static(self.described.unit.get().copied().unwrap_or_default()),
            description: Text::Borrowed(self.described.description.get().map_or("", |text| text)),
            kind: self.kind,
            is_built_in: false,
        };
        let slot = current::slot();
        if replay::is_in_replay(slot) {
            return;
        }
        measure_hashed(slot.map(|slot| slot.scope), &identity, &self.attributes, self.hash, value, times);
    }

    /// Changes the value of a gauge. A non-finite value is refused, and the gauge keeps the previous value.
    fn change(&self, change: impl Fn(f64) -> f64) {
        let changed = |bits| Some(change(f64::from_bits(bits))).filter(|value| value.is_finite()).map(f64::to_bits);
        // Relaxed: the value publishes nothing else.
        match self.state.fetch_update(Ordering::Relaxed, Ordering::Relaxed, changed) {
            Ok(before) => self.measure(Number::F64(change(f64::from_bits(before))), 1),
            Err(_) => self.measure(Number::F64(f64::NAN), 1),
        }
    }
}

impl CounterFn for Handle {
    fn increment(&self, value: u64) {
        // Relaxed: the total publishes nothing else.
        self.state.fetch_add(value, Ordering::Relaxed);
        self.measure(Number::U64(value), 1);
    }

    /// Raises the counter to a total, such as a total of another system. Ignores a lower total as outdated.
    fn absolute(&self, value: u64) {
        let before = self.state.fetch_max(value, Ordering::Relaxed);
        if value > before {
            self.measure(Number::U64(value - before), 1);
        }
    }
}

impl GaugeFn for Handle {
    fn increment(&self, value: f64) {
        self.change(|before| before + value);
    }

    fn decrement(&self, value: f64) {
        self.change(|before| before - value);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

impl HistogramFn for Handle {
    fn record(&self, value: f64) {
        self.measure(Number::F64(value), 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        if count > 0 {
            self.measure(Number::F64(value), count as u64);
        }
    }
}
