//! Masking by key: `THUNDRA_MASK_KEYS`.
//!
//! The other rules of [`redact`](super) look for secrets in texts from outside of the program. The rule of this module
//! applies to the names in the program: fields of spans and events, attributes, and the keys inside of structured
//! texts. Structured texts are JSON and the `Debug` of a struct or a map. The value of a masked key becomes
//! [`REDACTED`], whatever its type. `true`, `false` and `null` stay, since none of the three reveals a secret.
//!
//! | value | becomes |
//! |---|---|
//! | field `password`, `user.api_key`, `sessionToken` | `REDACTED` |
//! | `{"user":"ann","password":"abc"}` | `{"user":"ann","password":"REDACTED"}` |
//! | `{"body":"{\"password\":\"abc\"}"}` | `{"body":"{\"password\":\"REDACTED\"}"}` |
//! | `{"rawQueryString":"a=1&token=abc"}` | `{"rawQueryString":"a=1&token=REDACTED"}` |
//! | `[{"name":"Authorization","value":"Basic abc"}]` | `[{"name":"Authorization","value":"REDACTED"}]` |
//! | `Login { user: "ann", password: "abc" }` | `Login { user: "ann", password: "REDACTED" }` |
//!
//! # Cost
//!
//! The names of a callsite are checked once, at the registration of the callsite. A callsite without a masked name
//! costs one read of a flag, and an unstructured text two comparisons, or one search for a brace. A structure is walked
//! once, in linear time.

mod findings;
mod keys;
mod level;
mod payload;
mod structure;
mod text;
mod value;
mod visit;

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, fence};

pub use keys::{InvalidMaskKeys, MaskKeys};
pub use level::Bounds;
pub use payload::{Payload, payload};
use tracing::Event;
use tracing::field::{FieldSet, Visit};
pub(crate) use visit::Masked;

use super::REDACTED;
use crate::Value;

/// The key sets of this process besides the built-in list, in the order of their use. A list without locks, because
/// each span may read the list.
static NAMED: OnceLock<Box<Named>> = OnceLock::new();

/// `true` once a callsite may have a masked field.
static HAS_MASKED_FIELDS: AtomicBool = AtomicBool::new(false);

struct Named {
    keys: MaskKeys,
    next: OnceLock<Box<Named>>,
}

/// Masks further keys from now on, in the whole process.
pub(crate) fn add(keys: &MaskKeys) {
    let mut place = &NAMED;
    while !keys.is_empty() {
        // Relaxed: see `has_masked_fields`.
        HAS_MASKED_FIELDS.store(true, Ordering::Relaxed);
        let named = place.get_or_init(|| Box::new(Named { keys: keys.clone(), next: OnceLock::new() }));
        if named.keys == *keys {
            return;
        }
        place = &named.next;
    }
}

/// Returns the sets of [added](add) keys.
fn named() -> impl Iterator<Item = &'static MaskKeys> {
    let first = NAMED.get().map(|named| &**named);
    std::iter::successors(first, |named| named.next.get().map(|next| &**next)).map(|named| &named.keys)
}

/// Returns `true` if the values of a key are masked.
#[inline]
pub fn masks(key: &str) -> bool {
    if NAMED.get().is_none() { keys::is_built_in(key) } else { masks_with_named(key) }
}

#[cold]
fn masks_with_named(key: &str) -> bool {
    (keys::is_built_in(key) || is_named(key)) && !named().any(|keys| keys.leaves(key))
}

/// Returns `true` if the values of one of our own keys are masked. The built-in list has none of ours, and few programs
/// name a key.
#[inline]
pub(crate) fn masks_own(key: &'static str) -> bool {
    debug_assert!(!keys::is_built_in(key), "{key} is masked");
    NAMED.get().is_some() && masks_with_named(key)
}

/// Returns `true` if the program, not the built-in list, has named a key.
pub(super) fn is_named(key: &str) -> bool {
    named().any(|keys| keys.names(key))
}

/// Looks at the field names of a callsite.
pub(crate) fn register(fields: &FieldSet) {
    if !has_masked_fields() && fields.iter().any(|field| masks(field.name())) {
        // Relaxed: see `has_masked_fields`.
        HAS_MASKED_FIELDS.store(true, Ordering::Relaxed);
    }
}

/// Returns `true` if any callsite may have a masked field.
#[inline]
pub(crate) fn has_masked_fields() -> bool {
    // `tracing` stores the interest of a callsite after the registration, and has just read the interest, relaxed. The
    // fence orders the two reads: a thread that saw the interest sees the flag.
    fence(Ordering::Acquire);
    HAS_MASKED_FIELDS.load(Ordering::Relaxed)
}

/// Visits the fields of an event, with the values of masked keys replaced.
#[inline]
pub(crate) fn visit(event: &Event<'_>, visitor: &mut dyn Visit) {
    if has_masked_fields() { event.record(&mut Masked(visitor)) } else { event.record(visitor) }
}

/// Masks the keys inside of a text with the structure of JSON or of `Debug`. Any other text stays.
#[inline]
pub fn value(text: &str) -> Cow<'_, str> {
    if is_structure(text.as_bytes()) { cut_value(text) } else { text.into() }
}

/// Masks the keys inside of a text that may have lost its end, and with it the sign of a structure.
#[cold]
pub(crate) fn cut_value(text: &str) -> Cow<'_, str> {
    structure::masked(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Returns the text under a key, masked.
#[inline]
pub(crate) fn text<'a>(key: &str, given: &'a str) -> Cow<'a, str> {
    if masks(key) { REDACTED.into() } else { value(given) }
}

/// Returns the text under a key outside of the built-in list, masked.
#[inline]
pub(crate) fn unlisted_text<'a>(key: &str, given: &'a str) -> Cow<'a, str> {
    if NAMED.get().is_none() { value(given) } else { text(key, given) }
}

/// Returns `false` for an attribute certain to stay.
#[inline]
pub(crate) fn may_change(key: &str, given: &Value) -> bool {
    may_change_unlisted(given) || (!matches!(given, Value::Bool(_)) && keys::may_be_built_in(key))
}

/// Returns `false` for an attribute of ours certain to stay. The built-in list has no key of ours.
#[inline]
pub(crate) fn may_change_own(key: &'static str, given: &Value) -> bool {
    debug_assert!(!keys::is_built_in(key), "{key} is masked");
    may_change_unlisted(given)
}

/// Returns `false` for an attribute certain to stay, under a key outside of the built-in list.
#[inline]
fn may_change_unlisted(given: &Value) -> bool {
    match given {
        Value::Bool(_) => false,
        _ if NAMED.get().is_some() => true,
        Value::Str(text) => has_ends(text.as_bytes()),
        Value::Array(_) => true,
        Value::I64(_) | Value::F64(_) => false,
    }
}

/// Returns the masked value of an attribute; `None` for an unchanged value.
pub(crate) fn attribute(key: &str, given: &Value) -> Option<Value> {
    match given {
        Value::Bool(_) => None,
        // The conventions know some keys as arrays, such as headers.
        Value::Array(items) if masks(key) => Some(Value::Array(vec![REDACTED.to_owned(); items.len().min(1)])),
        _ if masks(key) => Some(REDACTED.into()),
        Value::Str(text) => match value(text) {
            Cow::Owned(masked) => Some(masked.into()),
            Cow::Borrowed(_) => None,
        },
        Value::Array(items) => masked_items(items),
        Value::I64(_) | Value::F64(_) => None,
    }
}

fn masked_items(items: &[String]) -> Option<Value> {
    let is_structure = items.iter().any(|item| is_structure(item.as_bytes()));
    is_structure.then(|| Value::Array(items.iter().map(|item| value(item).into_owned()).collect()))
}

/// A structure may start with the byte.
const START: u8 = 1;
/// A structure may end with the byte.
const END: u8 = 2;

/// The possible places of each byte in a structure. Each text is checked, and a table takes the fewest instructions.
#[expect(clippy::indexing_slicing, reason = "the compiler evaluates it")]
static ENDS: [u8; 256] = {
    let (mut table, mut byte) = ([0; 256], 0_u8);
    loop {
        table[byte as usize] = match byte {
            0..=b' ' => START | END,
            b'{' | b'[' | b'(' | b'"' | b'A'..=b'Z' => START,
            b'}' | b']' | b')' => END,
            _ => 0,
        };
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// Returns `true` for a possible structure with keys, judged by both ends of the text, before any search. A cut text
/// has no end, so the name of a type opens a structure too.
#[inline]
pub(crate) fn is_structure(text: &[u8]) -> bool {
    has_ends(text) && has_brace(text)
}

/// Returns `true` for a text with an end of a structure.
#[inline]
pub(crate) fn has_ends(text: &[u8]) -> bool {
    let [first, .., last] = *text else { return false };
    let is_end = |byte: u8, end: u8| ENDS.get(usize::from(byte)).is_some_and(|ends| ends & end != 0);
    is_end(first, START) || is_end(last, END)
}

/// Every key of a structure stands in braces.
#[inline(never)]
fn has_brace(text: &[u8]) -> bool {
    match text.len() {
        4..8 => halves_have_brace::<4>(text),
        8..16 => halves_have_brace::<8>(text),
        16..=32 => halves_have_brace::<16>(text),
        _ => text.contains(&b'{'),
    }
}

/// Looks at both halves of a short text, which overlap. The compiler compares all bytes of a half at a time.
#[inline(always)]
fn halves_have_brace<const N: usize>(text: &[u8]) -> bool {
    let has_brace = |half: &[u8; N]| half.iter().fold(false, |has, byte| has | (*byte == b'{'));
    text.first_chunk().is_some_and(has_brace) | text.last_chunk().is_some_and(has_brace)
}

#[cfg(test)]
mod tests;
