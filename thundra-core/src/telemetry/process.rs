//! The pipeline of this process.

use std::sync::OnceLock;
use std::time::Instant;

use crate::pipeline::{Flush, Losses, Pipeline, backlog};
use crate::points::collection;
use crate::recorder::missing_spans;
use crate::{Records, diagnostics};

pub(super) static PIPELINE: OnceLock<Pipeline> = OnceLock::new();

/// Exports records, together with late spans and with the records that earlier flushes could not send.
///
/// Exporters get the deadline, or `OTEL_EXPORTER_OTLP_TIMEOUT` from now if that is earlier. Drop this future to stop an
/// exporter that ignores its deadline: unsent records wait for the next flush. Before [`install`](super::install),
/// nothing is exported, and one line on standard error says so.
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

/// Exports as [`flush`] does, on a thread with a Tokio runtime of its own, while the runtime of the program may be
/// blocked. The flush is perhaps the last one of the process, so no pause holds it back.
///
/// The exporters' [forks](crate::export::Export::fork) send. What they could not send is spilled, as far as
/// `THUNDRA_SPILL` allows, and the rest waits for the next flush.
#[doc(hidden)]
pub async fn flush_aside(mut records: Records, deadline: Instant) {
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
}

/// Hands records, and everything that waits, to the exporters.
fn begin(pipeline: &Pipeline, mut records: Records, deadline: Option<Instant>, is_last: bool) -> Flush<'_> {
    collection::collect(is_last);
    let due = backlog::drain(&mut records);
    pipeline.begin(records, &due, deadline)
}

/// Reports that the program recorded spans without installed exporters.
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

/// Exports all waiting records at the end of a program. Exporters that pause after failures try once more. Where
/// `THUNDRA_SPILL` is set, what they cannot send goes to standard output.
pub async fn flush_last(deadline: Instant) {
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.resume();
        begin(pipeline, Records::default(), Some(pipeline.last_export(deadline)), true).send().await;
        pipeline.spill_all(deadline).await;
        backlog::end(true);
    }
}

/// Returns the time until which a flush may last, if [`spill_all`] is to have some time before the deadline.
#[doc(hidden)]
pub fn last_export(deadline: Instant) -> Instant {
    PIPELINE.get().map_or(deadline, |pipeline| pipeline.last_export(deadline))
}

/// Spills everything that waits for the exporters, where `THUNDRA_SPILL` is set.
#[doc(hidden)]
pub async fn spill_all(deadline: Instant) {
    if let Some(pipeline) = PIPELINE.get() {
        pipeline.spill_all(deadline).await;
    }
}

/// Marks the program as one that calls [`flush`] itself, even after a [last flush](flush_last).
#[doc(hidden)]
pub fn flushes_itself() {
    backlog::end(false);
}

/// Returns the number of spans that wait for a [`flush`] or are being exported, summed over the exporters.
pub fn pending_spans() -> u64 {
    PIPELINE.get().map_or(0, Pipeline::waiting_spans) + backlog::spans()
}

/// Shares records that wait for a flush with exporters that follow X-Ray, although they were
/// [withheld](Records::withheld) from them.
#[doc(hidden)]
pub fn share_withheld() {
    backlog::share();
}

/// Returns `true` if all spans end up in X-Ray: every [installed](super::install) exporter
/// [follows](crate::export::Export::follows_xray) it.
#[doc(hidden)]
pub fn follows_xray() -> bool {
    PIPELINE.get().is_some_and(Pipeline::follows_xray)
}

/// Returns `true` if an installed exporter sends to X-Ray.
pub(crate) fn reaches_xray() -> bool {
    PIPELINE.get().is_some_and(Pipeline::reaches_xray)
}

/// Returns, for each exporter, everything that is lost if the program ends now: records that wait for a flush, and
/// losses that no exported root span has counted.
#[doc(hidden)]
pub fn unexported() -> Vec<Losses> {
    PIPELINE.get().map_or_else(Vec::new, |pipeline| pipeline.unexported(&backlog::unsent()))
}

/// Keeps records for the next [`flush`], for programs with a thread that exports.
///
/// At most 8 MiB wait, or one longer run of records. Further spans are lost, and counted. Before
/// [`install`](super::install) and after the [last flush](flush_last), one line on standard error reports that nothing
/// exports the spans.
pub fn export_later(records: Records) {
    if PIPELINE.get().is_none() {
        report_no_exporters(&records);
    }
    backlog::add(records);
}

/// Waits until about 1 MiB of [kept](export_later) spans waits for a flush. One task at a time can wait.
#[doc(hidden)]
pub async fn export_later_is_due() {
    backlog::enough().await;
}

/// Reports once that a program made spans and began no scope, so no span was recorded. Called at the end of a program.
#[doc(hidden)]
pub fn report_missing_scope() {
    missing_spans::report_missing_scope();
}
