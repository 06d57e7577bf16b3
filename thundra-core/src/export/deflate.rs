//! [Deflate] for the telemetry of an invocation: one pass, one block of the fixed codes, and 16 KiB of memory.
//!
//! The compressors of libraries clear 180 to 400 KB before each request, which takes longer than to compress the spans
//! of an invocation. Here nothing is cleared. A remembered place is a guess: the bytes at the place are compared, so a
//! place remembered from another text does no harm.
//!
//! [Deflate]: https://www.rfc-editor.org/rfc/rfc1951

/// The logarithm of the number of remembered places.
const PLACES_LOG: u32 = 12;
/// The lengths of a repetition.
const SHORTEST: usize = 4;
const LONGEST: usize = 258;
/// The greatest distance of a repetition.
const WINDOW: usize = 32 * 1024;
/// The most bytes of a block without compression.
const STORED: usize = 65_535;

/// The codes of the bytes, with their lengths above [`CODE_BITS`].
static BYTES: [u16; 256] = byte_codes();
/// The codes of the lengths of repetitions, from 3 bytes up, with the extra bits, and with their lengths above
/// [`CODE_BITS`].
static LENGTHS: [u32; 256] = length_codes();
const CODE_BITS: u32 = 12;
const LENGTH_CODE_BITS: u32 = 16;

/// The memory of a compressor.
pub(super) struct Deflate {
    /// The last place of four bytes, by their hash.
    places: Box<[u32]>,
}

impl Deflate {
    pub(super) fn new() -> Self {
        Deflate { places: vec![0; 1 << PLACES_LOG].into() }
    }

    /// Appends the compressed text: at most 5 bytes, and 5 bytes for each 64 KiB, more than the text.
    pub(super) fn pack(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        self.compress(text, out);
        if out.len() - start > text.len() + 5 * (text.len() / STORED + 1) {
            out.truncate(start);
            store(text, out);
        }
    }

    fn compress(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let mut bits = Bits { out, held: 0, count: 0 };
        // The last block, with the fixed codes.
        bits.put(0b011, 3);
        let mut at = 0;
        while let Some(rest) = text.get(at..)
            && let Some((&first, _)) = rest.split_first()
        {
            match self.repetition(text, at, rest) {
                Some((length, distance)) => {
                    bits.repeat(length, distance);
                    // The end of a repetition often begins the next one.
                    self.remember(text, at + length - 2);
                    self.remember(text, at + length - 1);
                    at += length;
                }
                None => {
                    bits.byte(first);
                    at += 1;
                }
            }
        }
        // The end of the block is the code of seven zeros.
        bits.put(0, 7);
        bits.finish();
    }

    /// Returns length and distance of a repetition at a place, and remembers the place.
    #[inline]
    fn repetition(&mut self, text: &[u8], at: usize, rest: &[u8]) -> Option<(usize, usize)> {
        let four = rest.first_chunk()?;
        let place = self.places.get_mut(hash(four))?;
        let earlier = std::mem::replace(place, at as u32) as usize;
        let distance = at.checked_sub(earlier).filter(|distance| (1..=WINDOW).contains(distance))?;
        let before = text.get(earlier..)?;
        (before.first_chunk() == Some(four)).then(|| (SHORTEST + common(before, rest), distance))
    }

    #[inline]
    fn remember(&mut self, text: &[u8], at: usize) {
        if let Some(four) = text.get(at..).and_then(<[u8]>::first_chunk)
            && let Some(place) = self.places.get_mut(hash(four))
        {
            *place = at as u32;
        }
    }
}

/// Returns the place of four bytes in the memory.
#[inline]
fn hash(four: &[u8; 4]) -> usize {
    (u32::from_le_bytes(*four).wrapping_mul(0x9E37_79B1) >> (32 - PLACES_LOG)) as usize
}

/// Returns the number of equal bytes after the first four, up to the longest repetition.
#[inline]
fn common(before: &[u8], rest: &[u8]) -> usize {
    let (before, rest) = (after_shortest(before), after_shortest(rest));
    let ((before_words, before_end), (words, end)) = (before.as_chunks::<8>(), rest.as_chunks::<8>());
    let mut equal = 0;
    for (one, other) in before_words.iter().zip(words) {
        let difference = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if difference != 0 {
            return equal + (difference.trailing_zeros() / 8) as usize;
        }
        equal += 8;
    }
    // Both texts end with the same byte, so the later one is the shorter one, if any.
    let tail = before_words.get(words.len()).map_or(before_end, <[u8; 8]>::as_slice);
    equal + tail.iter().zip(end).take_while(|(one, other)| one == other).count()
}

/// Returns the rest of the longest repetition.
#[inline]
fn after_shortest(text: &[u8]) -> &[u8] {
    text.get(SHORTEST..text.len().min(LONGEST)).unwrap_or_default()
}

/// Appends the text in blocks without compression.
#[cold]
fn store(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    loop {
        let (block, after) = rest.split_at_checked(STORED).unwrap_or((rest, &[]));
        let length = block.len() as u16;
        out.push(u8::from(after.is_empty()));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
        rest = after;
        if rest.is_empty() {
            return;
        }
    }
}

/// Bits on their way into bytes, the lowest first.
struct Bits<'a> {
    out: &'a mut Vec<u8>,
    held: u64,
    /// The number of held bits, less than 32 between two calls.
    count: u32,
}

impl Bits<'_> {
    /// Appends up to 32 bits.
    #[inline]
    fn put(&mut self, bits: u64, count: u32) {
        self.held |= bits << self.count;
        self.count += count;
        if self.count >= 32 {
            self.out.extend_from_slice(&(self.held as u32).to_le_bytes());
            self.held >>= 32;
            self.count -= 32;
        }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        let code = u32::from(BYTES.get(usize::from(byte)).copied().unwrap_or_default());
        self.put(u64::from(code & ((1 << CODE_BITS) - 1)), code >> CODE_BITS);
    }

    #[inline]
    fn repeat(&mut self, length: usize, distance: usize) {
        let code = LENGTHS.get(length - 3).copied().unwrap_or_default();
        let (length, length_count) = (u64::from(code & ((1 << LENGTH_CODE_BITS) - 1)), code >> LENGTH_CODE_BITS);
        // The symbol of a distance has its two highest bits and their place; the lower bits follow.
        let less = (distance - 1) as u32;
        let (symbol, extra) = match less {
            0 | 1 => (less, 0),
            _ => (2 * less.ilog2() + (less >> (less.ilog2() - 1) & 1), less.ilog2() - 1),
        };
        let distance = u64::from((symbol as u8).reverse_bits() >> 3) | u64::from(less & ((1 << extra) - 1)) << 5;
        self.put(length | distance << length_count, length_count + 5 + extra);
    }

    fn finish(self) {
        let bytes = self.held.to_le_bytes();
        self.out.extend_from_slice(bytes.get(..self.count.div_ceil(8) as usize).unwrap_or_default());
    }
}

/// Returns the fixed code of a symbol, the first bit lowest, and the number of bits.
const fn code(symbol: u32) -> (u32, u32) {
    let (code, count) = match symbol {
        0..144 => (0x30 + symbol, 8),
        144..256 => (0x190 + symbol - 144, 9),
        256..280 => (symbol - 256, 7),
        _ => (0xC0 + symbol - 280, 8),
    };
    (code.reverse_bits() >> (32 - count), count)
}

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn byte_codes() -> [u16; 256] {
    let (mut codes, mut byte) = ([0; 256], 0);
    while byte < 256 {
        let (code, count) = code(byte as u32);
        codes[byte] = (code | count << CODE_BITS) as u16;
        byte += 1;
    }
    codes
}

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn length_codes() -> [u32; 256] {
    let (mut codes, mut index) = ([0; 256], 0);
    while index < 256 {
        let less = index as u32;
        // As for distances, with three bits: 258 has a symbol of its own.
        let (symbol, extra) = match less {
            0..8 => (less, 0),
            255 => (28, 0),
            _ => (4 * (less.ilog2() - 1) + (less >> (less.ilog2() - 2) & 3), less.ilog2() - 2),
        };
        let (code, count) = code(257 + symbol);
        codes[index] = code | (less & ((1 << extra) - 1)) << count | (count + extra) << LENGTH_CODE_BITS;
        index += 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::DeflateDecoder;
    use proptest::prelude::*;

    use super::*;

    fn packed(deflate: &mut Deflate, text: &[u8]) -> Vec<u8> {
        let mut packed = b"before".to_vec();
        deflate.pack(text, &mut packed);
        assert!(packed.starts_with(b"before"));
        packed.split_off(6)
    }

    fn unpacked(packed: &[u8]) -> Vec<u8> {
        let (mut decoder, mut text) = (DeflateDecoder::new(packed), Vec::new());
        decoder.read_to_end(&mut text).unwrap();
        assert_eq!(decoder.total_in(), packed.len() as u64, "nothing follows the last block");
        text
    }

    /// Returns bytes without repetitions.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn each_length_and_each_distance_comes_out() {
        let mut deflate = Deflate::new();
        let noise = noise(WINDOW + 600);
        for length in 0..=2 * LONGEST {
            let text = [&noise[..600], &noise[..length], b"end"].concat();
            assert_eq!(unpacked(&packed(&mut deflate, &text)), text, "length {length}");
        }
        for distance in (1..700).chain((700..WINDOW).step_by(613)).chain(WINDOW - 2..=WINDOW + 2) {
            let text = [&noise[..distance], &noise[..20.min(distance)]].concat();
            assert_eq!(unpacked(&packed(&mut deflate, &text)), text, "distance {distance}");
        }
        for byte in 0..=u8::MAX {
            assert_eq!(unpacked(&packed(&mut deflate, &[byte; 1000])), [byte; 1000], "byte {byte}");
        }
    }

    #[test]
    fn a_text_that_does_not_get_shorter_is_stored() {
        let mut deflate = Deflate::new();
        for length in [1, 2, 100, STORED - 1, STORED, STORED + 1, 3 * STORED] {
            let text = noise(length);
            let packed = packed(&mut deflate, &text);
            assert!(packed.len() <= length + 5 * (length / STORED + 1), "{length}: {}", packed.len());
            assert_eq!(unpacked(&packed), text, "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_out_whatever_came_before(
            texts in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![0_u8..4, any::<u8>(), 97_u8..100], 0..3_000),
                1..5,
            ),
        ) {
            let mut deflate = Deflate::new();
            for text in texts {
                prop_assert_eq!(unpacked(&packed(&mut deflate, &text)), text);
            }
        }
    }
}
