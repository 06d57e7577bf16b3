//! The watchdog: exports an invocation shortly before its deadline, since Lambda ends the process at the deadline.
//!
//! ```text
//! begin ─► Watch ─► WatchList ◄─ thread: sleeps until the nearest deadline, less the margin
//!            │                      └─ takes the spans, open ones included ─► flush_aside
//!  end ◄─────┘
//! ```
//!
//! A handler busy with a computation never yields, so the watchdog has its own thread. The first invocation with a
//! deadline starts the thread. Only an export gives the thread a Tokio runtime and connections.
//!
//! Begin and end of an invocation lock the list, and wake nobody. The thread takes the spans of an invocation under the
//! lock, so no span can leave from both sides.

mod watched;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lambda_runtime::Context;
use thundra_core::export::suppress_thread;
use thundra_core::{
    Config, Records, Scope, ScopeFlags, ScopeRef, Status, Unfinished, diagnostics, export_later, flush_aside,
};
use watched::{WatchList, Watched};

use super::deadline::Deadline;
use super::evidence::{self, Outcome};
use super::usage::Meter;
use crate::Settings;
use crate::platform::InitializationType;

/// `false` in a build without the feature `watchdog`. The compiler then drops the thread and the export before a
/// deadline.
const WATCHES: bool = cfg!(feature = "watchdog");

static LIST: Mutex<WatchList> = Mutex::new(WatchList::EMPTY);
/// Notified when the thread would wake too late.
static SOONER: Condvar = Condvar::new();

/// `true` if the list also has the invocations without an export before their deadline.
static LISTS_ALL: AtomicBool = AtomicBool::new(false);

fn list() -> MutexGuard<'static, WatchList> {
    LIST.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An invocation under watch. The watch ends when dropped.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// `None` for an invocation that is not watched.
    id: Option<u64>,
    deadline: Option<Deadline>,
    began: Option<Instant>,
    config: Option<&'static Config>,
    meter: Meter,
}

impl Watch {
    /// Watches an invocation from the begin.
    ///
    /// A margin near the function's whole time leaves the invocation without an early export, since the export would
    /// follow soon after the begin.
    pub(crate) fn begin(scope: &Scope, context: &Context, config: &'static Config) -> Self {
        let deadline = Deadline::of(context);
        let (began, meter) = (Some(Instant::now()), Meter::begin(config));
        let mut watch = Watch { id: None, deadline, began, config: Some(config), meter };
        let margin = if config.disabled { Duration::ZERO } else { Settings::of(config).timeout_margin };
        let is_worthwhile = |deadline: &Deadline| deadline.left() > margin.saturating_add(margin / 4);
        let is_early =
            WATCHES && !margin.is_zero() && deadline.as_ref().is_some_and(is_worthwhile) && thread::is_running();
        if !is_early && !LISTS_ALL.load(Ordering::Relaxed) {
            return watch;
        }
        let begun = watch.meter.begun();
        let (id, wakes) = list().add(Watched { scope: **scope, deadline, margin: is_early.then_some(margin), begun });
        if wakes {
            SOONER.notify_one();
        }
        watch.id = Some(id);
        watch
    }

    /// Returns the end of the time for the export of the invocation. `None` without a deadline, and after the deadline
    /// on managed instances.
    pub(crate) fn flush_until(&self) -> Option<Instant> {
        self.deadline.filter(|_| !self.outlived_deadline()).map(Deadline::flush_until)
    }

    /// Returns the deadline. `None` where [`flush_until`](Self::flush_until) returns `None`.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadline.filter(|_| !self.outlived_deadline()).map(|deadline| Instant::now() + deadline.left())
    }

    /// Returns `true` after the deadline of an invocation on managed instances, which run on.
    fn outlived_deadline(&self) -> bool {
        self.deadline.is_some_and(|deadline| deadline.left().is_zero())
            && self.config.map(|config| InitializationType::of(config.env()))
                == Some(InitializationType::ManagedInstances)
    }

    /// Notes that no export follows the end of the invocation.
    pub(crate) fn exported_later(&mut self) {
        self.meter.exported_later();
    }

    /// Ends the watch, before the end of the scope. Records the usage and the time left on the scope, or reports the
    /// outcome of an invocation exported before. Returns `true` for an invocation exported before.
    pub(crate) fn end(mut self, scope: &Scope) -> bool {
        let was_due = self.id.take().is_some_and(|id| !list().remove(id));
        // An unsampled invocation may have been due without an export.
        if was_due && let Some(status) = scope.status_despite_export() {
            self.report_late(scope, &status);
            return true;
        }
        let is_timeout = self.outlived_deadline();
        if is_timeout {
            // The caller got a timeout, whatever the handler returned.
            scope.set_flags(ScopeFlags::FAILED);
            scope.set_error("timeout", "ended after the deadline, when the caller had got a timeout");
        }
        let mut meter = std::mem::take(&mut self.meter);
        if was_due {
            meter.recorded_before();
        }
        meter.end(**scope, is_timeout, self.deadline);
        false
    }

    /// Writes a log line with the real outcome of an invocation exported as timed out.
    #[cold]
    fn report_late(&self, scope: &Scope, status: &Status) {
        let Some(context) = scope.context() else { return };
        let duration_ms = self.began.map_or(0, |began| began.elapsed().as_millis() as u64);
        let (outcome, error) = match status {
            Status::Error { description } => ("error", Some(&**description)),
            _ => ("ok", None),
        };
        let trace = context.trace_id;
        scope.enter(|| {
            tracing::warn!(
                target: "thundra",
                outcome,
                error,
                duration_ms,
                "the invocation of trace {trace} ended after it was exported as unfinished"
            );
        });
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            list().remove(id);
        }
    }
}

/// Reports a margin for exports before deadlines in a build without them.
pub(super) fn report_margin_without_watch(config: &Config) {
    const MARGIN: &str = crate::settings::TIMEOUT_MARGIN.name;
    let is_wanted = |value: String| !value.trim().starts_with('0');
    if !WATCHES && !config.disabled && config.env().get(MARGIN).is_some_and(is_wanted) {
        diagnostics::once(
            "watchdog.feature",
            format_args!(
                "{MARGIN} takes the feature `watchdog` of thundra-aws, so no invocation is exported before it times out"
            ),
        );
    }
}

/// Lists all invocations from now on, for [`take_running`].
pub(super) fn list_all() {
    LISTS_ALL.store(true, Ordering::Relaxed);
}

/// Takes the spans of all running invocations, open ones included, before the process ends. Also returns the end of the
/// time for the export: that of the nearest deadline.
pub(super) fn take_running(ending: &Unfinished<'_>, outcome: Outcome) -> (Records, Option<Instant>) {
    let (mut records, mut until) = (Records::default(), None);
    let running = list().take_all();
    for watched in running {
        let root = watched.attributes();
        let _ = records.append(watched.scope.take_unfinished(&Unfinished { root: &root, ..*ending }));
        watched.scope.write_all_kept_lines();
        evidence::write_unfinished(watched.scope, outcome);
        let flush_until = watched.deadline.map(Deadline::flush_until);
        until = until.into_iter().chain(flush_until).min();
    }
    (records, until)
}

/// The thread.
mod thread {
    use std::sync::OnceLock;

    use thundra_http::export::ThreadRuntime;

    use super::*;

    /// Starts the thread at the first call. Returns `false` without a thread.
    pub(super) fn is_running() -> bool {
        static RUNNING: OnceLock<bool> = OnceLock::new();
        *RUNNING.get_or_init(|| {
            // A new thread plans first, and needs no call.
            list().wake();
            let thread = std::thread::Builder::new().name("thundra-watchdog".into()).spawn(watch);
            if let Err(error) = &thread {
                diagnostics::once(
                    "watchdog",
                    format_args!(
                        "invocations are not exported before they time out: a thread could not be started: {error}"
                    ),
                );
            }
            thread.is_ok()
        })
    }

    fn watch() {
        suppress_thread();
        let mut list = list();
        loop {
            let mut due = Due::default();
            while let Some(watched) = list.take_due() {
                due.add(&watched);
            }
            if let Some(until) = due.until {
                list.wake();
                drop(list);
                due.scopes.iter().for_each(|scope| {
                    scope.write_all_kept_lines();
                    evidence::write_unfinished(*scope, Outcome::Timeout);
                });
                send(due.records, until);
                list = super::list();
                continue;
            }
            list = match list.plan() {
                Some(time) => SOONER.wait_timeout(list, time).unwrap_or_else(PoisonError::into_inner).0,
                None => SOONER.wait(list).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// The spans of the due invocations.
    #[derive(Default)]
    struct Due {
        scopes: Vec<ScopeRef>,
        records: Records,
        /// The end of the time for the export.
        until: Option<Instant>,
    }

    impl Due {
        /// Takes the spans of an invocation. The list is locked.
        fn add(&mut self, watched: &Watched) {
            watched.begun.into_iter().for_each(|begun| begun.times_out(watched.scope, watched.deadline));
            let root = watched.attributes();
            let ending = Unfinished {
                error_type: "timeout",
                description: "still running shortly before the deadline",
                root: &root,
            };
            let _ = self.records.append(watched.scope.take_unfinished(&ending));
            self.scopes.push(watched.scope);
            // A tenth of the margin is left for putting unsent spans back.
            let (left, margin) = (watched.deadline.map(Deadline::left), watched.margin);
            let until = Instant::now() + left.unwrap_or_default().saturating_sub(margin.unwrap_or_default() / 10);
            self.until = self.until.max(Some(until));
        }
    }

    /// Sends spans until the given time. Unsent spans wait for the next flush of the process, if any.
    fn send(records: Records, until: Instant) {
        match ThreadRuntime::new() {
            Ok(runtime) => runtime.run(Box::pin(async {
                // An exporter of the user's may ignore the deadline.
                let _ = tokio::time::timeout_at(until.into(), flush_aside(records, until)).await;
            })),
            Err(error) => {
                export_later(records);
                diagnostics::once(
                    "watchdog.runtime",
                    format_args!("an invocation that times out waits for the next export: no Tokio runtime: {error}"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_cancelled_invocation_is_watched_no_longer() {
        let mut context = Context::default();
        for (left, is_watched, why) in [(60, true, "a deadline"), (0, false, "no time left")] {
            let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(left);
            context.deadline = deadline.as_millis() as u64;
            let scope = Scope::builder("invocation").begin();
            let watch = Watch::begin(&scope, &context, thundra_core::config());
            let id = watch.id;
            assert_eq!(id.is_some(), is_watched, "{why}");
            drop(watch);
            assert!(!id.is_some_and(|id| list().remove(id)), "{why}");
        }
    }

    #[test]
    fn an_invocation_with_the_longest_margin_is_not_watched() {
        let mut config = Config::from_env(&thundra_core::Env::process());
        config.set_section(Settings { timeout_margin: Duration::MAX, ..Settings::default() });
        let mut context = Context::default();
        context.deadline = u64::MAX;
        let watch = Watch::begin(&Scope::builder("invocation").begin(), &context, Box::leak(Box::new(config)));
        assert_eq!(watch.id, None);
    }
}
