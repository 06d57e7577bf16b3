//! Data that comes after its scope was finished: spans that end late, traces that nobody flushes at once, and counts
//! that no root span of their own can carry. All of it goes out with the next flush, once.

use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::losses::Losses;
use crate::{Records, diagnostics};

/// The most that waits, but for a trace that comes when nothing waits. More is lost, and counted.
const MAX_BYTES: usize = 8 << 20;

/// A flush in the background begins early when this much waits: about one request to a collector.
const ENOUGH_BYTES: usize = 1 << 20;

static LATE: Mutex<Late> = Mutex::new(Late {
    trace: Records { bytes: Vec::new(), count: 0 },
    losses: Losses::NONE,
    background: None,
    ended: false,
});

#[derive(Debug)]
struct Late {
    trace: Records,
    losses: Losses,
    /// Wakes the task that waits in [`enough`].
    background: Option<Waker>,
    /// `true` after the last flush of a program: nothing exports what comes later.
    ended: bool,
}

fn late() -> MutexGuard<'static, Late> {
    LATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps finished spans for the next flush, as far as there is room. Where nothing waits there is room for a trace of any
/// size.
///
/// No scope may be locked by the caller: this may write to standard error, and whoever holds standard error may wait
/// for that scope.
pub(crate) fn add(trace: Records) {
    let mut late = late();
    let ended = late.ended && !trace.is_empty();
    let (over, background) = late.add(trace);
    drop(late);
    if let Some(background) = background {
        background.wake();
    }
    if ended {
        report_ended();
    }
    if !over.is_empty() {
        diagnostics::once("late", "spans that wait for a flush are over 8 MiB: further ones are lost");
        count(Losses::of(&over));
    }
}

/// Reports that spans came after the last flush.
#[cold]
fn report_ended() {
    diagnostics::once(
        "ended",
        "spans are recorded after the guard of init() was dropped, and nothing exports them: keep it until the program \
         ends, as in `let _telemetry = thundra_http::init();` (`let _ = …` drops it at once)",
    );
}

/// Sets whether nothing exports from now on.
pub(crate) fn end(ended: bool) {
    late().ended = ended;
}

impl Late {
    /// Returns the spans for which there is no room, and the task to wake.
    fn add(&mut self, trace: Records) -> (Records, Option<Waker>) {
        let waits = self.trace.bytes.len();
        let room = if waits == 0 { usize::MAX } else { MAX_BYTES.saturating_sub(waits) };
        let (fits, over) = trace.cut(room, false);
        self.trace.append(fits);
        let is_enough = self.trace.bytes.len() >= ENOUGH_BYTES;
        (over, if is_enough { self.background.take() } else { None })
    }
}

/// Adds counts that no root span can carry.
#[cold]
pub(crate) fn count(losses: Losses) {
    late().losses += losses;
}

/// The number of spans that wait.
pub(crate) fn spans() -> u64 {
    late().trace.count.into()
}

/// Returns everything that is lost if nothing more is sent.
pub(crate) fn unsent() -> Losses {
    let late = late();
    let mut losses = late.losses;
    losses += Losses::of(&late.trace);
    losses
}

/// Takes everything that waits, together with a trace that does not.
pub(crate) fn drain(mut trace: Records) -> (Records, Losses) {
    let mut late = late();
    let (waits, losses) = (std::mem::take(&mut late.trace), std::mem::take(&mut late.losses));
    drop(late);
    trace.append(waits);
    (trace, losses)
}

/// Waits until about 1 MiB waits for a flush. One task at a time can wait.
pub(crate) async fn enough() {
    poll_fn(|context| {
        let mut late = late();
        if late.trace.bytes.len() >= ENOUGH_BYTES {
            return Poll::Ready(());
        }
        late.background = Some(context.waker().clone());
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;

    #[test]
    fn a_trace_of_any_size_has_room_where_nothing_waits_and_a_part_of_it_elsewhere() {
        let trace = |spans: usize| {
            let text = "x".repeat(1 << 20);
            let mut trace = Records::default();
            (0..spans)
                .for_each(|_| trace.append(Scope::builder("span").attribute("text", text.clone()).begin().finish()));
            trace
        };
        for (sizes, over, why) in [
            (&[20][..], &[0][..], "nothing waits"),
            (&[20, 1], &[0, 1], "no room"),
            (&[3, 6, 1], &[0, 2, 1], "room for four of six"),
        ] {
            let mut late = Late { trace: Records::default(), losses: Losses::NONE, background: None, ended: false };
            let lost: Vec<_> = sizes.iter().map(|spans| late.add(trace(*spans)).0.span_count()).collect();
            assert_eq!(lost, over, "{why}");
        }
    }
}
