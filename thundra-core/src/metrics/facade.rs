//! The recorder of the `metrics` crate.
//!
//! A macro such as `counter!` requests a handle at each call. Each thread caches the requested handles. All threads
//! share the handle of a key.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use metrics_facade::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, set_global_recorder,
};

use super::InstrumentKind;
use super::handle::{Described, Handle};
use crate::points::fields::report_invalid;
use crate::points::hash::Same;

/// The most handles of a kind for all threads. Further keys get a handle at each call.
const MAX_HANDLES: usize = 20_000;
/// The most handles of a kind in the cache of a thread.
const MAX_OF_THREAD: usize = 1000;
/// The most described names.
const MAX_DESCRIBED: usize = 2000;

/// Installs the recorder, unless the program has installed a recorder.
pub(crate) fn install() {
    // The only possible error is an earlier recorder.
    let _ = set_global_recorder(Facade);
}

#[derive(Debug)]
struct Facade;

/// Handles by key. A key has its hash ready.
type HandlesOfKind = HashMap<Key, Arc<Handle>, BuildHasherDefault<Same>>;

/// The handles of keys, by kind.
#[derive(Debug, Default)]
struct Handles {
    counters: HandlesOfKind,
    gauges: HandlesOfKind,
    histograms: HandlesOfKind,
}

impl Handles {
    fn of(&mut self, kind: InstrumentKind) -> &mut HandlesOfKind {
        match kind {
            InstrumentKind::Counter | InstrumentKind::UpDownCounter => &mut self.counters,
            InstrumentKind::Gauge => &mut self.gauges,
            InstrumentKind::Histogram => &mut self.histograms,
        }
    }
}

/// The units and descriptions of names.
type Descriptions = HashMap<(InstrumentKind, String), Arc<Described>>;

/// Returns the handle of a key.
#[inline]
fn handle(kind: InstrumentKind, key: &Key) -> Arc<Handle> {
    thread_local! { static OF_THREAD: RefCell<Handles> = RefCell::default() }
    let kept = OF_THREAD.try_with(|kept| kept.try_borrow_mut().ok()?.of(kind).get(key).cloned()).ok().flatten();
    kept.unwrap_or_else(|| {
        let handle = of_process(kind, key);
        let _ = OF_THREAD.try_with(|kept| {
            if let Ok(mut kept) = kept.try_borrow_mut() {
                let kept = kept.of(kind);
                if kept.len() >= MAX_OF_THREAD {
                    kept.clear();
                }
                kept.insert(key.clone(), handle.clone());
            }
        });
        handle
    })
}

#[cold]
fn of_process(kind: InstrumentKind, key: &Key) -> Arc<Handle> {
    static ALL: OnceLock<Mutex<Handles>> = OnceLock::new();
    report_invalid(key.name());
    let mut all = ALL.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let all = all.of(kind);
    if let Some(handle) = all.get(key) {
        return handle.clone();
    }
    let labels = key.labels().map(|label| (label.key(), label.value()));
    let handle = Arc::new(Handle::new(key.name(), kind, labels, described(kind, key.name())));
    if all.len() < MAX_HANDLES {
        all.insert(key.clone(), handle.clone());
    }
    handle
}

/// Returns the place of a name's unit and description.
fn described(kind: InstrumentKind, name: &str) -> Arc<Described> {
    static ALL: OnceLock<Mutex<Descriptions>> = OnceLock::new();
    let mut all = ALL.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= MAX_DESCRIBED {
        return all.get(&(kind, name.to_owned())).cloned().unwrap_or_default();
    }
    all.entry((kind, name.to_owned())).or_default().clone()
}

impl Recorder for Facade {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        described(InstrumentKind::Counter, name.as_str()).set(unit.map(ucum), &description);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        described(InstrumentKind::Gauge, name.as_str()).set(unit.map(ucum), &description);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        described(InstrumentKind::Histogram, name.as_str()).set(unit.map(ucum), &description);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(handle(InstrumentKind::Counter, key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(handle(InstrumentKind::Gauge, key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(handle(InstrumentKind::Histogram, key))
    }
}

/// Returns a unit in UCUM's notation.
fn ucum(unit: Unit) -> &'static str {
    match unit {
        // An annotation, because `1` is the unit of a ratio.
        Unit::Count => "{count}",
        Unit::Percent => "%",
        Unit::Seconds => "s",
        Unit::Milliseconds => "ms",
        Unit::Microseconds => "us",
        Unit::Nanoseconds => "ns",
        Unit::Tebibytes => "TiBy",
        Unit::Gibibytes => "GiBy",
        Unit::Mebibytes => "MiBy",
        Unit::Kibibytes => "KiBy",
        Unit::Bytes => "By",
        Unit::TerabitsPerSecond => "Tbit/s",
        Unit::GigabitsPerSecond => "Gbit/s",
        Unit::MegabitsPerSecond => "Mbit/s",
        Unit::KilobitsPerSecond => "kbit/s",
        Unit::BitsPerSecond => "bit/s",
        Unit::CountPerSecond => "1/s",
    }
}
