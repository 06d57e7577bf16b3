//! The stacks, thundra and others, each set up as a user would, and the same work for each stack.

mod lite;
mod otel_api;
mod otel_layer;
mod ours;
mod plain;
mod sink;
pub mod twin;

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use thundra_bench_work as work;
use tracing::{Instrument, info_span};

pub use otel_api::Sink;
pub(crate) use otel_api::encode;
pub(crate) use otel_layer::{default as default_layer, lean as lean_layer};
pub use sink::Export;
pub(crate) use sink::Seen;

use crate::Result;
use crate::bench::Bench;
use crate::section::Variant;

/// Work in a future.
pub type Work<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// An installed stack. The default methods are written against `tracing`.
pub trait Stack: Sync {
    /// Runs workload A: a trace of a root and `n` spans below the root.
    fn workload_a(&self, n: u64) {
        work::workload_a(n);
    }

    /// Records a trace of a root and `n` varied spans.
    fn varied(&self, n: u64) {
        info_span!("invoke").in_scope(|| work::varied(n));
    }

    /// Records a trace of a root and `n` spawned tasks, three polls each.
    fn spawned(&self, n: u64) -> Work<'_> {
        Box::pin(work::spawned(n).instrument(info_span!("invoke")))
    }

    /// Records a trace of a root and `n` futures awaited in turn, two polls each.
    fn in_turn(&self, n: u64) -> Work<'_> {
        Box::pin(work::in_turn(n).instrument(info_span!("invoke")))
    }

    /// Exports the spans of this thread, and waits for the exporter.
    fn flush(&self) {}
}

/// Sets a stack up for the whole process.
pub type SetUp = fn(Export) -> Result<Box<dyn Stack>>;

static FASTRACE: OnceLock<SetUp> = OnceLock::new();

/// Provides this program with the set-up of fastrace.
pub(crate) fn provide_fastrace(set_up: SetUp) {
    // The first set-up stays: the program has only one.
    let _ = FASTRACE.set(set_up);
}

fn fastrace(export: Export) -> Result<Box<dyn Stack>> {
    FASTRACE.get().ok_or("fastrace is in another program")?(export)
}

/// A stack with the set-up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    set_up: SetUp,
    /// `true` if the stack exports spans.
    pub(crate) exports: bool,
    /// `true` if the work is written against `tracing`.
    pub(crate) tracing: bool,
}

/// The row of thundra, the base of all ratios.
pub(crate) const OURS: &str = "thundra";
/// The row of fastrace, which has a separate program.
const FASTRACE_ROW: &str = "fastrace";
/// The row of the bare registry, below every layer.
pub(crate) const REGISTRY: &str = "Registry";

/// All stacks, in the order of the tables.
#[rustfmt::skip]
pub(crate) const STACKS: [Kind; 12] = [
    Kind { name: "no subscriber", about: "", set_up: plain::nothing, exports: false, tracing: true },
    Kind { name: REGISTRY, about: "the floor of every layer", set_up: plain::registry, exports: false, tracing: true },
    Kind { name: OURS, about: "", set_up: ours::sampled, exports: true, tracing: true },
    Kind { name: "thundra, unsampled", about: "", set_up: ours::unsampled, exports: false, tracing: true },
    Kind { name: "tracing-opentelemetry, simple", about: "default", set_up: |export| otel_layer::default(otel_api::simple(export)), exports: true, tracing: true },
    Kind { name: "tracing-opentelemetry, batch", about: "default", set_up: |export| otel_layer::default(otel_api::batch(export)), exports: true, tracing: true },
    Kind { name: "tracing-opentelemetry lean, simple", about: "no location, threads, inactivity, target", set_up: |export| otel_layer::lean(otel_api::simple(export)), exports: true, tracing: true },
    Kind { name: "tracing-opentelemetry lean, batch", about: "the same", set_up: |export| otel_layer::lean(otel_api::batch(export)), exports: true, tracing: true },
    Kind { name: "OpenTelemetry API, simple", about: "no `tracing`", set_up: |export| otel_api::api(otel_api::simple(export)), exports: true, tracing: false },
    Kind { name: "OpenTelemetry API, batch", about: "no `tracing`", set_up: |export| otel_api::api(otel_api::batch(export)), exports: true, tracing: false },
    Kind { name: FASTRACE_ROW, about: "LocalSpan, no `tracing`", set_up: fastrace, exports: true, tracing: false },
    Kind { name: "lambda-otel-lite", about: "tracing-opentelemetry, default", set_up: lite::lite, exports: true, tracing: true },
];

/// lambda-otel-lite with the compression level of thundra.
pub(crate) const LITE_LEVEL_1: Kind =
    Kind { name: "lambda-otel-lite, gzip-1", about: "configured", set_up: lite::level_1, exports: true, tracing: true };

impl Kind {
    /// Sets the stack up for the whole process.
    pub(crate) fn set_up(&self, export: Export) -> Result<Box<dyn Stack>> {
        (self.set_up)(export)
    }

    /// Returns a row for the stack.
    pub(crate) fn variant(self, measure: fn(Kind, &mut Bench) -> Result<()>) -> Variant {
        self.variant_that(move |bench| measure(self, bench))
    }

    /// Returns a row for the stack, with a closure as the measurement.
    pub(crate) fn variant_that(self, measure: impl Fn(&mut Bench) -> Result<()> + 'static) -> Variant {
        let variant = Variant::within(self.name, self.about, measure);
        if self.name == FASTRACE_ROW { variant.with_fastrace() } else { variant }
    }

    /// Does the work once and checks the exported spans: the exact number, and if the spans are encoded at least the
    /// attributes and events of the work.
    pub(crate) fn check(&self, export: Export, expected: Seen, work: impl FnOnce()) -> Result<()> {
        if !self.exports || export == Export::Line {
            work();
            return Ok(());
        }
        let seen = sink::watch(work);
        let encoded = export == Export::Drop
            || (seen.encoded == expected.spans
                && seen.attributes >= expected.attributes
                && seen.events >= expected.events);
        if seen.spans == expected.spans && encoded {
            return Ok(());
        }
        Err(format!("{}: {expected:?} were recorded, and exported {seen:?}", self.name).into())
    }
}

/// Returns the counts of `traces` traces of workload A, each with `n` spans below the root.
pub(crate) fn workload_a(traces: u64, n: u64) -> Seen {
    let spans = traces * (n + 1);
    Seen { spans, encoded: spans, attributes: traces * n * 3, events: traces * n.div_ceil(twin::EVENT_EVERY) }
}
