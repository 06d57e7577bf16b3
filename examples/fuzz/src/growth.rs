//! The growth of the cost with the size of the input.

use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_gettime};

/// The size of a grown input.
const GROWN: usize = 256 << 10;

/// The limit per byte, some fifty times the usual time. A search of all bytes before each byte would take a multiple.
const LIMIT_OF_A_BYTE: Duration = Duration::from_nanos(200);

/// Asserts that the cost of an input does not explode after repeating a part of the input, as in a long payload or in
/// an event of many records. The first byte decides if the input is grown, and the next two bytes select the repeated
/// part of the rest. `event` makes the grown input an event.
///
/// Only the time of the current thread on a processor counts, and the best of several runs, so a busy machine changes
/// nothing.
pub fn assert_bounded(input: &[u8], event: impl Fn(Vec<u8>) -> Option<Vec<u8>>, work: impl Fn(&[u8])) {
    let [choice, from, to, text @ ..] = input else { return };
    if choice % 32 != 0 || text.is_empty() {
        return;
    }
    let at = |byte: u8| usize::from(byte) * text.len() / 256;
    let (from, to) = (at(*from.min(to)), at(*from.max(to)) + 1);
    let (before, part, after) = (&text[..from], &text[from..to], &text[to..]);
    let Some(event) = event([before, &part.repeat(GROWN / part.len()), after].concat()) else { return };
    let limit = LIMIT_OF_A_BYTE * u32::try_from(event.len()).unwrap();
    let is_bounded = (0..5).any(|_| time_of(|| work(&event)) < limit);
    assert!(is_bounded, "the bytes {from}..{to} of {:?} are dear when repeated", String::from_utf8_lossy(text));
}

fn time_of(work: impl Fn()) -> Duration {
    let began = now();
    work();
    now() - began
}

/// Returns the CPU time of the current thread.
fn now() -> Duration {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(tv_sec.try_into().unwrap(), tv_nsec.try_into().unwrap())
}
