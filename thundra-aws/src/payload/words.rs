//! Searches of JSON bytes, a word or a chunk at a time.

use memchr::memchr2;

const ONES: u64 = u64::from_ne_bytes([1; 8]);

/// Returns the high bit of each zero byte of a word. A byte above a zero byte may have the bit too, so the lowest bit
/// alone is exact.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & (ONES << 7)
}

/// Returns the place of the quote at the end of a string, and `true` for a string with an escape. The quote at the
/// beginning is before the text.
#[inline]
pub(super) fn end_of_string(text: &[u8]) -> Option<(usize, bool)> {
    let end = quote_or_backslash(text)?;
    if text.get(end) == Some(&b'"') { Some((end, false)) } else { Some((end_of_escaped(text, end)?, true)) }
}

/// Returns the place of the quote at the end of a string, given the place of the first backslash.
#[inline(never)]
fn end_of_escaped(text: &[u8], mut at: usize) -> Option<usize> {
    while text.get(at) != Some(&b'"') {
        at += 2;
        at += quote_or_backslash(text.get(at..)?)?;
    }
    Some(at)
}

/// The bits that tell `{`, `}`, `[` and `]` apart.
const APART: u8 = b'{' ^ b'}' | b'{' ^ b'[';
/// Each bracket with the bits of [`APART`]; `Y`, `y`, `_` and the delete character too.
const BRACKET: u8 = b'{' | APART;

/// Returns the length of a number, `true`, `false` or `null`. A malformed one ends before a quote or a bracket too, so
/// that quotes and brackets pair up as in a value that is skipped.
#[inline]
pub(super) fn end_of_scalar(bytes: &[u8]) -> usize {
    let ends = |byte: &u8| *byte <= b'"' || *byte == b',' || byte | APART == BRACKET;
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // Of the control characters, the space, `!` and the quote, the lowest bit alone is exact too.
        let low = word.wrapping_sub(ONES * (b'"' as u64 + 1)) & !word & (ONES << 7);
        let brackets = zeros((word | (ONES * APART as u64)) ^ (ONES * BRACKET as u64));
        let found = low | brackets | zeros(word ^ (ONES * b',' as u64));
        if found != 0 {
            return at * 8 + found.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().position(ends).unwrap_or(rest.len())
}

/// Returns the place of the first quote or backslash. Many strings are shorter than a word.
#[inline]
pub(crate) fn quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    let found = bytes.first_chunk().map_or(0, |word| {
        let word = u64::from_le_bytes(*word);
        zeros(word ^ (ONES * b'"' as u64)) | zeros(word ^ (ONES * b'\\' as u64))
    });
    if found != 0 { Some(found.trailing_zeros() as usize / 8) } else { distant_quote_or_backslash(bytes) }
}

/// Returns the place of the first quote or backslash. Most strings end soon, and a call of `memchr2` costs more than
/// the first chunks.
#[inline(never)]
fn distant_quote_or_backslash(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    while let Some((chunk, after)) = rest.split_first_chunk::<16>().filter(|_| bytes.len() - rest.len() < 64) {
        // The compiler compares all bytes of the chunk at once.
        let found = u128::from_le_bytes(chunk.map(|byte| if (byte == b'"') | (byte == b'\\') { 0xff } else { 0 }));
        if found != 0 {
            return Some(bytes.len() - rest.len() + found.trailing_zeros() as usize / 8);
        }
        rest = after;
    }
    memchr2(b'"', b'\\', rest).map(|place| bytes.len() - rest.len() + place)
}

/// Returns the place of the first quote or bracket. Some letters also count as brackets, but none of the letters that
/// JSON has outside of strings.
#[inline]
pub(super) fn quote_or_bracket(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let brackets = zeros((word | (ONES * APART as u64)) ^ (ONES * BRACKET as u64));
        let found = brackets | zeros(word ^ (ONES * b'"' as u64));
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    let in_rest = rest.iter().position(|byte| *byte == b'"' || byte | APART == BRACKET)?;
    Some(words.len() * 8 + in_rest)
}

/// Returns the place of the first quote, backslash or control character, the bytes with a meaning in a string. Most
/// strings are shorter than two words.
#[inline]
pub(super) fn quote_backslash_or_control(bytes: &[u8]) -> Option<usize> {
    if let Some(chunk) = bytes.first_chunk::<16>() {
        let (words, _) = chunk.as_chunks::<8>();
        for (at, word) in words.iter().enumerate() {
            let found = quotes_backslashes_and_controls(u64::from_le_bytes(*word));
            if found != 0 {
                return Some(at * 8 + found.trailing_zeros() as usize / 8);
            }
        }
    }
    distant_quote_backslash_or_control(bytes)
}

/// Returns the high bits of the bytes with a meaning in a string, of which the lowest bit alone is exact.
#[inline(always)]
const fn quotes_backslashes_and_controls(word: u64) -> u64 {
    // With the space and the quote in each other's place, the quote and the control characters alone are below `!`.
    let exchanged = word ^ (ONES * (b' ' ^ b'"') as u64);
    let low = exchanged.wrapping_sub(ONES * b'!' as u64) & !exchanged & (ONES << 7);
    low | zeros(word ^ (ONES * b'\\' as u64))
}

/// Returns the place of the first quote, backslash or control character after the first chunk.
#[inline(never)]
fn distant_quote_backslash_or_control(bytes: &[u8]) -> Option<usize> {
    let ends = |byte: u8| (byte == b'"') | (byte == b'\\') | (byte < b' ');
    let (chunks, rest) = bytes.as_chunks::<16>();
    for (at, chunk) in chunks.iter().enumerate().skip(1) {
        // The compiler compares all bytes of the chunk at once.
        let found = u128::from_le_bytes(chunk.map(|byte| if ends(byte) { 0xff } else { 0 }));
        if found != 0 {
            return Some(at * 16 + found.trailing_zeros() as usize / 8);
        }
    }
    Some(chunks.len() * 16 + rest.iter().position(|byte| ends(*byte))?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn words_are_searched_as_bytes_are(bytes in "[a-zé]{0,90}[\"{}\\[\\],:0-9a-z_Y\\\\ \t\n]{0,80}|\\PC{0,40}") {
            let bytes = bytes.as_bytes();
            let first = |stops: &[u8]| bytes.iter().position(|byte| stops.contains(byte));
            prop_assert_eq!(quote_or_backslash(bytes), first(b"\"\\"));
            let control = bytes.iter().position(|byte| b"\"\\".contains(byte) || *byte < b' ');
            prop_assert_eq!(quote_backslash_or_control(bytes), control);
            prop_assert_eq!(quote_or_bracket(bytes), first(b"\"{}[]Yy_\x7f"));
            let scalar = bytes.iter().position(|byte| b",{}[]Yy_\x7f".contains(byte) || *byte <= b'"');
            prop_assert_eq!(end_of_scalar(bytes), scalar.unwrap_or(bytes.len()));
        }
    }
}
