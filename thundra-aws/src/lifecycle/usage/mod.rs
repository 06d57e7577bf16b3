//! The resource usage of an invocation, and an estimate of Lambda's bill, as attributes of the invocation's span.
//!
//! All figures are read after the response, from files of `/proc/self`. A missing file means a missing figure.

mod between;
mod billed;
pub(super) mod faas;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use billed::{Phases, gb_seconds};
use thundra_core::metrics::are_wanted;
use thundra_core::usage::{Transfer, Used, peak_memory, since_start};
use thundra_core::{Config, ScopeRef, Value, semconv};

use crate::lifecycle::deadline::Deadline;
use crate::platform::InitializationType;

/// `false` in a build without the feature `usage`. The compiler then drops the readers of `/proc`.
const READS: bool = cfg!(feature = "usage");

/// The length of the initialisation, or of the restore, until the first invocation takes it.
static INIT: Mutex<Option<Duration>> = Mutex::new(None);

/// The duration of the last export after a response, in microseconds.
static LAST_EXPORT: AtomicU64 = AtomicU64::new(0);

/// Attributes of a span.
pub(super) type Attributes = Vec<(&'static str, Value)>;

/// Marks the end of the initialisation: the request for the first event follows.
pub(super) fn initialised(config: &Config) {
    begin_environment(config, since_start);
}

/// Marks the end of a restore, with the begin of its hooks.
pub(super) fn restored(config: &Config, began: Instant) {
    begin_environment(config, || Some(began.elapsed()));
}

fn begin_environment(config: &Config, length: impl FnOnce() -> Option<Duration>) {
    if !config.disabled && Function::of(config).is_measured() {
        *init() = length();
        between::begin_environment();
    }
}

fn init() -> MutexGuard<'static, Option<Duration>> {
    INIT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes the length of an export after a response.
pub(super) fn exported(length: Duration) {
    LAST_EXPORT.store(u64::try_from(length.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// The function, as described by Lambda to the process.
#[derive(Clone, Copy, Debug)]
struct Function {
    memory_mb: Option<u32>,
    /// `true` on managed instances, which are billed by the instance and run several invocations at once.
    is_managed: bool,
}

impl Function {
    fn of(config: &Config) -> Self {
        static FUNCTION: OnceLock<Function> = OnceLock::new();
        *FUNCTION.get_or_init(|| {
            let memory = config.env().get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
            Function {
                memory_mb: memory.and_then(|memory| memory.trim().parse().ok()).filter(|memory| *memory > 0),
                is_managed: InitializationType::of(config.env()) == InitializationType::ManagedInstances,
            }
        })
    }

    /// Returns `true` if the usage between two readings belongs to an invocation.
    fn is_measured(self) -> bool {
        READS && !self.is_managed
    }
}

/// Returns the greatest memory of the process so far.
fn peak() -> Option<u64> {
    if READS { peak_memory() } else { None }
}

/// The begin of a measured invocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    at: Instant,
    /// The length of the initialisation, before the first invocation.
    init: Option<Duration>,
    function: Function,
}

impl Begin {
    /// Returns the attributes of an invocation before its end. The invocation ends after `total` at the latest, or
    /// soon, and Lambda bills the time until the end.
    pub(super) fn while_running(&self, total: Option<Duration>) -> Attributes {
        let used = if self.function.is_measured() { between::used() } else { None };
        let invoke = self.at.elapsed().max(total.unwrap_or_default());
        self.attributes(Phases { init: self.init.unwrap_or_default(), invoke, export: Duration::ZERO }, peak(), used)
    }

    /// Records the metrics of an invocation shortly before a timeout.
    pub(super) fn times_out(&self, scope: ScopeRef, deadline: Option<Deadline>) {
        if are_wanted() {
            let used = if self.function.is_measured() { between::used() } else { None };
            let (init, invoke, peak_memory) = (self.init, self.at.elapsed(), peak());
            let deadline_used = deadline.and_then(Deadline::used_ratio);
            faas::ended(scope, &faas::End { init, invoke, peak_memory, used, is_timeout: true, deadline_used });
        }
    }

    fn attributes(&self, phases: Phases, peak_memory: Option<u64>, used: Option<Used>) -> Attributes {
        if !READS {
            return Attributes::new();
        }
        let mut attributes = Attributes::with_capacity(11);
        if let Some(peak) = peak_memory {
            attributes.push((semconv::THUNDRA_MEMORY_PEAK_BYTES, peak.into()));
            if let Some(memory_mb) = self.function.memory_mb {
                let ratio = peak as f64 / (f64::from(memory_mb) * 1024.0 * 1024.0);
                attributes.push((semconv::THUNDRA_MEMORY_USED_RATIO, ((ratio * 1e4).round() / 1e4).into()));
            }
        }
        if let Some(Used { cpu, disk, network, .. }) = used {
            let millis = cpu.map(|cpu| (semconv::THUNDRA_CPU_TIME_MS, (cpu.as_micros() as f64 / 1e3).into()));
            attributes.extend(millis);
            attributes.extend(transferred(disk, semconv::THUNDRA_DISK_READ_BYTES, semconv::THUNDRA_DISK_WRITTEN_BYTES));
            let (received, sent) = (semconv::THUNDRA_NETWORK_RECEIVED_BYTES, semconv::THUNDRA_NETWORK_SENT_BYTES);
            attributes.extend(transferred(network, received, sent));
        }
        if let Some(memory_mb) = self.function.memory_mb.filter(|_| !self.function.is_managed) {
            let millis = phases.millis();
            attributes.push((semconv::THUNDRA_BILLED_ESTIMATED_MS, millis.into()));
            attributes.push((semconv::THUNDRA_BILLED_ESTIMATED_GB_S, gb_seconds(millis, memory_mb).into()));
        }
        attributes
    }
}

fn transferred(
    bytes: Option<Transfer>,
    incoming: &'static str,
    outgoing: &'static str,
) -> impl Iterator<Item = (&'static str, Value)> {
    let named = bytes.map(|bytes| [(incoming, bytes.incoming.into()), (outgoing, bytes.outgoing.into())]);
    named.into_iter().flatten()
}

/// The meter of an invocation.
#[derive(Debug, Default)]
pub(super) struct Meter {
    begin: Option<Begin>,
    /// `true` if the invocation is exported with a later flush, and no export follows the response.
    is_exported_later: bool,
    /// `true` if the metrics of the invocation were recorded before its end.
    is_recorded: bool,
}

impl Meter {
    /// Begins to measure an invocation of Lambda.
    pub(super) fn begin(config: &Config) -> Self {
        if config.disabled {
            return Meter::default();
        }
        let function = Function::of(config);
        if function.is_measured() {
            between::begin();
        }
        let init = init().take();
        let begin = Begin { at: Instant::now(), init, function };
        Meter { begin: Some(begin), is_exported_later: false, is_recorded: false }
    }

    pub(super) fn begun(&self) -> Option<Begin> {
        self.begin
    }

    /// Notes that no export follows the end of the invocation.
    pub(super) fn exported_later(&mut self) {
        self.is_exported_later = true;
    }

    /// Notes that the metrics of the invocation, for example a timeout, were recorded before the end.
    pub(super) fn recorded_before(&mut self) {
        self.is_recorded = true;
    }

    /// Ends the measurement, sets the attributes of the invocation and of its deadline, and records its metrics.
    /// `is_timeout` is `true` if the caller got a timeout.
    pub(super) fn end(mut self, scope: ScopeRef, is_timeout: bool, deadline: Option<Deadline>) {
        let Some(begin) = self.begin.take() else { return };
        let invoke = begin.at.elapsed();
        let used = if begin.function.is_measured() { between::end() } else { None };
        let are_wanted = are_wanted() && !self.is_recorded;
        if !scope.recorded() && !are_wanted {
            return;
        }
        let peak_memory = peak();
        if are_wanted {
            let deadline_used = deadline.and_then(Deadline::used_ratio);
            let end = faas::End { init: begin.init, invoke, peak_memory, used, is_timeout, deadline_used };
            faas::ended(scope, &end);
        }
        let export = if self.is_exported_later { 0 } else { LAST_EXPORT.load(Ordering::Relaxed) };
        let phases = Phases { init: begin.init.unwrap_or_default(), invoke, export: Duration::from_micros(export) };
        let mut attributes = begin.attributes(phases, peak_memory, used);
        attributes.extend(deadline.and_then(Deadline::attributes).into_iter().flatten());
        scope.set_attributes(&attributes);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.begin.is_some_and(|begin| begin.function.is_measured()) {
            between::end();
        }
    }
}
