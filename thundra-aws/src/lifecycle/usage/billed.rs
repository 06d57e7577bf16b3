//! An estimate of Lambda's bill for an invocation.
//!
//! [Lambda bills] the time from an event until the runtime and all extensions request the next one. The first
//! invocation of an environment is billed [for the initialisation] as well, for every runtime and package type. The sum
//! is rounded up to a millisecond, and multiplied by the memory of the function in GB (1,024 MB). With SnapStart,
//! Lambda bills the hooks after the restore in place of the initialisation.
//!
//! [Lambda bills]: https://aws.amazon.com/lambda/pricing/
//! [for the initialisation]: https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/

use std::time::Duration;

/// The billed phases of an invocation.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Phases {
    /// From the start of the process, or from the restore, to the request for the first event. Zero in later
    /// invocations.
    pub(super) init: Duration,
    /// From the event to the end of the response.
    pub(super) invoke: Duration,
    /// From the end of the response to the request for the next event.
    pub(super) export: Duration,
}

impl Phases {
    /// Returns the billed milliseconds.
    pub(super) fn millis(self) -> u64 {
        let sum = self.init.saturating_add(self.invoke).saturating_add(self.export);
        u64::try_from(sum.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).max(1)
    }
}

/// Returns the billed GB-seconds.
pub(super) fn gb_seconds(millis: u64, memory_mb: u32) -> f64 {
    millis as f64 / 1000.0 * (f64::from(memory_mb) / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_billed_duration_is_that_of_lambdas_log() {
        // Microseconds, as `Init Duration` and `Duration` in REPORT lines.
        for (init, invoke, export, billed, why) in [
            (0, 250_060, 0, 251, "a warm invocation"),
            (0, 250_000, 0, 250, "whole milliseconds"),
            (0, 250_010, 0, 251, "a little more"),
            (0, 10, 0, 1, "less than the least"),
            (0, 0, 0, 1, "nothing at all"),
            (1_293_830, 1_049_630, 0, 2344, "a cold start: the sum is rounded up"),
            (1_307_680, 1_058_150, 0, 2366, "a cold start: each rounded up would be 2367"),
            (0, 100_400, 7_300, 108, "with the export after the response"),
            (90_200, 100_400, 7_300, 198, "all three"),
            (0, 900_000_000, 0, 900_000, "the longest invocation"),
        ] {
            let [init, invoke, export] = [init, invoke, export].map(Duration::from_micros);
            let phases = Phases { init, invoke, export };
            assert_eq!(phases.millis(), billed, "{why}");
        }
        let longest = Phases { init: Duration::MAX, invoke: Duration::MAX, export: Duration::MAX };
        assert_eq!(longest.millis(), u64::MAX, "never a panic");
    }

    #[test]
    fn memory_is_billed_in_gigabytes() {
        for (millis, memory_mb, gb_s, why) in [
            (1000, 1024, 1.0, "a second of a gigabyte"),
            (1, 128, 0.000_125, "the least that Lambda bills"),
            (2344, 128, 0.293, "a cold start of a small function"),
            (100, 1769, 0.172_753_906_25, "one whole CPU"),
            (900_000, 10_240, 9_000.0, "the most that Lambda bills"),
            (100, 0, 0.0, "an emulator without memory"),
        ] {
            assert!((gb_seconds(millis, memory_mb) - gb_s).abs() < 1e-9, "{why}: {}", gb_seconds(millis, memory_mb));
        }
    }
}
