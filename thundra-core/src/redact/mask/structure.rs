//! The walk over a text with the structure of JSON or of `Debug`.
//!
//! The walk reads tokens and demands no grammar: a text cut short, several documents one after another, and the `Debug`
//! of a struct are masked as well. In valid JSON, only the values of masked keys change. No brackets make the walk
//! recurse, only texts in texts.

use std::ops::Range;

use super::findings::Findings;
use super::level::{Bounds, Level, path};
use super::masks;
use super::text::{after_colon, byte, closing_quote, is_word, skip_spaces, unescaped, value_end};

/// The limit of open brackets with a level each. Keys are found at any depth.
const MAX_LEVELS: usize = 256;

/// The values without a secret.
const EMPTY: [&str; 4] = ["true", "false", "null", "None"];

/// The replacement of a value, in either notation.
pub(super) const MASK: &str = "\"REDACTED\"";

/// Returns a text with the values of masked keys replaced; `None` without a masked key.
#[cold]
pub(super) fn masked(text: &str) -> Option<String> {
    let mut walk = Walk::new(text, Findings::default());
    walk.run();
    walk.changed()
}

pub(super) struct Walk<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// The masked text, up to `copied` of the text.
    shown: String,
    pub(super) copied: usize,
    levels: Vec<Level>,
    /// The number of open brackets over the limit.
    deeper: usize,
    /// The number of texts around this text.
    pub(super) texts: usize,
    max_depth: usize,
    max_nodes: usize,
    nodes: usize,
    /// `true` if the text is the beginning of a longer text, and the result must be JSON nevertheless.
    pub(super) is_cut: bool,
    /// The end of the last token after which the open brackets can be closed.
    complete: usize,
    pub(super) findings: Findings,
}

impl<'a> Walk<'a> {
    pub(super) fn new(text: &'a str, findings: Findings) -> Self {
        Walk {
            text,
            at: 0,
            shown: String::new(),
            copied: 0,
            levels: Vec::new(),
            deeper: 0,
            texts: 0,
            max_depth: usize::MAX,
            max_nodes: usize::MAX,
            nodes: 0,
            is_cut: false,
            complete: 0,
            findings,
        }
    }

    pub(super) fn within(self, bounds: &Bounds, is_cut: bool) -> Self {
        Walk { max_depth: bounds.depth.min(MAX_LEVELS), max_nodes: bounds.nodes, is_cut, ..self }
    }

    /// Walks to the end of the text, or to the limit of nodes.
    pub(super) fn run(&mut self) {
        while self.at < self.text.len() {
            if self.nodes > self.max_nodes {
                self.text = self.text.get(..self.at).unwrap_or(self.text);
                self.is_cut = true;
                return;
            }
            match byte(self.text, self.at) {
                b'"' => self.quoted(),
                bracket @ (b'{' | b'[' | b'(') => self.open(bracket),
                b'}' | b']' | b')' => self.close(),
                b',' => self.next(),
                b'\'' => self.apostrophe(),
                first if is_word(first) => self.word(),
                _ => self.at += 1,
            }
        }
    }

    /// Returns the masked text; `None` if nothing was masked.
    pub(super) fn changed(mut self) -> Option<String> {
        if self.copied == 0 {
            return None;
        }
        self.shown.push_str(self.text.get(self.copied..).unwrap_or(""));
        Some(self.shown)
    }

    /// Returns the masked text, and the places. A cut text is closed: an incomplete member is removed, and brackets are
    /// closed.
    pub(super) fn closed(mut self) -> (String, Findings) {
        let mut end = self.text.len();
        if self.is_cut {
            end = self.complete;
            let levels = &self.levels;
            self.findings.found_cut(|| path(levels));
        }
        self.shown.push_str(self.text.get(self.copied..end).unwrap_or(""));
        if self.is_cut {
            let closing = |level: &Level| if level.bracket == b'{' { '}' } else { ']' };
            self.shown.extend(self.levels.iter().rev().map(closing));
        }
        (self.shown, self.findings)
    }

    /// Returns the innermost open bracket.
    pub(super) fn level(&mut self) -> Option<&mut Level> {
        self.levels.last_mut().filter(|_| self.deeper == 0)
    }

    /// Returns `true` in braces, where the next word or text is a key, and beyond the levels, where any may be one.
    fn awaits_key(&mut self) -> bool {
        self.deeper > 0 || self.level().is_some_and(|level| level.bracket == b'{' && level.key.is_none())
    }

    fn open(&mut self, bracket: u8) {
        if self.levels.len() >= self.max_depth {
            self.find_cut();
            return self.replace(self.at..value_end(self.text, self.at), "null");
        }
        if self.deeper > 0 || self.levels.len() >= MAX_LEVELS {
            self.deeper += 1;
        } else {
            self.levels.push(Level { bracket, ..Level::default() });
        }
        self.nodes += 1;
        self.at += 1;
        self.complete = self.at;
    }

    fn close(&mut self) {
        match self.deeper {
            0 => drop(self.levels.pop()),
            _ => self.deeper -= 1,
        }
        self.end_value(self.at + 1);
    }

    /// Begins the next member or element.
    fn next(&mut self) {
        self.at += 1;
        if let Some(level) = self.level() {
            level.index += 1;
            (level.is_between, level.key) = (false, None);
        }
    }

    /// Steps over a `char` of Rust, such as `'"'`. The quote in a `char` does not begin a text.
    fn apostrophe(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or("");
        let quote = ["'\"'", "'\\\"'"].into_iter().find(|quote| rest.starts_with(quote));
        self.at += quote.map_or(1, str::len);
    }

    /// Reads a word: a key in the `Debug` of a struct, a number, or the name of a type.
    fn word(&mut self) {
        let (text, start) = (self.text, self.at);
        let mut end = start;
        while is_word(byte(text, end)) {
            end += 1;
        }
        if let Some(value) = after_colon(text, end).filter(|_| self.awaits_key()) {
            return self.key(text.get(start..end).unwrap_or(""), value);
        }
        if end < text.len() || !self.is_cut {
            return self.end_value(end);
        }
        // A word at the cut may be the beginning of a number.
        self.at = end;
    }

    fn quoted(&mut self) {
        let (text, start) = (self.text, self.at);
        let end = closing_quote(text, start);
        let content = text.get(start + 1..end.unwrap_or(text.len())).unwrap_or("");
        match end.map(|end| (end + 1, after_colon(text, end + 1))) {
            Some((_, Some(value))) => self.key(&unescaped(content), value),
            Some((end, None)) if end < text.len() || !self.is_cut || !self.awaits_key() => {
                self.value(start..end, content)
            }
            // A key at the cut.
            Some((_, None)) => self.at = text.len(),
            None if self.is_cut && self.awaits_key() => self.at = text.len(),
            None => self.value_without_end(start, content),
        }
    }

    /// Reads a key, and masks the value behind if the key is masked.
    fn key(&mut self, key: &str, value: usize) {
        self.at = skip_spaces(self.text, value);
        let start = self.at;
        let is_masked = masks(key) | self.is_named_secret(key);
        if let Some(level) = self.level() {
            level.key = Some(key.to_owned());
        }
        if is_masked {
            self.mask(start);
        }
    }

    /// Masks the value at a position.
    fn mask(&mut self, start: usize) {
        let end = value_end(self.text, start);
        let value = self.text.get(start..end).unwrap_or("");
        let may_go_on = self.is_cut && end == self.text.len();
        if !value.is_empty() && (may_go_on || !EMPTY.contains(&value)) {
            self.find_masked();
            self.replace(start..end, MASK);
        }
    }

    /// Ends an unchanged value, and steps behind the value.
    pub(super) fn end_value(&mut self, end: usize) {
        (self.at, self.complete) = (end, end);
        self.nodes += 1;
        if let Some(level) = self.level() {
            (level.is_between, level.key) = (true, None);
        }
    }

    /// Ends a cut text. The key of the text stays, for the place of the cut.
    pub(super) fn end_of_cut_value(&mut self, end: usize) {
        (self.at, self.complete) = (end, end);
    }

    /// Replaces a value, and steps behind the value.
    pub(super) fn replace(&mut self, range: Range<usize>, by: &str) {
        self.show(range.clone(), by);
        self.end_value(range.end);
    }

    /// Shows a text in place of a part not copied before.
    pub(super) fn show(&mut self, range: Range<usize>, by: &str) {
        self.shown.push_str(self.text.get(self.copied..range.start).unwrap_or(""));
        self.shown.push_str(by);
        self.copied = range.end;
    }

    pub(super) fn find_masked(&mut self) {
        let levels = &self.levels;
        self.findings.found_masked(|| path(levels));
    }

    pub(super) fn find_cut(&mut self) {
        let levels = &self.levels;
        self.findings.found_cut(|| path(levels));
    }

    /// Returns the findings for the text of the current value.
    pub(super) fn findings_within(&self) -> Findings {
        self.findings.within(|| path(&self.levels))
    }
}
