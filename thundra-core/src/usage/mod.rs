//! The resources used by the process: memory, CPU time, bytes of disks and of the network, from [`/proc/self`].
//!
//! Without a file, as on systems other than Linux, the figures of the file are missing. No reader fails. Readers take
//! turns with one buffer.
//!
//! [`/proc/self`]: https://man7.org/linux/man-pages/man5/proc.5.html

mod file;
mod parse;

use std::path::Path;
use std::time::Duration;

use file::Kept;
pub use parse::Transfer;
use parse::{Label, Ticks};

static STAT: Kept = Kept::new("/proc/self/stat");
static STATUS: Kept = Kept::new("/proc/self/status");
static DISK: Kept = Kept::new("/proc/self/io");
static NETWORK: Kept = Kept::new("/proc/self/net/dev");

static RESIDENT: Label = Label::new(b"\nVmRSS:");
static MAPPED: Label = Label::new(b"\nVmSize:");
static PEAK: Label = Label::new(b"\nVmHWM:");

/// The memory in use by the process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Memory {
    /// The resident size.
    pub resident: u64,
    /// The size of the address space.
    pub mapped: u64,
}

impl Memory {
    /// Reads the memory of the process.
    pub fn now() -> Option<Self> {
        STATUS.read(|text| Some(Memory { resident: RESIDENT.kibibytes(text)?, mapped: MAPPED.kibibytes(text)? }))
    }
}

/// Returns the greatest resident size since the start of the process, in bytes.
pub fn peak_memory() -> Option<u64> {
    STATUS.read(|text| PEAK.kibibytes(text))
}

/// The CPU time and the threads of the process, from the kernel's counts in `stat`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Threads {
    /// The time in the code of the program, to 10 ms, for all threads, including ended threads.
    pub user: Duration,
    /// The time in the kernel, to 10 ms.
    pub system: Duration,
    /// The number of living threads.
    pub count: u64,
}

impl Threads {
    /// Reads the CPU time and the threads of the process.
    pub fn now() -> Option<Self> {
        let Ticks { user, system, threads, .. } = STAT.read(parse::stat)?;
        Some(Threads { user, system, count: threads })
    }
}

/// The resources used by the process since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// The CPU time of all threads, including ended threads.
    pub cpu: Option<Duration>,
    /// The bytes read from disks, and written to disks.
    pub disk: Option<Transfer>,
    /// The bytes received and sent on the network interfaces visible to the process. Other processes may share the
    /// interfaces. The loopback interface, and Lambda's interface of the Runtime API, are left out.
    pub network: Option<Transfer>,
}

impl Totals {
    /// Reads the totals of the process.
    pub fn now() -> Self {
        Totals {
            cpu: cpu_time(),
            disk: DISK.read(parse::disk),
            network: NETWORK.read(|text| Some(parse::network(text))),
        }
    }

    /// Returns the resources used since an earlier reading.
    pub fn since(&self, earlier: &Self) -> Used {
        let since = |now: Option<Transfer>, earlier: Option<Transfer>| Some(now?.since(earlier?));
        Used {
            cpu: self.cpu.zip(earlier.cpu).map(|(now, earlier)| now.saturating_sub(earlier)),
            disk: since(self.disk, earlier.disk),
            network: since(self.network, earlier.network),
        }
    }
}

/// The resources used by the process between two readings.
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

/// Returns the time since the start of the process, to 10 ms.
pub fn since_start() -> Option<Duration> {
    let Ticks { started, .. } = STAT.read(parse::stat)?;
    let up = file::read(Path::new("/proc/uptime"), parse::uptime)?;
    up.checked_sub(started)
}

/// Returns the CPU time of all threads, including ended threads. The files of `/proc` have the time to 10 ms only.
#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime).try_into().ok()
}

#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::time::Instant;

    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_readers_follow_this_process() {
        let (before, memory) = (Totals::now(), Memory::now().unwrap());
        let peak = peak_memory().unwrap();
        assert!(peak >= memory.resident && memory.mapped > memory.resident && memory.resident > 100_000);
        let mut held = vec![1_u8; 32 << 20];
        let began = Instant::now();
        let mut used = Used::default();
        while used.cpu.unwrap_or_default() < Duration::from_millis(60) && began.elapsed() < Duration::from_secs(60) {
            let busy = || (0..2_000_000_u32).for_each(|number| _ = black_box(number));
            std::thread::spawn(busy).join().unwrap();
            used = Totals::now().since(&before);
        }
        black_box(&mut held);
        assert!(peak_memory().unwrap() >= peak.max(32 << 20));
        assert!(used.cpu >= Some(Duration::from_millis(60)), "of threads that ended: {used:?}");
        assert!(used.disk.is_none_or(|disk| disk.incoming < 1 << 40), "{used:?}");
        assert!(since_start().unwrap() >= Duration::from_millis(40));
    }
}
