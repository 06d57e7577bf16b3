//! The gRPC methods known to exist, because a call to each has succeeded.
//!
//! An untrusted caller can request any method. Only known methods become span names.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Hashes of methods, in buckets of eight; 0 is an empty slot. Entries are never removed. When a bucket is full,
/// further methods stay unknown. Each slot is written once and guards no other memory, so `Relaxed` is enough.
static KNOWN: [[AtomicU64; 8]; 128] = [const { [const { AtomicU64::new(0) }; 8] }; 128];

/// Adds a method.
pub(super) fn learn(method: &str) {
    let hash = hash(method);
    for slot in slots(hash) {
        let known = slot.load(Ordering::Relaxed);
        if known == hash || (known == 0 && claim(slot, hash)) {
            return;
        }
    }
}

/// Returns `true` if a call to the method has succeeded.
pub(super) fn is_known(method: &str) -> bool {
    let hash = hash(method);
    slots(hash).iter().any(|slot| slot.load(Ordering::Relaxed) == hash)
}

fn claim(slot: &AtomicU64, hash: u64) -> bool {
    let claimed = slot.compare_exchange(0, hash, Ordering::Relaxed, Ordering::Relaxed);
    claimed == Ok(0) || claimed == Err(hash)
}

fn slots(hash: u64) -> &'static [AtomicU64] {
    KNOWN.get(hash as usize % KNOWN.len()).map_or(&[], |slots| slots)
}

/// Returns a hash with random keys. A caller can therefore not construct a method with the hash of another method.
fn hash(method: &str) -> u64 {
    static KEYS: OnceLock<RandomState> = OnceLock::new();
    KEYS.get_or_init(RandomState::new).hash_one(method).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_known_once_they_succeeded_until_the_table_is_full() {
        assert!(!is_known("shop.Orders/Place"));
        (0..3).for_each(|_| learn("shop.Orders/Place"));
        assert!(is_known("shop.Orders/Place") && !is_known("shop.Orders/Cancel"));
        let many: Vec<_> = (0..100_000).map(|n| format!("shop.Orders/Place{n}")).collect();
        many.iter().for_each(|method| learn(method));
        assert_eq!(many.iter().filter(|method| is_known(method)).count(), 1024 - 1);
    }
}
