//! The growth of a cost with the size of the input.

use std::time::Duration;

/// The limit for an input of eight times the size. A linear cost takes 8 times as long, and a quadratic cost 64 times.
const LIMIT: u32 = 24;

/// The cost of a small input at the least. A shorter time is mostly noise.
const NOISE: Duration = Duration::from_millis(1);

/// Asserts that the cost of the work is linear in the size of the input. `input` makes an input of a size.
///
/// Only the time of the current thread on a processor counts, and one of several runs within the limit is enough, so a
/// busy machine changes nothing.
#[track_caller]
pub fn assert_linear<I>(size: usize, input: impl Fn(usize) -> I, work: impl Fn(&I), why: &str) {
    let [small, large] = [size / 8, size].map(input);
    let mut runs = Vec::new();
    for _ in 0..3 {
        let [small, large] = [&small, &large].map(|input| time_of(|| work(input)));
        if large < LIMIT * small.max(NOISE) {
            return;
        }
        runs.push((small, large));
    }
    assert!(runs.is_empty(), "{why}: an eighth of the input and the whole input took {runs:?}");
}

fn time_of(work: impl FnOnce()) -> Duration {
    let began = now();
    work();
    now().saturating_sub(began)
}

/// Returns the CPU time of the current thread.
#[cfg(unix)]
fn now() -> Duration {
    rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

/// Returns the time since the first call.
#[cfg(not(unix))]
fn now() -> Duration {
    static FIRST: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    FIRST.elapsed()
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;

    use super::assert_linear;

    #[test]
    #[should_panic(expected = "an eighth of the input")]
    fn a_quadratic_cost_is_caught() {
        let compare_all = |items: &Vec<u32>| {
            for item in items {
                black_box(items.iter().filter(|other| *other == item).count());
            }
        };
        assert_linear(4_000, |size| vec![0; size], compare_all, "quadratic");
    }
}
