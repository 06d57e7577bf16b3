//! A thread for writing. An unread pipe blocks the thread, and never the program.
//!
//! The pipe stays in blocking mode, since other processes and the program's own `println!` share the pipe.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Poll, Waker};
use std::time::Instant;

use super::{Batch, ExportError, ExportFuture};
use crate::contained;

/// Formats and writes a batch, without a limit of time.
type Write = dyn Fn(&Batch) -> Result<(), ExportError> + Send + Sync;

/// A thread that writes batches in turn. The first batch starts the thread.
pub(super) struct Writer {
    desk: Arc<Desk>,
    thread: OnceLock<()>,
}

/// The state shared with the thread.
struct Desk {
    write: Box<Write>,
    state: Mutex<State>,
    handed_over: Condvar,
}

#[derive(Debug, Default)]
struct State {
    job: Job,
    /// Wakes the flush behind the job.
    flush: Option<Waker>,
}

#[derive(Debug, Default)]
enum Job {
    #[default]
    None,
    HandedOver(Batch),
    Writing,
    Done(Result<(), ExportError>),
}

impl Writer {
    pub(super) fn new(write: impl Fn(&Batch) -> Result<(), ExportError> + Send + Sync + 'static) -> Self {
        let desk = Desk { write: Box::new(write), state: Mutex::default(), handed_over: Condvar::new() };
        Writer { desk: Arc::new(desk), thread: OnceLock::new() }
    }

    /// Hands a batch to the thread. Fails as retryable while the thread writes another batch.
    pub(super) fn export<'a>(&'a self, batch: &'a Batch) -> ExportFuture<'a> {
        Box::pin(async {
            let mut state = self.desk.state();
            if !matches!(state.job, Job::None) {
                return Err(ExportError::retryable("an earlier batch is still being written"));
            }
            state.job = Job::HandedOver(batch.clone());
            drop(state);
            if self.thread.get().is_none() && Desk::start(&self.desk) {
                let _ = self.thread.set(());
            }
            self.desk.handed_over.notify_one();
            Ok(())
        })
    }

    /// Waits until the batch is written, or returns at once when the deadline has passed.
    pub(super) fn force_flush(&self, deadline: Instant) -> ExportFuture<'_> {
        Box::pin(poll_fn(move |context| {
            let mut state = self.desk.state();
            match std::mem::take(&mut state.job) {
                Job::None => Poll::Ready(Ok(())),
                Job::Done(result) => Poll::Ready(result),
                under_way => {
                    state.job = under_way;
                    if Instant::now() >= deadline {
                        return Poll::Ready(Err(ExportError::retryable(
                            "standard output or standard error is not being read",
                        )));
                    }
                    state.flush = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        }))
    }
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the thread. If starting fails, the batch is lost, and the next batch starts the thread.
    fn start(desk: &Arc<Self>) -> bool {
        let works = desk.clone();
        let thread = std::thread::Builder::new().name("thundra-writer".into());
        let is_started = thread.spawn(move || works.work()).is_ok();
        if !is_started {
            desk.state().job = Job::Done(Err(ExportError::permanent("no thread to write it could be started")));
        }
        is_started
    }

    fn work(&self) {
        loop {
            let batch = self.next();
            let written = contained(|| (self.write)(&batch));
            let mut state = self.state();
            state.job =
                Job::Done(written.unwrap_or_else(|| Err(ExportError::permanent("it could not be formatted: a panic"))));
            if let Some(flush) = state.flush.take() {
                drop(state);
                flush.wake();
            }
        }
    }

    /// Waits for the next batch.
    fn next(&self) -> Batch {
        let mut state = self.state();
        loop {
            match std::mem::take(&mut state.job) {
                Job::HandedOver(batch) => {
                    state.job = Job::Writing;
                    return batch;
                }
                other => state.job = other,
            }
            state = self.handed_over.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::export::ExportErrorKind;
    use crate::{Resource, Scope};

    fn is_retryable(result: &Result<(), ExportError>) -> bool {
        result.as_ref().is_err_and(|error| error.kind() == ExportErrorKind::Retryable)
    }

    fn batch() -> Batch {
        Batch::new(Arc::new(Resource::new([])), Scope::builder("span").begin().finish())
    }

    #[tokio::test]
    async fn a_writer_that_is_stuck_refuses_and_holds_nobody_up() {
        let (unblock, blocked) = mpsc::channel::<()>();
        let blocked = Mutex::new(blocked);
        let writer = Writer::new(move |_| {
            let _ = blocked.lock().unwrap().recv();
            Ok(())
        });
        let soon = Instant::now() + Duration::from_secs(60);
        writer.export(&batch()).await.unwrap();
        let result = writer.force_flush(Instant::now()).await;
        assert!(is_retryable(&result), "{result:?}");
        let result = writer.export(&batch()).await;
        assert!(is_retryable(&result), "{result:?}");
        unblock.send(()).unwrap();
        writer.force_flush(soon).await.unwrap();
        unblock.send(()).unwrap();
        writer.export(&batch()).await.unwrap();
        writer.force_flush(soon).await.unwrap();
    }

    #[tokio::test]
    async fn what_fails_or_panics_is_lost_and_the_next_batch_is_written() {
        let turn = Mutex::new(0);
        let writer = Writer::new(move |_| {
            let mut turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            *turn += 1;
            match *turn {
                1 => Err(ExportError::permanent("full")),
                2 => panic!("while it is formatted"),
                _ => Ok(()),
            }
        });
        let soon = Instant::now() + Duration::from_secs(60);
        let mut ends = Vec::new();
        for _ in 0..3 {
            writer.export(&batch()).await.unwrap();
            ends.push(writer.force_flush(soon).await.is_ok());
        }
        assert_eq!(ends, [false, false, true]);
    }
}
