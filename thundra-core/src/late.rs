//! What is said later than it happened: spans that end after their scope was finished, which go out with the next
//! flush, once; and counts that no root span could tell, which the next one does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::{Trace, diagnostics};

/// What waits at most; what is over is lost, and counted.
const MAX_BYTES: usize = 8 << 20;

static LATE: Mutex<Trace> = Mutex::new(Trace { bytes: Vec::new(), count: 0 });
static LOST: AtomicU64 = AtomicU64::new(0);
static INCOMPLETE_MESSAGES: AtomicU64 = AtomicU64::new(0);

/// Keeps finished spans for the next flush. Not to be called with a scope locked: it may have something to say, and who
/// holds standard error may wait for that scope.
pub(crate) fn add(bytes: &[u8], count: u32) {
    let mut late = LATE.lock().unwrap_or_else(PoisonError::into_inner);
    if late.bytes.len() + bytes.len() > MAX_BYTES {
        drop(late);
        diagnostics::once("late", "spans that wait for a flush are over 8 MiB: further ones are lost");
        return lost(u64::from(count));
    }
    late.bytes.extend_from_slice(bytes);
    late.count += count;
}

/// All that waits.
pub(crate) fn drain() -> Trace {
    std::mem::take(&mut *LATE.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Counts spans that could not be kept.
pub(crate) fn lost(spans: u64) {
    LOST.fetch_add(spans, Ordering::Relaxed);
}

/// How many spans were lost since this was last asked. The next root span says so.
pub(crate) fn take_lost() -> u64 {
    take(&LOST)
}

/// Counts messages of a scope that is not recorded, which could not carry our context or not all of it.
pub(crate) fn incomplete(messages: u64) {
    if messages > 0 {
        INCOMPLETE_MESSAGES.fetch_add(messages, Ordering::Relaxed);
    }
}

/// How many such messages there were since this was last asked.
pub(crate) fn take_incomplete() -> u64 {
    take(&INCOMPLETE_MESSAGES)
}

/// Nearly always there is nothing, and then nothing is written.
fn take(count: &AtomicU64) -> u64 {
    match count.load(Ordering::Relaxed) {
        0 => 0,
        _ => count.swap(0, Ordering::Relaxed),
    }
}
