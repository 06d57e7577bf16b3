//! What this process has used: memory, CPU time, bytes of disks and of the network, from [`/proc/self`].
//!
//! Where a file is missing, as on other systems than Linux, its figures are missing. No reader fails, and the text is
//! read into a buffer on the stack.
//!
//! [`/proc/self`]: https://man7.org/linux/man-pages/man5/proc.5.html

mod file;
mod parse;

use std::fs::read_dir;
use std::path::Path;
use std::time::Duration;

use file::Kept;
pub use parse::Transfer;
use parse::{TICK, Ticks};

/// The most threads whose CPU times are read one by one, at about 5 µs each. Tokio's usual runtime has no more in the
/// largest function, which has six CPUs.
const MOST_THREADS: u64 = 8;

static STAT: Kept = Kept::new("/proc/self/stat");
static STATUS: Kept = Kept::new("/proc/self/status");
static DISK: Kept = Kept::new("/proc/self/io");
static NETWORK: Kept = Kept::new("/proc/self/net/dev");

/// The memory of this process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// The greatest resident size since the start of the process.
    pub peak: u64,
    /// The resident size.
    pub resident: u64,
    /// The size of the address space.
    pub mapped: u64,
}

impl Memory {
    /// Reads the memory of this process.
    pub fn now() -> Option<Self> {
        let text = STATUS.read()?;
        let bytes = |key: &str| parse::kibibytes(text.lines(), key.as_bytes());
        Some(Memory { peak: bytes("VmHWM")?, resident: bytes("VmRSS")?, mapped: bytes("VmSize")? })
    }
}

/// The CPU time of all threads that this process ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CpuTime {
    /// The time in the code of the program, to 10 ms.
    pub user: Duration,
    /// The time in the kernel, to 10 ms.
    pub system: Duration,
    /// The time of the living threads, to the nanosecond.
    living: Option<Duration>,
}

impl CpuTime {
    /// Returns the time since an earlier reading.
    ///
    /// The sum over living threads is exact unless threads ended since then. The total has all threads, and each of its
    /// two parts is cut to 10 ms. So the total decides where both differ by more than that.
    fn since(&self, earlier: &Self) -> Duration {
        let total = (self.user + self.system).saturating_sub(earlier.user + earlier.system);
        let living = self.living.zip(earlier.living).and_then(|(now, earlier)| now.checked_sub(earlier));
        living.filter(|living| living.abs_diff(total) <= 2 * TICK).unwrap_or(total)
    }
}

/// What this process has used since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// The CPU time.
    pub cpu: Option<CpuTime>,
    /// The bytes read from disks, and written to disks.
    pub disk: Option<Transfer>,
    /// The bytes received and sent on the network interfaces that the process sees, which other processes may share.
    /// The loopback interface, and Lambda's interface of the Runtime API, are left out.
    pub network: Option<Transfer>,
    /// The number of threads.
    pub threads: Option<u64>,
}

impl Totals {
    /// Reads the totals of this process.
    pub fn now() -> Self {
        // The kernel brings the time of the running thread up to date for `stat`, so this file is the first.
        let ticks = STAT.read().and_then(|text| parse::stat(text.bytes()));
        let cpu = ticks.map(|ticks| CpuTime {
            user: ticks.user,
            system: ticks.system,
            living: if ticks.threads <= MOST_THREADS { living_threads() } else { None },
        });
        Totals {
            cpu,
            disk: DISK.read().and_then(|text| parse::disk(text.lines())),
            network: NETWORK.read().map(|text| parse::network(text.lines())),
            threads: ticks.map(|ticks| ticks.threads),
        }
    }

    /// Returns what was used since an earlier reading.
    pub fn since(&self, earlier: &Self) -> Used {
        let since = |now: Option<Transfer>, earlier: Option<Transfer>| Some(now?.since(earlier?));
        Used {
            cpu: self.cpu.zip(earlier.cpu).map(|(now, earlier)| now.since(&earlier)),
            disk: since(self.disk, earlier.disk),
            network: since(self.network, earlier.network),
        }
    }
}

/// What this process used between two readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Used {
    /// The CPU time.
    pub cpu: Option<Duration>,
    /// The bytes read from disks, and written to disks.
    pub disk: Option<Transfer>,
    /// The bytes received and sent on the network.
    pub network: Option<Transfer>,
}

/// Returns the time since the start of this process, to 10 ms.
pub fn since_start() -> Option<Duration> {
    let Ticks { started, .. } = parse::stat(STAT.read()?.bytes())?;
    let up = parse::uptime(file::read(Path::new("/proc/uptime"))?.bytes())?;
    up.checked_sub(started)
}

/// Returns the CPU time of the living threads. `None` if the kernel does not measure it.
fn living_threads() -> Option<Duration> {
    let mut sum = None;
    for thread in read_dir("/proc/self/task").ok()?.flatten() {
        // A thread may end meanwhile.
        let text = file::read(&thread.path().join("schedstat"));
        if let Some(time) = text.and_then(|text| parse::schedstat(text.bytes())) {
            sum = Some(sum.unwrap_or(Duration::ZERO).saturating_add(time));
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::time::Instant;

    use super::*;

    fn cpu(user_ms: u64, living_us: Option<u64>) -> CpuTime {
        CpuTime {
            user: Duration::from_millis(user_ms),
            system: Duration::ZERO,
            living: living_us.map(Duration::from_micros),
        }
    }

    #[test]
    fn cpu_time_is_exact_unless_threads_ended() {
        for (earlier, now, micros, why) in [
            (cpu(10, Some(10_100)), cpu(10, Some(12_600)), 2_500, "below the resolution of the total"),
            (cpu(10, Some(10_000)), cpu(40, Some(41_000)), 31_000, "within the resolution of the total"),
            (cpu(10, Some(10_000)), cpu(90, Some(11_000)), 80_000, "a thread that began and ended"),
            (cpu(50, Some(50_000)), cpu(60, Some(12_000)), 10_000, "a thread that began before and ended"),
            (cpu(10, None), cpu(30, Some(31_000)), 20_000, "the kernel measures the total alone"),
            (cpu(30, None), cpu(10, None), 0, "never negative"),
        ] {
            assert_eq!(now.since(&earlier), Duration::from_micros(micros), "{why}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_readers_follow_this_process() {
        let (before, memory) = (Totals::now(), Memory::now().unwrap());
        assert!(memory.peak >= memory.resident && memory.mapped > memory.resident && memory.resident > 100_000);
        let mut held = vec![1_u8; 32 << 20];
        let began = Instant::now();
        let mut used = Used::default();
        while used.cpu.unwrap_or_default() < Duration::from_millis(60) && began.elapsed() < Duration::from_secs(60) {
            let busy = || (0..2_000_000_u32).for_each(|number| _ = black_box(number));
            std::thread::spawn(busy).join().unwrap();
            used = Totals::now().since(&before);
        }
        black_box(&mut held);
        assert!(Memory::now().unwrap().peak >= memory.peak.max(32 << 20));
        assert!(used.cpu >= Some(Duration::from_millis(60)), "of threads that ended: {used:?}");
        assert!(used.disk.is_none_or(|disk| disk.incoming < 1 << 40), "{used:?}");
        assert!(since_start().unwrap() >= Duration::from_millis(40));
    }
}
