//! The position of a walk: the open brackets, and the path to the position.

use std::ops::Range;

/// The bounds of a copy. Nothing beyond the bounds is read.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most bytes read from the payload.
    pub bytes: usize,
    /// The limit of brackets in brackets.
    pub depth: usize,
    /// The limit of members and elements.
    pub nodes: usize,
}

/// An open bracket.
#[derive(Default)]
pub(super) struct Level {
    pub(super) bracket: u8,
    /// The number of elements before the current one.
    pub(super) index: usize,
    /// `true` between the end of an element and the next comma.
    pub(super) is_between: bool,
    /// The key of the current member, up to the end of its value.
    pub(super) key: Option<String>,
    /// `true` behind a member such as `"name": "password"`.
    pub(super) names_secret: bool,
    /// The place of the member `value`, before the member with its name.
    pub(super) value: Option<Range<usize>>,
}

/// Returns the path of the current value.
pub(super) fn path(levels: &[Level]) -> String {
    let step = |level: &Level| match &level.key {
        Some(key) => format!(".{key}"),
        None if level.bracket == b'[' && !level.is_between => format!("[{}]", level.index),
        None => String::new(),
    };
    levels.iter().map(step).collect()
}
