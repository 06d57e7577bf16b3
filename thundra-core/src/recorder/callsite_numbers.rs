//! Numbers of callsites, for the [ids](super::packed_id) of spans without a record. `Span::current()` asks for the
//! metadata of such a span, and nothing else than the id is known of it.

use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::Metadata;

/// The largest number. The spans of further callsites are not found as the current span.
const MAX: u64 = (1 << BITS) - 1;
const BITS: u32 = 13;
/// The number of callsites found without a lock.
const CACHED: usize = 256;

/// The number of a callsite. 0 is the number of every callsite that got none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CallsiteNumber(u64);

/// The numbers given so far. Callsites are never dropped.
struct Numbers {
    /// The addresses in order, each with its number.
    by_address: Vec<(usize, u64)>,
    metadata: Vec<&'static Metadata<'static>>,
}

static NUMBERS: Mutex<Numbers> = Mutex::new(Numbers { by_address: Vec::new(), metadata: Vec::new() });

/// The last numbers that were looked up: in each word the address of the metadata, above the number.
static CACHE: [AtomicU64; CACHED] = [const { AtomicU64::new(0) }; CACHED];

fn numbers() -> MutexGuard<'static, Numbers> {
    NUMBERS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl CallsiteNumber {
    /// Returns the number of a callsite.
    #[inline]
    pub(super) fn of(metadata: &'static Metadata<'static>) -> Self {
        let address = ptr::from_ref(metadata).addr();
        // Metadata are larger than 64 bytes, and in a row.
        let cached = CACHE.get(address / 64 % CACHED);
        // Relaxed: the word is all there is.
        let word = cached.map_or(0, |word| word.load(Ordering::Relaxed));
        if word >> BITS == address as u64 {
            return CallsiteNumber(word & MAX);
        }
        let number = look_up(address, metadata);
        if let Some(cached) = cached {
            cached.store((address as u64) << BITS | number, Ordering::Relaxed);
        }
        CallsiteNumber(number)
    }

    /// Returns the metadata of the callsite.
    pub(super) fn metadata(self) -> Option<&'static Metadata<'static>> {
        let at = self.0.checked_sub(1)?;
        numbers().metadata.get(at as usize).copied()
    }

    pub(super) const fn to_u64(self) -> u64 {
        self.0
    }

    pub(super) const fn from_u64(number: u64) -> Self {
        CallsiteNumber(number & MAX)
    }
}

#[cold]
fn look_up(address: usize, metadata: &'static Metadata<'static>) -> u64 {
    let mut numbers = numbers();
    let next = numbers.metadata.len() as u64 + 1;
    let at = numbers.by_address.partition_point(|(known, _)| *known < address);
    if let Some((known, number)) = numbers.by_address.get(at)
        && *known == address
    {
        return *number;
    }
    if next > MAX {
        return 0;
    }
    numbers.metadata.push(metadata);
    numbers.by_address.insert(at, (address, next));
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_leads_back_to_the_callsite() {
        let metadata = |span: &tracing::Span| span.metadata().unwrap();
        let _default = tracing::subscriber::set_default(tracing_subscriber::registry());
        let (one, other) = (tracing::info_span!("one"), tracing::info_span!("other"));
        let number = CallsiteNumber::of(metadata(&one));
        assert_eq!(number, CallsiteNumber::of(metadata(&one)), "the same again");
        assert!(number != CallsiteNumber::of(metadata(&other)));
        assert_eq!(number.metadata().map(|metadata| metadata.name()), Some("one"));
        assert!(CallsiteNumber::from_u64(0).metadata().is_none());
    }
}
