//! The export of a program in which a panic ends the process: `panic = "abort"`.
//!
//! `cargo lambda build --release` [builds so], unless the profile of the program says otherwise. Nothing catches such a
//! panic, and nothing is dropped, so the panic hook exports.
//!
//! ```text
//! panic ─► the hook before: prints the message
//!       ─► a thread: marks the scope of the panic as failed ─► takes the running scopes, open spans included ─► flush
//!       ─► the process ends
//! ```
//!
//! The thread of the panic may hold a lock of its own, and waits no longer than a flush takes.
//!
//! [builds so]: https://github.com/cargo-lambda/cargo-lambda/blob/main/crates/cargo-lambda-metadata/src/cargo/mod.rs

use std::panic::{set_hook, take_hook};
use std::sync::{Mutex, Once, PoisonError, mpsc};
use std::thread::Builder;
use std::time::{Duration, Instant};

use thundra_core::exception::Exception;
use thundra_core::export::{is_suppressed, suppress_thread};
use thundra_core::{Config, Records, ScopeFlags, ScopeRef, Unfinished, diagnostics, export_later};

use super::last_flush::flush_before_end;

/// `true` in a program in which a panic ends the process. The compiler drops the hook from other programs.
#[doc(hidden)]
pub const PANICS_ABORT: bool = cfg!(panic = "abort");

/// Takes the spans of the scopes that a dependent crate knows as running, and ends the open spans. Also returns the end
/// of the time for the export, if the scopes have a deadline.
#[doc(hidden)]
pub type TakeRunning = fn(&Unfinished<'_>) -> (Records, Option<Instant>);

/// Takes nothing: the [`TakeRunning`] of a crate that knows no running scopes.
#[doc(hidden)]
pub fn take_none(_: &Unfinished<'_>) -> (Records, Option<Instant>) {
    (Records::default(), None)
}

/// Held by the thread of the first panic until the process ends, so that no other panic ends the process meanwhile.
static ENDING: Mutex<()> = Mutex::new(());

/// Has panics export from now on, if a panic ends the process.
pub(super) fn export_at_panic(config: &'static Config, take_running: TakeRunning) {
    static HOOK: Once = Once::new();

    if PANICS_ABORT && !config.disabled {
        HOOK.call_once(|| {
            let before = take_hook();
            set_hook(Box::new(move |panic| {
                before(panic);
                // An exporter that panics would panic again.
                if !is_suppressed() {
                    let exception = Exception::panic(panic.payload());
                    LastPanic { scope: ScopeRef::current(), exception, take_running }
                        .export_within(config.otlp.flush_limit());
                }
            }));
        });
    }
}

/// A panic that ends the process.
struct LastPanic {
    scope: Option<ScopeRef>,
    exception: Exception,
    take_running: TakeRunning,
}

impl LastPanic {
    /// Exports on another thread, and waits until the end of the export or of the time.
    fn export_within(self, limit: Duration) {
        let _ending = ENDING.lock().unwrap_or_else(PoisonError::into_inner);
        // The rest of the time is for the report of losses.
        let deadline = Instant::now() + limit * 9 / 10;
        let (ended, end) = mpsc::channel::<()>();
        let thread = Builder::new().name("thundra-abort".into()).spawn(move || {
            suppress_thread();
            self.export(deadline);
            drop(ended);
        });
        match thread {
            // Nothing is sent: the wait ends when the thread drops the sender.
            Ok(_) => drop(end.recv_timeout(limit)),
            Err(error) => diagnostics::once(
                "abort",
                format_args!("nothing is exported at the panic: a thread could not be started: {error}"),
            ),
        }
    }

    fn export(self, deadline: Instant) {
        let outermost = self.scope.map(|scope| scope.outermost());
        let nested = self.scope.filter(|scope| Some(*scope) != outermost);
        for scope in nested.into_iter().chain(outermost) {
            scope.set_flags(ScopeFlags::FAILED);
            scope.fail(&self.exception);
        }
        let description = self.exception.to_string();
        let ending = Unfinished { error_type: "panic", description: &description, root: &[] };
        let (mut records, until) = (self.take_running)(&ending);
        if let Some(scope) = outermost {
            let _ = records.append(scope.take_unfinished(&ending));
            scope.write_all_kept_lines();
        }
        export_later(records);
        flush_before_end(until.map_or(deadline, |until| until.min(deadline)));
    }
}
