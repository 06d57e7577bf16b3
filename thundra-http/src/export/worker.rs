//! The exporting thread outside of Lambda, and on Lambda's managed instances: about once a second, and whenever about 1
//! MiB waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use thundra_core::export::suppress_thread;
use thundra_core::metrics::collect_every;
use thundra_core::{
    Records, config, diagnostics, export_later_is_due, flush, flush_last, last_export, report_missing_scope, unexported,
};
use tokio::sync::oneshot;
use tokio::time::{timeout, timeout_at};

use super::runtime::ThreadRuntime;

const INTERVAL: Duration = Duration::from_secs(1);

/// `true` while the thread runs. The thread exports once more at the end, and reports losses.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// A function for the thread, in the hands of a dependent crate.
static AFTER_FLUSH: OnceLock<fn()> = OnceLock::new();

/// Has the thread call a function after each flush. The function must not block. The first call counts.
#[doc(hidden)]
pub fn after_each_flush(then: fn()) {
    let _ = AFTER_FLUSH.set(then);
}

/// The handle of the thread. Dropping the handle ends the thread after a last export.
#[doc(hidden)]
#[derive(Debug)]
pub struct Worker {
    /// Takes the deadline of the thread.
    stop: Option<oneshot::Sender<Instant>>,
    ended: Arc<Ended>,
    /// The longest wait for the end of the thread.
    patience: Duration,
}

/// The end of the thread.
#[derive(Debug, Default)]
struct Ended {
    has_ended: Mutex<bool>,
    changed: Condvar,
}

impl Ended {
    fn wait(&self, longest: Duration) {
        let has_ended = self.has_ended.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.changed.wait_timeout_while(has_ended, longest, |has_ended| !*has_ended));
    }
}

/// Reports the end of the thread when dropped, after a panic too.
struct Ending(Arc<Ended>);

impl Drop for Ending {
    fn drop(&mut self) {
        *self.0.has_ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }
}

impl Worker {
    /// Starts the thread; `None`, and a line on standard error, where starting fails.
    pub fn start(patience: Duration) -> Option<Self> {
        collect_every(config().metric_export_interval);
        let (stop, stopped) = oneshot::channel();
        let ended = Arc::<Ended>::default();
        let ending = Ending(ended.clone());
        let thread = ThreadRuntime::new().and_then(|runtime| {
            RUNNING.store(true, Ordering::Relaxed);
            std::thread::Builder::new().name("thundra-export".into()).spawn(move || {
                suppress_thread();
                // A blocking task may still compress a batch. The result is not needed.
                runtime.run(Box::pin(work(stopped)));
                drop(ending);
            })
        });
        match thread {
            Ok(_) => Some(Worker { stop: Some(stop), ended, patience }),
            Err(error) => {
                RUNNING.store(false, Ordering::Relaxed);
                diagnostics::once(
                    "worker",
                    format_args!("nothing is exported in the background: a thread could not be started: {error}"),
                );
                None
            }
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The rest of the time is for the report, and for a thread without a processor.
        let deadline = Instant::now() + self.patience * 9 / 10;
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(deadline);
        }
        // An unread pipe may block the thread for good. The program ends without the thread then.
        self.ended.wait(self.patience);
    }
}

async fn work(mut stopped: oneshot::Receiver<Instant>) {
    let deadline = loop {
        tokio::select! {
            deadline = &mut stopped => break deadline,
            _ = timeout(INTERVAL, export_later_is_due()) => {}
        }
        let mut flush = std::pin::pin!(flush(Records::default(), None));
        tokio::select! {
            () = &mut flush => {}
            deadline = &mut stopped => {
                if let Ok(deadline) = deadline {
                    let _ = timeout_at(last_export(deadline).into(), flush).await;
                }
                break deadline;
            }
        }
        if let Some(then) = AFTER_FLUSH.get() {
            then();
        }
    };
    if let Ok(deadline) = deadline {
        let _ = timeout_at(deadline.into(), flush_last(deadline)).await;
    }
    report_missing_scope();
    RUNNING.store(false, Ordering::Relaxed);
    report_losses();
}

/// Reports on standard error the number of records lost at the end of a program, in a line for each exporter. Does
/// nothing while the guard of [`init`](crate::init) is held, since dropping the guard may export the records.
#[doc(hidden)]
pub fn report_losses() {
    if !RUNNING.load(Ordering::Relaxed) {
        report_losses_now();
    }
}

/// Reports as [`report_losses`] does, whoever may still export.
#[doc(hidden)]
pub fn report_losses_now() {
    for (index, lost) in unexported().into_iter().enumerate().filter(|(_, lost)| lost.has_records()) {
        diagnostics::once(
            &format!("export.end.{index}"),
            format_args!("lost {lost} that could not be exported before the end"),
        );
    }
}
