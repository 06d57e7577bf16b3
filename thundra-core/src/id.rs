//! Trace and span ids.
//!
//! A process made by `fork` without `exec` repeats the span ids of its parent process. Nothing looks for that, since
//! Lambda does not fork, and each new trace has an id of its own.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// The step of the counters of span ids, the golden ratio: the counts of a thread repeat after 2⁶⁴ ids.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

thread_local! {
    /// The counter of span ids, with a random start.
    static NEXT: Cell<u64> = Cell::new(u64::from_ne_bytes(os_random()));
}

/// Added to the counters of all threads. Copies of one snapshot have the same counters, and offsets of their own.
static OFFSET: AtomicU64 = AtomicU64::new(0);

/// A trace id: 16 random bytes, never all zero ([W3C Trace Context]).
///
/// [W3C Trace Context]: https://www.w3.org/TR/trace-context/#trace-id
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceId(u128);

/// A span id: 8 random bytes, never all zero ([W3C Trace Context]).
///
/// [W3C Trace Context]: https://www.w3.org/TR/trace-context/#parent-id
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId(u64);

impl TraceId {
    /// The id in an unused record of a scope.
    pub(crate) const NOBODYS: TraceId = TraceId(u128::MAX);

    /// Returns a new id from the operating system's random source. Copies of one snapshot (Lambda SnapStart) never
    /// share a trace.
    pub fn random() -> Self {
        TraceId(u128::from_be_bytes(os_random()).max(1))
    }

    /// Returns a new id and a random UUID, with one call to the system instead of two.
    pub(crate) fn random_with_uuid() -> (Self, Uuid) {
        let bytes: [u8; 32] = os_random();
        let (trace_id, uuid) = bytes.split_at(16);
        let half = |bytes: &[u8]| <[u8; 16]>::try_from(bytes).unwrap_or_default();
        let trace_id = TraceId(u128::from_be_bytes(half(trace_id)).max(1));
        (trace_id, uuid::Builder::from_random_bytes(half(uuid)).into_uuid())
    }

    /// Returns the id of big-endian bytes; `None` if all are zero.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::TraceId;
    ///
    /// let id = TraceId::from_bytes([7; 16]).unwrap();
    /// assert_eq!(id.to_string(), "07070707070707070707070707070707");
    /// assert_eq!(TraceId::from_bytes([0; 16]), None);
    /// ```
    pub const fn from_bytes(bytes: [u8; 16]) -> Option<Self> {
        match u128::from_be_bytes(bytes) {
            0 => None,
            id => Some(TraceId(id)),
        }
    }

    /// Parses exactly 32 lower-case hexadecimal digits; `None` for anything else.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::TraceId;
    ///
    /// let id = TraceId::from_hex("0af7651916cd43dd8448eb211c80319c").unwrap();
    /// assert_eq!(id.to_string(), "0af7651916cd43dd8448eb211c80319c");
    /// assert!(TraceId::from_hex("0AF7").is_none());
    /// ```
    pub fn from_hex(hex: &str) -> Option<Self> {
        Self::from_bytes(parse_hex(hex)?)
    }

    /// Returns the big-endian bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Returns the low 64 bits, the input of ratio samplers.
    pub(crate) const fn low(self) -> u64 {
        self.0 as u64
    }
}

impl SpanId {
    /// The id in an unused record of a span.
    pub(crate) const NOBODYS: SpanId = SpanId(u64::MAX);

    /// Returns a new id, in about 2 ns.
    ///
    /// A per-thread counter with a random start from the operating system goes through a mixer. Distinct counts have
    /// distinct ids.
    pub fn random() -> Self {
        // A thread without thread-local storage, during shutdown, asks the operating system.
        let count = NEXT.try_with(|next| next.replace(next.get().wrapping_add(STEP)));
        let count = count.unwrap_or_else(|_| u64::from_ne_bytes(os_random()));
        Self::of_count(count, OFFSET.load(Ordering::Relaxed))
    }

    fn of_count(count: u64, offset: u64) -> Self {
        SpanId(mix(count.wrapping_add(offset)).max(1))
    }

    /// Returns the id of big-endian bytes; `None` if all are zero.
    pub const fn from_bytes(bytes: [u8; 8]) -> Option<Self> {
        match u64::from_be_bytes(bytes) {
            0 => None,
            id => Some(SpanId(id)),
        }
    }

    /// Parses exactly 16 lower-case hexadecimal digits; `None` for anything else.
    ///
    /// # Examples
    ///
    /// ```
    /// use thundra_core::SpanId;
    ///
    /// let id = SpanId::from_hex("b7ad6b7169203331").unwrap();
    /// assert_eq!(id.to_bytes()[0], 0xb7);
    /// assert_eq!(SpanId::from_hex("0000000000000000"), None);
    /// ```
    pub fn from_hex(hex: &str) -> Option<Self> {
        Self::from_bytes(parse_hex(hex)?)
    }

    /// Returns the bits.
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    /// Returns the big-endian bytes.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }
}

/// Renews the seeds of span ids on all threads, in a process that may be a copy of a snapshot.
pub(crate) fn renew_seeds() {
    OFFSET.store(u64::from_ne_bytes(os_random()), Ordering::Relaxed);
}

/// Returns a random UUID from the operating system's random source. `Uuid::new_v4` may have a source in the process,
/// which copies of a snapshot would share.
pub(crate) fn random_uuid() -> Uuid {
    uuid::Builder::from_random_bytes(os_random()).into_uuid()
}

/// Mixes the bits of a count: the finalizer of SplitMix64, a bijection.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn os_random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if getrandom::fill(&mut bytes).is_err() {
        // Without access to the random source, `RandomState` serves, also seeded by the system.
        for chunk in bytes.chunks_mut(8) {
            let random = RandomState::new().hash_one(std::time::SystemTime::now()).to_ne_bytes();
            chunk.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
        }
    }
    bytes
}

/// Parses exactly `2 * N` lower-case digits.
pub(crate) fn parse_hex<const N: usize>(hex: &str) -> Option<[u8; N]> {
    if hex.len() != 2 * N {
        return None;
    }
    let (mut bytes, mut is_legal) = ([0; N], true);
    let (pairs, _) = hex.as_bytes().as_chunks::<2>();
    // Without an early exit, the compiler converts many digits at a time.
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        let [high, low] = pair.map(nibble);
        is_legal &= (high | low) < 16;
        *byte = high << 4 | low & 15;
    }
    is_legal.then_some(bytes)
}

/// Returns the value of a digit, at least 16 for any other byte.
const fn nibble(digit: u8) -> u8 {
    let (decimal, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
    if decimal < 10 {
        decimal
    } else if letter < 6 {
        letter + 10
    } else {
        16
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(self.to_bytes(), |digits| f.write_str(digits))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(self.to_bytes(), |digits| f.write_str(digits))
    }
}

/// Writes the digits of bytes over a part of an ASCII text, in the form of an id.
pub(crate) fn put_hex<const N: usize>(text: &mut [u8], at: usize, bytes: [u8; N]) {
    if let Some(place) = text.get_mut(at..at + 2 * N) {
        place.copy_from_slice(digits(bytes).as_flattened());
    }
}

/// Writes bytes as lower-case digits, at a tenth of the cost of `{:032x}`. Each outgoing call has two ids.
pub(crate) fn hex<const N: usize, R>(bytes: [u8; N], write: impl FnOnce(&str) -> R) -> R {
    write(std::str::from_utf8(digits(bytes).as_flattened()).unwrap_or_default())
}

/// Returns the two digits of each byte. Four bytes become eight digits at a time, without a branch or a table.
fn digits<const N: usize>(bytes: [u8; N]) -> [[u8; 2]; N] {
    let mut digits = [[0; 2]; N];
    for (digits, bytes) in digits.chunks_mut(4).zip(bytes.chunks(4)) {
        let mut four = [0; 4];
        four.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        let eight = eight_digits(u32::from_be_bytes(four)).to_be_bytes();
        digits.iter_mut().zip(eight.as_chunks().0).for_each(|(place, pair)| *place = *pair);
    }
    digits
}

/// Returns the eight digits of a number, the first in the highest byte.
const fn eight_digits(number: u32) -> u64 {
    let number = number as u64;
    let pairs = (number | number << 16) & 0x0000_ffff_0000_ffff;
    let bytes = (pairs | pairs << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (bytes | bytes << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    // Adding 6 carries into bit 4 from 10 on.
    let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    nibbles + 0x3030_3030_3030_3030 + letters * (b'a' - b'0' - 10) as u64
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TraceId({self})")
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn hex_takes_exactly_the_w3c_form() {
        for (hex, ok, why) in [
            ("0af7651916cd43dd8448eb211c80319c", true, "a valid id"),
            ("00000000000000000000000000000000", false, "all zero is invalid"),
            ("0AF7651916CD43DD8448EB211C80319C", false, "upper case is invalid"),
            ("0af7651916cd43dd8448eb211c80319", false, "too short"),
            ("0af7651916cd43dd8448eb211c80319é", false, "not a digit"),
        ] {
            assert_eq!(TraceId::from_hex(hex).map(|id| id.to_string()), ok.then(|| hex.to_owned()), "{why}");
        }
    }

    #[test]
    fn each_byte_has_its_two_digits() {
        for byte in 0..=u8::MAX {
            let text = format!("{byte:02x}");
            hex([byte; 1], |digits| assert_eq!(digits, text));
            hex([byte, !byte, 0, byte, byte], |digits| {
                assert_eq!(digits, format!("{text}{:02x}00{text}{text}", !byte))
            });
        }
    }

    #[test]
    fn an_id_is_written_as_it_is_read() {
        for hex in ["0af7651916cd43dd8448eb211c80319c", "ffffffffffffffff0000000000000001"] {
            assert_eq!(TraceId::from_hex(hex).unwrap().to_string(), hex);
            assert_eq!(SpanId::from_hex(&hex[16..]).unwrap().to_string(), hex[16..]);
        }
    }

    #[test]
    fn span_ids_do_not_repeat() {
        let ids: HashSet<_> = (0..100_000).map(|_| SpanId::random()).collect();
        assert_eq!(ids.len(), 100_000);
    }

    #[test]
    fn copies_of_one_snapshot_share_no_span_id() {
        let counts = |threads: &[u64]| -> Vec<_> {
            threads
                .iter()
                .flat_map(|start| (0..10_000).map(|n: u64| start.wrapping_add(n.wrapping_mul(STEP))))
                .collect()
        };
        // Two copies have the counters of the same threads.
        let counts = counts(&[7, u64::MAX, u64::from_ne_bytes(os_random())]);
        let copies = [0, 1, u64::from_ne_bytes(os_random()), u64::from_ne_bytes(os_random())];
        let ids: HashSet<_> =
            copies.iter().flat_map(|offset| counts.iter().map(|count| SpanId::of_count(*count, *offset))).collect();
        assert_eq!(ids.len(), copies.len() * counts.len());
    }

    #[test]
    fn new_seeds_count_on_all_threads() {
        // The thread makes an id before the renewal, and another one after it.
        let renewed = std::sync::Barrier::new(2);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                let _ = SpanId::random();
                let unrenewed = SpanId::of_count(NEXT.get(), OFFSET.load(Ordering::Relaxed));
                renewed.wait();
                renewed.wait();
                assert_ne!(SpanId::random(), unrenewed, "the counter went on with its old seed");
            });
            renewed.wait();
            renew_seeds();
            renewed.wait();
        });
    }
}
