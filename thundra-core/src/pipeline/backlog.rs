//! Records without a flush of their own.
//!
//! Spans may end after their scope has finished, and a finished scope may leave the flush to a background thread. The
//! records of both are kept here in order, and leave with the next flush. Counts without a root span are kept as well.
//!
//! All signals share one limit.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::losses::Losses;
use super::tally;
use crate::export::LossReason;
use crate::{MixedSignals, Records, Signal, diagnostics};

/// The limit of the backlog. Records beyond the limit are lost, and counted. An empty backlog takes records of any
/// size.
const MAX_BYTES: usize = 8 << 20;

/// The size of the backlog at which a background flush begins early: about one request.
const ENOUGH_BYTES: usize = 1 << 20;

static BACKLOG: Mutex<Backlog> = Mutex::new(Backlog::EMPTY);

#[derive(Debug)]
struct Backlog {
    /// One run for each signal.
    waiting: Vec<Records>,
    /// The bytes of all runs.
    bytes: usize,
    losses: Losses,
    /// Wakes the task in [`enough`].
    background: Option<Waker>,
    /// `true` after the last flush of a program: no flush follows.
    ended: bool,
}

/// The content of the backlog, for a flush.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// Records of other signals than the flush's own, in one run for each signal.
    pub(crate) others: Vec<Records>,
    pub(crate) losses: Losses,
}

fn backlog() -> MutexGuard<'static, Backlog> {
    BACKLOG.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps records for the next flush, up to the limit.
///
/// The caller must not hold the lock of a scope. This function may write to standard error, whose lock another thread
/// may hold while waiting for the scope.
pub(crate) fn add(records: Records) {
    if records.is_empty() {
        return;
    }
    let signal = records.signal();
    let mut backlog = backlog();
    let ended = backlog.ended;
    let (over, background) = backlog.add(records);
    drop(backlog);
    if let Some(background) = background {
        background.wake();
    }
    if ended {
        report_ended(signal);
    }
    if !over.is_empty() {
        diagnostics::once(
            &format!("backlog.{}", over.signal()),
            format_args!("{} waiting for a flush exceed 8 MiB; the excess is lost", over.signal().records()),
        );
        tally::lost(over.signal(), over.count().into(), LossReason::BacklogFull);
        count(Losses::of(&over, LossReason::BacklogFull));
    }
}

/// Reports records after the last flush.
#[cold]
fn report_ended(signal: Signal) {
    diagnostics::once(
        &format!("ended.{signal}"),
        format_args!(
            "{} are recorded after the guard of init() was dropped, and nothing exports them: keep it until the program \
             ends, as in `let _telemetry = thundra_http::init();` (`let _ = …` drops it at once)",
            signal.records()
        ),
    );
}

/// Shares the waiting records with exporters that follow X-Ray as well.
pub(crate) fn share() {
    for run in &mut backlog().waiting {
        *run = std::mem::take(run).for_all();
    }
}

/// Sets the end of the program's flushes, or takes it back.
pub(crate) fn end(ended: bool) {
    backlog().ended = ended;
}

impl Backlog {
    const EMPTY: Self = Backlog { waiting: Vec::new(), bytes: 0, losses: Losses::NONE, background: None, ended: false };

    /// Returns the records beyond the limit, and the task to wake.
    fn add(&mut self, records: Records) -> (Records, Option<Waker>) {
        let room = if self.bytes == 0 { usize::MAX } else { MAX_BYTES.saturating_sub(self.bytes) };
        let (fits, over) = records.cut(room, false);
        self.bytes += fits.bytes().len();
        let rest =
            self.waiting.iter_mut().try_fold(fits, |fits, run| run.append(fits).err().map(MixedSignals::into_records));
        self.waiting.extend(rest);
        let is_enough = self.bytes >= ENOUGH_BYTES;
        (over, if is_enough { self.background.take() } else { None })
    }
}

/// Adds counts without a root span.
#[cold]
pub(crate) fn count(losses: Losses) {
    backlog().losses += losses;
}

/// Returns the number of spans in the backlog.
pub(crate) fn spans() -> u64 {
    let backlog = backlog();
    let spans = backlog.waiting.iter().filter(|run| run.signal() == Signal::Traces);
    spans.map(|run| u64::from(run.count())).sum()
}

/// Returns the losses if no flush follows.
pub(crate) fn unsent() -> Losses {
    let backlog = backlog();
    let mut losses = backlog.losses.clone();
    backlog.waiting.iter().for_each(|run| losses += Losses::of(run, LossReason::Unsent));
    losses
}

/// Empties the backlog of records and counts.
pub(crate) fn forget() {
    let mut backlog = backlog();
    (backlog.bytes, backlog.losses) = (0, Losses::NONE);
    backlog.waiting.clear();
}

/// Empties the backlog. Adds its records of the same signal to `records`.
pub(crate) fn drain(records: &mut Records) -> Due {
    let mut backlog = backlog();
    let mut due = Due::default();
    if !backlog.losses.is_none() {
        due.losses = std::mem::take(&mut backlog.losses);
    }
    if backlog.bytes > 0 {
        backlog.bytes = 0;
        let waiting = std::mem::take(&mut backlog.waiting);
        drop(backlog);
        due.others
            .extend(waiting.into_iter().filter_map(|run| records.append(run).err()).map(MixedSignals::into_records));
    }
    due
}

/// Waits for a backlog of about 1 MiB. One task at a time can wait.
pub(crate) async fn enough() {
    poll_fn(|context| {
        // Cloned before the lock, and dropped after it: either is code of an executor, and may end a scope.
        let mut waker = Some(context.waker().clone());
        let mut backlog = backlog();
        if backlog.bytes >= ENOUGH_BYTES {
            return Poll::Ready(());
        }
        std::mem::swap(&mut backlog.background, &mut waker);
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::{Arc, TryLockError};
    use std::task::{Context, Wake};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::Scope;
    use crate::test_records::{logs, metrics};

    fn spans(number: usize) -> Records {
        let text = "x".repeat(1 << 20);
        let mut spans = Records::default();
        let span = || Scope::builder("span").attribute("text", text.clone()).begin().finish();
        (0..number).for_each(|_| spans.append(span()).unwrap());
        spans
    }

    #[test]
    fn records_of_any_size_have_room_where_nothing_waits_and_a_part_of_them_elsewhere() {
        for (sizes, over, why) in [
            (&[20][..], &[0][..], "nothing waits"),
            (&[20, 1], &[0, 1], "no room"),
            (&[3, 6, 1], &[0, 2, 1], "room for four of six"),
        ] {
            let mut backlog = Backlog::EMPTY;
            let lost: Vec<_> = sizes.iter().map(|number| backlog.add(spans(*number)).0.count()).collect();
            assert_eq!(lost, over, "{why}");
        }
    }

    /// A waker whose last handle asks for the lock, as the end of a task may.
    struct Looks;

    impl Wake for Looks {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for Looks {
        fn drop(&mut self) {
            // Other tests hold the lock for moments.
            let is_free = |_| {
                thread::sleep(Duration::from_millis(1));
                !matches!(BACKLOG.try_lock(), Err(TryLockError::WouldBlock))
            };
            assert!((0..1000).any(is_free), "the lock is held by this thread");
        }
    }

    #[test]
    fn a_waker_is_dropped_without_the_lock() {
        let mut waits = pin!(enough());
        for _ in 0..2 {
            let waker = Waker::from(Arc::new(Looks));
            let _ = waits.as_mut().poll(&mut Context::from_waker(&waker));
        }
    }

    #[test]
    fn all_signals_wait_in_one_run_each_under_one_limit() {
        let mut backlog = Backlog::EMPTY;
        let text = "x".repeat(1 << 20);
        for records in [logs(&[text.as_str(); 3]), spans(2), metrics(&[1, 2]), logs(&["short"]), spans(1)] {
            assert!(backlog.add(records).0.is_empty());
        }
        let waiting: Vec<_> = backlog.waiting.iter().map(|run| (run.signal(), run.count())).collect();
        assert_eq!(waiting, [(Signal::Logs, 4), (Signal::Traces, 3), (Signal::Metrics, 3)]);
        assert_eq!(backlog.bytes, backlog.waiting.iter().map(|run| run.bytes().len()).sum::<usize>());
        assert_eq!(backlog.add(logs(&[text.as_str(); 3])).0.count(), 2, "room for one of three");
        assert_eq!(backlog.add(spans(1)).0.count(), 1, "and for no span");
    }
}
