//! Pseudo-random numbers, the same in every run.

use std::fmt;

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn uuid(&mut self) -> Uuid {
        Uuid(self.number(), self.number())
    }
}

/// A number formatted as a UUID.
pub(crate) struct Uuid(u64, u64);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Uuid(high, low) = self;
        let (time_high, clock) = (high & 0xffff, low >> 48);
        write!(f, "{:08x}-{:04x}-{time_high:04x}-{clock:04x}-", high >> 32, high >> 16 & 0xffff)?;
        write!(f, "{:012x}", low & 0xffff_ffff_ffff)
    }
}
