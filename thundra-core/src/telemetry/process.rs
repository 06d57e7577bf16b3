//! The pipeline of the process.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::time::Instant;

use crate::pipeline::{Flush, Losses, Pipeline, backlog};
use crate::points::collection;
use crate::recorder::missing_spans;
use crate::{Records, diagnostics};

pub(super) static PIPELINE: OnceLock<Pipeline> = OnceLock::new();

/// Exports records, together with late spans and with unsent records of earlier flushes.
///
/// Exporters get the deadline, or `OTEL_EXPORTER_OTLP_TIMEOUT` from now, if earlier. Drop the future to stop an
/// exporter that ignores the deadline. Unsent records then wait for the next flush. Before [`install`](super::install),
/// nothing is exported, and a line on standard error reports the missing installation.
///
/// # Examples
///
/// A worker exports after each job, within a second:
///
/// ```
/// use std::time::{Duration, Instant};
/// use thundra_core::{Scope, flush};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # thundra_core::install(thundra_core::Telemetry::builder());
/// let scope = Scope::builder("job").begin();
/// let total = scope.run(async { 40 + 2 }).await;
/// flush(scope.finish(), Some(Instant::now() + Duration::from_secs(1))).await;
/// assert_eq!(total, 42);
/// # }
/// ```
pub async fn flush(records: Records, deadline: Option<Instant>) {
    match PIPELINE.get() {
        Some(pipeline) => {
            begin(pipeline, records, deadline, false).send().await;
        }
        None => report_no_exporters(&records),
    }
}

/// Exports as [`flush`] does, on a thread with a separate Tokio runtime, while the runtime of the program may be
/// blocked. The flush may be the last of the process and ignores the pauses of exporters.
///
/// The exporters' [forks](crate::export::Export::fork) send. Unsent records are spilled, as far as `THUNDRA_SPILL`
/// allows. The rest waits for the next flush.
#[doc(hidden)]
pub fn flush_aside(mut records: Records, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        match PIPELINE.get() {
            Some(pipeline) => {
                collection::collect(true);
                let due = backlog::drain(&mut records);
                let forks = pipeline.fork();
                pipeline.begin_aside(&forks, &records, &due, pipeline.last_export(deadline)).send().await;
                pipeline.spill_newest(deadline).await;
            }
            None => report_no_exporters(&records),
        }
    })
}

/// Hands records, and all waiting records, to the exporters.
fn begin(pipeline: &Pipeline, mut records: Records, deadline: Option<Instant>, is_last: bool) -> Flush<'_> {
    collection::collect(is_last);
    let due = backlog::drain(&mut records);
    pipeline.begin(records, &due, deadline)
}

/// Reports spans recorded without installed exporters.
#[cold]
fn report_no_exporters(records: &Records) {
    if !records.is_empty() {
        diagnostics::once(
            "exporters",
            "spans are recorded, and nothing exports them: begin the program with \
             `let _telemetry = thundra_http::init();`, or thundra_aws::init()",
        );
    }
}

/// Exports all waiting records at the end of a program. Exporters that pause after failures try once more. With
/// `THUNDRA_SPILL`, unsent records go to standard output.
pub async fn flush_last(deadline: Instant) {
    if let Some(pipeline) = PIPELINE.get() {
        flush_pipeline_last(pipeline, deadline).await;
    }
}

/// A box, because the compiler would give each crate that flushes last a copy of the pipeline.
#[cold]
fn flush_pipeline_last(pipeline: &Pipeline, deadline: Instant) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
    Box::pin(async move {
        pipeline.resume();
        begin(pipeline, Records::default(), Some(pipeline.last_export(deadline)), true).send().await;
        pipeline.spill_all(deadline).await;
        backlog::end(true);
    })
}

/// Returns the deadline of a flush with some time left for [`spill_all`].
#[doc(hidden)]
pub fn last_export(deadline: Instant) -> Instant {
    PIPELINE.get().map_or(deadline, |pipeline| pipeline.last_export(deadline))
}

/// Spills all records waiting for the exporters, if `THUNDRA_SPILL` is set.
#[doc(hidden)]
pub async fn spill_all(deadline: Instant) {
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.spill_all(deadline).await;
    }
}

/// Marks the program as calling [`flush`], even after a [last flush](flush_last).
#[doc(hidden)]
pub fn flushes_itself() {
    backlog::end(false);
}

/// Returns the number of spans waiting for a [`flush`] or being exported, summed over the exporters.
pub fn pending_spans() -> u64 {
    PIPELINE.get().map_or(0, Pipeline::waiting_spans) + backlog::spans()
}

/// Gives waiting [withheld](Records::withheld) records to the exporters that follow X-Ray as well.
#[doc(hidden)]
pub fn share_withheld() {
    backlog::share();
}

/// Returns `true` if all spans end up in X-Ray: every [installed](super::install) exporter [follows
/// X-Ray](crate::export::Export::follows_xray).
#[doc(hidden)]
pub fn follows_xray() -> bool {
    PIPELINE.get().is_some_and(Pipeline::follows_xray)
}

/// Returns `true` if an installed exporter sends to X-Ray.
pub(crate) fn reaches_xray() -> bool {
    PIPELINE.get().is_some_and(Pipeline::reaches_xray)
}

/// Returns the losses of each exporter at an end of the program right now: waiting records, and losses not yet counted
/// on an exported root span.
#[doc(hidden)]
pub fn unexported() -> Vec<Losses> {
    PIPELINE.get().map_or_else(Vec::new, |pipeline| pipeline.unexported(&backlog::unsent()))
}

/// Keeps records for the next [`flush`], for programs with an exporting thread.
///
/// At most 8 MiB wait, or a single longer run of records. Further spans are lost, and counted. Before
/// [`install`](super::install) and after the [last flush](flush_last), a line on standard error reports the missing
/// export.
pub fn export_later(records: Records) {
    if PIPELINE.get().is_none() {
        report_no_exporters(&records);
    }
    backlog::add(records);
}

/// Waits until about 1 MiB of [kept](export_later) spans waits for a flush. Only a single task can wait at a time.
#[doc(hidden)]
pub async fn export_later_is_due() {
    backlog::enough().await;
}

/// Reports once, at the end of a program, spans lost because no scope was begun.
#[doc(hidden)]
pub fn report_missing_scope() {
    missing_spans::report_missing_scope();
}
