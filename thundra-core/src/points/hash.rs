//! The hash of a point's identity.
//!
//! Each process has a random seed. Attribute values may come from untrusted callers, and the seed keeps the callers
//! from choosing colliding values.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::OnceLock;

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Returns the seed of the process.
#[inline]
pub(super) fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| RandomState::new().hash_one(0_u8))
}

/// Adds bytes to a hash.
#[inline]
pub(super) fn hash(mut state: u64, bytes: &[u8]) -> u64 {
    let (chunks, rest) = bytes.as_chunks::<8>();
    for chunk in chunks {
        state = mix(state ^ u64::from_le_bytes(*chunk));
    }
    mix(state ^ last_word(rest) ^ (bytes.len() as u64) << 56)
}

/// Returns up to seven bytes as a little-endian number. A copy of so few bytes would be a call.
#[inline]
fn last_word(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk(), bytes.last_chunk()) {
        // The bytes in both halves have the same place in the number.
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << (8 * (bytes.len() - 4))
        }
        _ => bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
}

/// Folds the product of 128 bits, as wyhash does.
#[inline]
const fn mix(state: u64) -> u64 {
    let product = (state ^ MULTIPLIER) as u128 * 0xd6e8_feb8_6659_fd93;
    product as u64 ^ (product >> 64) as u64
}

/// Places by hash. A place with a taken hash gets the next free hash. Nothing is ever removed.
#[derive(Debug)]
pub(super) struct Index(HashMap<u64, u32, BuildHasherDefault<Same>>);

impl Index {
    pub(super) const EMPTY: Self = Index(HashMap::with_hasher(BuildHasherDefault::new()));

    /// Returns the place accepted by `is_it`, or the free hash for a new place.
    #[inline]
    pub(super) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Result<u32, u64> {
        let mut hash = hash;
        while let Some(place) = self.0.get(&hash) {
            if is_it(*place) {
                return Ok(*place);
            }
            hash = hash.wrapping_add(MULTIPLIER);
        }
        Err(hash)
    }

    /// Adds all places, given by their hashes, to an empty index.
    pub(super) fn fill(&mut self, hashes: impl Iterator<Item = u64>) {
        for (place, hash) in (0..).zip(hashes) {
            if let Err(free) = self.find(hash, |_| false) {
                self.insert(free, place);
            }
        }
    }

    pub(super) fn insert(&mut self, free_hash: u64, place: u32) {
        self.0.insert(free_hash, place);
    }
}

/// A hasher of hashes.
#[derive(Debug, Default)]
pub(crate) struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(self.0, bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}
