//! The kernel's figures of a process.

use std::fs;
use std::ops::Sub;
use std::time::Duration;

use crate::Result;

/// The resource usage of the threads of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) cpu: Duration,
    /// The number of context switches to the threads.
    pub(super) switches: u64,
}

impl Sub for Usage {
    type Output = Usage;

    fn sub(self, before: Usage) -> Usage {
        Usage { cpu: self.cpu.saturating_sub(before.cpu), switches: self.switches.saturating_sub(before.switches) }
    }
}

/// Reads the usage of the current threads in nanoseconds; the better known `stat` counts in steps of 10 ms.
pub(super) fn usage(process: u32) -> Result<Usage> {
    let mut usage = Usage::default();
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        let mut numbers = text.split_whitespace().map(str::parse::<u64>);
        let (Some(cpu), _waiting, Some(switches)) = (numbers.next(), numbers.next(), numbers.next()) else {
            return Err(format!("schedstat: {text}").into());
        };
        usage.cpu += Duration::from_nanos(cpu?);
        usage.switches += switches?;
    }
    Ok(usage)
}

/// Returns the peak resident memory.
pub(super) fn peak_rss_kib(process: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel says no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
