//! The gRPC methods that there are. A stranger may ask for any; one that succeeded before is no invention.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Hashes of methods, found by their remainder; 0 is nothing. Nothing is ever taken out: where there are more methods
/// than it holds, those that are too many are not known.
static KNOWN: [[AtomicU64; 8]; 128] = [const { [const { AtomicU64::new(0) }; 8] }; 128];

/// Takes note of a method that there is.
pub(super) fn learn(method: &str) {
    let hash = hash(method);
    for slot in slots(hash) {
        let known = slot.load(Ordering::Relaxed);
        if known == hash || (known == 0 && claim(slot, hash)) {
            return;
        }
    }
}

/// Whether there is such a method, as far as was seen.
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

/// With keys of this process, so that nobody can look for a method that has the hash of another.
fn hash(method: &str) -> u64 {
    static KEYS: OnceLock<RandomState> = OnceLock::new();
    KEYS.get_or_init(RandomState::new).hash_one(method).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_known_once_they_were_seen_and_as_many_as_fit() {
        assert!(!is_known("shop.Orders/Place"));
        (0..3).for_each(|_| learn("shop.Orders/Place"));
        assert!(is_known("shop.Orders/Place") && !is_known("shop.Orders/Cancel"));
        let many: Vec<_> = (0..100_000).map(|n| format!("shop.Orders/Place{n}")).collect();
        many.iter().for_each(|method| learn(method));
        assert_eq!(many.iter().filter(|method| is_known(method)).count(), 1024 - 1);
    }
}
