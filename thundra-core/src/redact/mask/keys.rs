//! The names of masked keys.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::redact::letters::{ends_with, letters_from_end};
use crate::redact::names::{ENDS, LAST_WORDS};

/// The ends of masked keys, besides the [names](ENDS) of secrets in texts.
///
/// `session.id`, `user.name` and `url.query` are attributes of the semantic conventions, and stay: the value is
/// redacted by other rules, or is no secret.
const MORE_ENDS: [&str; 11] = [
    "authorization",
    "credentials",
    "cookie",
    "cookies",
    "cardnumber",
    "creditcard",
    "cvv",
    "cvc",
    "ssn",
    "socialsecuritynumber",
    // The tokens that an authorizer of API Gateway gets.
    "identitysource",
];
/// The names masked only as a whole key. In longer names, these words are ordinary.
const WHOLE: [&str; 2] = ["auth", "creds"];

/// For each last byte, a bit for each letter before it in the built-in names. Bytes other than letters have all bits,
/// because such bytes do not count.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
static LAST: [u32; 256] = {
    let mut table = LETTERS;
    let mut letter = 0;
    while letter < 26 {
        (table[b'a' as usize + letter], table[b'A' as usize + letter]) = (0, 0);
        letter += 1;
    }
    let lists = lists();
    let mut list = 0;
    while list < lists.len() {
        let mut at = 0;
        while at < lists[list].len() {
            if let [.., before, last] = *lists[list][at].as_bytes() {
                table[last as usize] |= 1 << (before - b'a');
                table[last.to_ascii_uppercase() as usize] |= 1 << (before - b'a');
            }
            at += 1;
        }
        list += 1;
    }
    table
};

/// The bit of each letter, and all bits for other bytes.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
static LETTERS: [u32; 256] = {
    let mut table = [u32::MAX; 256];
    let mut letter = 0;
    while letter < 26 {
        (table[b'a' as usize + letter], table[b'A' as usize + letter]) = (1 << letter, 1 << letter);
        letter += 1;
    }
    table
};

/// Returns `true` for a key of the built-in list.
#[inline]
pub(super) fn is_built_in(key: &str) -> bool {
    may_be_built_in(key) && is_listed(key)
}

/// Returns `false` if the last two letters already tell a key from every built-in name.
#[inline]
pub(super) fn may_be_built_in(key: &str) -> bool {
    let [.., before, last] = *key.as_bytes() else { return false };
    let bits = |table: &[u32; 256], byte: u8| table.get(usize::from(byte)).copied().unwrap_or_default();
    bits(&LAST, last) & bits(&LETTERS, before) != 0
}

/// For the last letter of a key, the letter before it, and the one before that: the built-in names with the letter
/// there, or too short for it. A bit stands for a name, in the order of [`lists`]. The last entry is for keys without
/// such a letter.
static LAST_LETTERS: [[u64; 27]; 3] = [names_by_letter(0), names_by_letter(1), names_by_letter(2)];

const _: () = assert!(ENDS.len() + MORE_ENDS.len() + LAST_WORDS.len() + WHOLE.len() <= 64, "a name has a bit");

#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
const fn names_by_letter(before_last: usize) -> [u64; 27] {
    let (mut table, mut bit) = ([0; 27], 1);
    let (mut lists, mut list) = (lists(), 0);
    while list < lists.len() {
        while let [name, rest @ ..] = lists[list] {
            if name.len() > before_last {
                table[(name.as_bytes()[name.len() - 1 - before_last] - b'a') as usize] |= bit;
            } else {
                let mut letter = 0;
                while letter < table.len() {
                    table[letter] |= bit;
                    letter += 1;
                }
            }
            (lists[list], bit) = (rest, bit << 1);
        }
        list += 1;
    }
    table
}

/// The built-in names.
const fn lists() -> [&'static [&'static str]; 4] {
    [&ENDS, &MORE_ENDS, &LAST_WORDS, &WHOLE]
}

#[inline(never)]
fn is_listed(key: &str) -> bool {
    let mut letters = letters_from_end(key);
    let mut possible = u64::MAX;
    for table in &LAST_LETTERS {
        let letter = letters.next().filter(u8::is_ascii_lowercase).map_or(26, |letter| letter - b'a');
        possible &= table.get(usize::from(letter)).copied().unwrap_or_default();
    }
    let mut bit = 1;
    let mut is_possible = || (possible & bit != 0, bit = bit.wrapping_shl(1)).0;
    possible != 0
        && (ENDS.iter().chain(&MORE_ENDS).any(|end| is_possible() && ends_with(key, end))
            || LAST_WORDS.iter().any(|word| is_possible() && ends_with_word(key, word))
            || WHOLE
                .iter()
                .any(|name| is_possible() && ends_with(key, name) && letters_from_end(key).count() == name.len()))
}

/// Keys to mask, besides the built-in list, as `THUNDRA_MASK_KEYS` has them.
///
/// A name stands for itself and for every key with the name as the last word: `card` masks `card`, `user.card`,
/// `user_card` and `userCard`, and leaves `discard` and `card_type`. Case, `_`, `-` and `.` do not count, nor does a
/// number at the end of the key.
///
/// `!` before a name takes it off the list: `!page_token` leaves the values of `page_token` and `next_page_token`,
/// otherwise masked by the built-in list.
///
/// # Examples
///
/// ```
/// use thundra_core::{Config, Env, MaskKeys};
///
/// let mut config = Config::from_env(&Env::process());
/// config.mask_keys = "card,date_of_birth,!page_token".parse()?;
/// assert!("card*".parse::<MaskKeys>().is_err());
/// # Ok::<(), thundra_core::InvalidMaskKeys>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaskKeys {
    masked: Vec<String>,
    left: Vec<String>,
}

impl MaskKeys {
    pub(super) fn is_empty(&self) -> bool {
        self.masked.is_empty() && self.left.is_empty()
    }

    /// Returns `true` if a name of the list stands for the key.
    pub(super) fn names(&self, key: &str) -> bool {
        self.masked.iter().any(|name| ends_with_word(key, name))
    }

    /// Returns `true` if a name with `!` stands for the key.
    pub(super) fn leaves(&self, key: &str) -> bool {
        self.left.iter().any(|name| ends_with_word(key, name))
    }

    /// Returns the keys and the invalid items of a list.
    pub(crate) fn of<'a>(items: impl Iterator<Item = &'a str>) -> (Self, Vec<&'a str>) {
        let (mut keys, mut invalid) = (MaskKeys::default(), Vec::new());
        for item in items {
            let (names, name) = match item.strip_prefix('!') {
                Some(name) => (&mut keys.left, name.trim_start()),
                None => (&mut keys.masked, item),
            };
            let is_name = name.chars().all(|c| c.is_alphanumeric() || is_separator(c)) && words_end(name) > 0;
            if is_name { names.push(name.to_owned()) } else { invalid.push(item) }
        }
        (keys, invalid)
    }
}

impl FromStr for MaskKeys {
    type Err = InvalidMaskKeys;

    fn from_str(text: &str) -> Result<Self, InvalidMaskKeys> {
        match MaskKeys::of(text.split(',').map(str::trim).filter(|item| !item.is_empty())) {
            (keys, invalid) if invalid.is_empty() => Ok(keys),
            (_, invalid) => Err(InvalidMaskKeys(invalid.join(","))),
        }
    }
}

/// Shows the list in the form of [`FromStr`].
impl fmt::Display for MaskKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.left.iter().map(|name| ("!", name));
        for (at, (mark, name)) in self.masked.iter().map(|name| ("", name)).chain(left).enumerate() {
            write!(f, "{}{mark}{name}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// An error for a list with an invalid name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidMaskKeys(String);

impl fmt::Display for InvalidMaskKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no name of a key: letters, digits, `_`, `-` and `.`, perhaps after a `!`", self.0)
    }
}

impl Error for InvalidMaskKeys {}

fn is_separator(c: char) -> bool {
    matches!(c, '_' | '-' | '.')
}

/// Returns the position behind the last letter or digit.
fn words_end(key: &str) -> usize {
    key.trim_end_matches(|c: char| !c.is_alphanumeric()).len()
}

/// Returns `true` if a key ends with a name, and the name begins a word of the key.
fn ends_with_word(key: &str, name: &str) -> bool {
    let key = key.get(..words_end(key)).unwrap_or(key);
    let numbered = key.trim_end_matches(|c: char| c.is_ascii_digit());
    is_last_word(key, name) || numbered.len() < key.len() && is_last_word(numbered, name)
}

fn is_last_word(key: &str, name: &str) -> bool {
    let mut rest = key.char_indices().rev().filter(|(_, c)| c.is_alphanumeric());
    let (mut start, mut first) = (key.len(), None);
    for letter in name.chars().rev().filter(|c| c.is_alphanumeric()) {
        match rest.next() {
            Some((at, c)) if c.to_lowercase().eq(letter.to_lowercase()) => (start, first) = (at, Some(c)),
            _ => return false,
        }
    }
    let before = key.get(..start).and_then(|before| before.chars().next_back());
    let is_hump = |before: char| first.is_some_and(char::is_uppercase) && !before.is_uppercase();
    first.is_some() && before.is_none_or(|before| !before.is_alphanumeric() || is_hump(before))
}
