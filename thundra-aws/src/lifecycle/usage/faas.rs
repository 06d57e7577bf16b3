//! The metrics of invocations, by the [conventions] for functions. Sampling has no effect on the metrics.
//!
//! [conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/faas/faas-metrics.md

use std::time::Duration;

use thundra_core::metrics::{Instrument, are_wanted};
use thundra_core::usage::Used;
use thundra_core::{ScopeFlags, ScopeRef, Value, semconv};

use crate::trigger::{FaasTrigger, Trigger};

static INVOCATIONS: Instrument =
    Instrument::counter("faas.invocations", "{invocation}", "Number of successful invocations.");
static ERRORS: Instrument = Instrument::counter("faas.errors", "{error}", "Number of invocation errors.");
static TIMEOUTS: Instrument = Instrument::counter("faas.timeouts", "{timeout}", "Number of invocation timeouts.");
static COLD_STARTS: Instrument =
    Instrument::counter("faas.coldstarts", "{coldstart}", "Number of invocation cold starts.");
static INIT_DURATION: Instrument = Instrument::histogram(
    "faas.init_duration",
    "s",
    "Measures the duration of the function's initialization, such as a cold start.",
);
static INVOKE_DURATION: Instrument =
    Instrument::histogram("faas.invoke_duration", "s", "Measures the duration of the function's logic execution.");
static MEM_USAGE: Instrument =
    Instrument::histogram("faas.mem_usage", "By", "Distribution of max memory usage per invocation.");
static CPU_USAGE: Instrument =
    Instrument::histogram("faas.cpu_usage", "s", "Distribution of CPU usage per invocation.");
static NET_IO: Instrument = Instrument::histogram("faas.net_io", "By", "Distribution of net I/O usage per invocation.");
static DEADLINE_USED: Instrument = Instrument::histogram(
    semconv::THUNDRA_DEADLINE_USED_RATIO,
    "1",
    "The part of the time up to the deadline that an invocation used: 1 at the deadline.",
);
static MESSAGE_AGE: Instrument = Instrument::histogram(
    "thundra.message.age",
    "s",
    "The age of the oldest message of an event when its invocation began: time in a queue, or behind in a stream.",
);

/// The attributes of a trigger with the name of a queue, a stream or a table.
const SOURCE: [&str; 3] =
    [semconv::MESSAGING_SYSTEM, semconv::MESSAGING_DESTINATION_NAME, semconv::FAAS_DOCUMENT_COLLECTION];

/// Notes the trigger of an invocation, and records the wait of the oldest message.
pub(in crate::lifecycle) fn began(scope: ScopeRef, trigger: &Trigger, waited: Option<Duration>) {
    if are_wanted() {
        scope.set_flags(flag(trigger.faas_trigger));
        if let Some(waited) = waited {
            let named = trigger.attributes.iter().filter(|(key, _)| SOURCE.contains(key)).cloned();
            let attributes: Vec<_> = of_trigger(scope.flags()).into_iter().chain(named).collect();
            scope.record(&MESSAGE_AGE, waited.as_secs_f64(), &attributes);
        }
    }
}

/// The facts about an invocation at its end.
pub(super) struct End {
    /// The length of the initialisation, for the first invocation of an environment.
    pub(super) init: Option<Duration>,
    pub(super) invoke: Duration,
    pub(super) peak_memory: Option<u64>,
    pub(super) used: Option<Used>,
    pub(super) is_timeout: bool,
    /// The used part of the time up to the deadline.
    pub(super) deadline_used: Option<f64>,
}

/// Records an invocation at its end, or shortly before a timeout.
#[cold]
pub(super) fn ended(scope: ScopeRef, end: &End) {
    let flags = scope.flags();
    let attributes = of_trigger(flags);
    let outcome = match () {
        () if end.is_timeout => &TIMEOUTS,
        () if flags.contains(ScopeFlags::FAILED) => &ERRORS,
        () => &INVOCATIONS,
    };
    scope.record(outcome, 1_u64, &attributes);
    if flags.contains(ScopeFlags::COLD_START) {
        scope.record(&COLD_STARTS, 1_u64, &attributes);
    }
    if let Some(init) = end.init {
        scope.record(&INIT_DURATION, init.as_secs_f64(), &attributes);
    }
    scope.record(&INVOKE_DURATION, end.invoke.as_secs_f64(), &attributes);
    if let Some(used) = end.deadline_used {
        scope.record(&DEADLINE_USED, used, &attributes);
    }
    if let Some(peak) = end.peak_memory {
        scope.record(&MEM_USAGE, peak, &attributes);
    }
    if let Some(cpu) = end.used.and_then(|used| used.cpu) {
        scope.record(&CPU_USAGE, cpu.as_secs_f64(), &attributes);
    }
    if let Some(network) = end.used.and_then(|used| used.network) {
        scope.record(&NET_IO, network.incoming.saturating_add(network.outgoing), &attributes);
    }
}

fn flag(trigger: FaasTrigger) -> ScopeFlags {
    match trigger {
        FaasTrigger::Http => ScopeFlags::BY_HTTP,
        FaasTrigger::PubSub => ScopeFlags::BY_PUBSUB,
        FaasTrigger::Datasource => ScopeFlags::BY_DATASOURCE,
        FaasTrigger::Timer => ScopeFlags::BY_TIMER,
        FaasTrigger::Other => ScopeFlags::NONE,
    }
}

fn of_trigger(flags: ScopeFlags) -> [(&'static str, Value); 1] {
    const KNOWN: [FaasTrigger; 4] =
        [FaasTrigger::Http, FaasTrigger::PubSub, FaasTrigger::Datasource, FaasTrigger::Timer];
    let trigger = KNOWN.into_iter().find(|trigger| flags.contains(flag(*trigger))).unwrap_or(FaasTrigger::Other);
    [(semconv::FAAS_TRIGGER, trigger.as_str().into())]
}
