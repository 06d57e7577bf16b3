//! Members of JSON objects that stand on a line: no control character, no terminal escape, and each key once.

use crate::Value;
use crate::escape::is_unsafe;

/// Encoded members of a JSON object, each after a comma.
///
/// A caller that gets keys from others asks [`contains`](Self::contains) first.
#[doc(hidden)]
#[derive(Clone, Debug, Default)]
pub struct Members {
    json: Vec<u8>,
    /// A bit for each key. Two keys may share a bit.
    keys: u64,
}

impl Members {
    /// Returns the encoded members.
    pub fn as_bytes(&self) -> &[u8] {
        &self.json
    }

    /// Removes all members, and keeps the memory.
    pub fn clear(&mut self) {
        self.json.clear();
        self.keys = 0;
    }

    /// Returns `true` if a member has the key.
    #[inline]
    pub fn contains(&self, key: &str) -> bool {
        self.keys & bit(key) != 0 && self.find(key)
    }

    #[cold]
    fn find(&self, key: &str) -> bool {
        let mut member = Members::default();
        member.key(key);
        // An escaped key has no quotation mark, so the pattern matches no value.
        self.json.windows(member.json.len()).any(|window| window == member.json)
    }

    /// Appends members.
    pub fn append(&mut self, other: &Members) {
        self.json.extend_from_slice(&other.json);
        self.keys |= other.keys;
    }

    /// Appends what `write` writes, in a notation of its own, under a key that [`contains`](Self::contains) does not
    /// find.
    pub(crate) fn raw(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.json);
    }

    /// Returns the length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.json.len()
    }

    /// Appends a member with a value of any type.
    pub fn value(&mut self, key: &str, value: &Value) {
        match value {
            Value::Str(text) => self.text(key, text),
            Value::I64(number) => self.integer(key, *number),
            Value::F64(number) => self.float(key, *number),
            Value::Bool(is_true) => self.bool(key, *is_true),
            Value::Array(texts) => {
                let out = self.key(key);
                out.push(b'[');
                for (at, text) in texts.iter().enumerate() {
                    if at > 0 {
                        out.push(b',');
                    }
                    string(out, text);
                }
                out.push(b']');
            }
        }
    }

    /// Appends a member with a text.
    #[inline]
    pub fn text(&mut self, key: &str, value: &str) {
        string(self.key(key), value);
    }

    /// Appends a member with a whole number.
    #[inline]
    pub fn integer(&mut self, key: &str, value: impl Into<i128>) {
        integer(self.key(key), value.into());
    }

    /// Appends a member with a number; `null` for an infinity and for NaN, which JSON has not.
    pub fn float(&mut self, key: &str, value: f64) {
        // Writing to memory does not fail.
        let _ = serde_json::to_writer(self.key(key), &value);
    }

    /// Appends a member with a boolean.
    pub fn bool(&mut self, key: &str, value: bool) {
        self.key(key).extend_from_slice(if value { b"true" } else { b"false" });
    }

    /// Appends the key of a member, and returns the buffer for the value.
    #[inline]
    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        self.keys |= bit(key);
        self.json.push(b',');
        string(&mut self.json, key);
        self.json.push(b':');
        &mut self.json
    }

    pub(crate) fn capacity(&self) -> usize {
        self.json.capacity()
    }
}

/// Returns the bit of a key.
#[inline]
fn bit(key: &str) -> u64 {
    let at = |byte: Option<&u8>| u64::from(byte.copied().unwrap_or_default());
    let bytes = key.as_bytes();
    let mixed = at(bytes.first()) * 7 + at(bytes.get(bytes.len() / 2)) * 13 + at(bytes.last()) * 31;
    1 << ((mixed + bytes.len() as u64) % 64)
}

/// Appends a string with its quotation marks.
#[inline]
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escaped(out, text);
    out.push(b'"');
}

/// Appends the inside of a string.
#[inline]
fn escaped(out: &mut Vec<u8>, text: &str) {
    let needs_escape = |byte: &u8| CLASSES.get(usize::from(*byte)).is_some_and(|class| *class != PLAIN);
    match text.as_bytes().iter().position(needs_escape) {
        None => out.extend_from_slice(text.as_bytes()),
        Some(first) => escape_from(out, text, first),
    }
}

/// Appends the inside of a string whose byte at `first` may need an escape.
fn escape_from(out: &mut Vec<u8>, text: &str, first: usize) {
    let (plain, rest) = text.split_at_checked(first).unwrap_or((text, ""));
    out.extend_from_slice(plain.as_bytes());
    let mut start = 0;
    let mut write = |until: usize, escape: std::fmt::Arguments<'_>, next: usize, out: &mut Vec<u8>| {
        out.extend_from_slice(rest.as_bytes().get(start..until).unwrap_or_default());
        let _ = std::io::Write::write_fmt(out, escape);
        start = next;
    };
    for (at, c) in rest.char_indices() {
        let next = at + c.len_utf8();
        match c {
            '"' | '\\' => write(at, format_args!("\\{c}"), next, out),
            '\n' => write(at, format_args!("\\n"), next, out),
            '\r' => write(at, format_args!("\\r"), next, out),
            '\t' => write(at, format_args!("\\t"), next, out),
            // None of these characters has more than four hexadecimal digits.
            c if is_unsafe(c) => write(at, format_args!("\\u{:04x}", u32::from(c)), next, out),
            _ => {}
        }
    }
    out.extend_from_slice(rest.as_bytes().get(start..).unwrap_or_default());
}

/// Appends a whole number.
#[inline]
pub(crate) fn integer(out: &mut Vec<u8>, number: i128) {
    match u64::try_from(number.unsigned_abs()) {
        Ok(mut rest) => {
            let mut digits = [b'0'; 20];
            let mut used = 0;
            for digit in digits.iter_mut().rev() {
                *digit += (rest % 10) as u8;
                rest /= 10;
                used += 1;
                if rest == 0 {
                    break;
                }
            }
            if number < 0 {
                out.push(b'-');
            }
            out.extend_from_slice(digits.get(digits.len() - used..).unwrap_or_default());
        }
        Err(_) => {
            let _ = std::io::Write::write_fmt(out, format_args!("{number}"));
        }
    }
}

const PLAIN: u8 = 0;
const SUSPECT: u8 = 1;

/// The bytes that need an escape, and those that begin a character that may need one.
static CLASSES: [u8; 256] = classes();

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn classes() -> [u8; 256] {
    let mut classes = [PLAIN; 256];
    let mut byte = 0;
    while byte < 256 {
        // The last four begin U+0080 to U+00BF, U+0600 to U+063F, U+2000 to U+2FFF, and U+F000 to U+FFFF.
        if byte < 0x20 || matches!(byte, 0x22 | 0x5c | 0x7f | 0xc2 | 0xd8 | 0xe2 | 0xef) {
            classes[byte] = SUSPECT;
        }
        byte += 1;
    }
    classes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::escape::first_unsafe;

    fn object(members: &Members) -> serde_json::Value {
        let text = std::str::from_utf8(members.as_bytes()).unwrap();
        serde_json::from_str(&format!("{{{}}}", text.strip_prefix(',').unwrap())).unwrap()
    }

    #[test]
    fn values_keep_their_types() {
        let mut members = Members::default();
        members.value("text", &"a\"b\\\n\u{1b}\u{7f}\u{85}\u{2028}é日".into());
        members.value("list", &vec!["a".to_owned(), "\"".to_owned()].into());
        members.value("ratio", &0.5.into());
        members.value("nan", &f64::NAN.into());
        members.value("ok", &true.into());
        members.integer("least", i64::MIN);
        members.integer("most", u64::MAX);
        members.integer("zero", 0);
        assert_eq!(
            std::str::from_utf8(members.as_bytes()).unwrap(),
            ",\"text\":\"a\\\"b\\\\\\n\\u001b\\u007f\\u0085\\u2028é日\",\"list\":[\"a\",\"\\\"\"],\"ratio\":0.5,\
             \"nan\":null,\"ok\":true,\"least\":-9223372036854775808,\"most\":18446744073709551615,\"zero\":0"
        );
        object(&members);
    }

    #[test]
    fn a_key_is_found_and_a_value_is_not_taken_for_one() {
        let mut members = Members::default();
        members.text("a", "x,\"b\":,");
        members.text("c\n\"", ",\"d\":1");
        let found = ["a", "b", "c\n\"", "d", ""].map(|key| members.contains(key));
        assert_eq!(found, [true, false, true, false, false]);
    }

    proptest! {
        #[test]
        fn any_text_is_one_line_and_read_as_it_was(key in "\\PC*|.*", value in any::<String>()) {
            let mut members = Members::default();
            members.text(&key, &value);
            prop_assert_eq!(first_unsafe(std::str::from_utf8(members.as_bytes()).unwrap()), None);
            prop_assert_eq!(object(&members), serde_json::json!({ &key: value }));
            prop_assert!(members.contains(&key));
        }

        #[test]
        fn any_number_is_written_as_the_formatter_does(number in any::<i128>(), small in any::<i64>()) {
            for number in [number, small.into()] {
                let mut out = Vec::new();
                integer(&mut out, number);
                prop_assert_eq!(String::from_utf8(out).unwrap(), number.to_string());
            }
        }
    }
}
