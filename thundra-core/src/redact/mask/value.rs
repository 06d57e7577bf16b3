//! Quoted values: structures, queries and forms in texts, and members named by another member.

use std::ops::Range;

use super::is_structure;
use super::masks;
use super::structure::{MASK, Walk};
use super::text::{masked_pairs, quoted, unescaped};
use crate::redact::REDACTED;

/// The limit of texts in texts. Each text doubles the backslashes of the text within.
const MAX_TEXTS: usize = 8;

/// The keys of a member with the name of another member's value, as in `{"name": "token", "value": "abc"}`.
const NAMES: [&str; 3] = ["name", "key", "field"];
/// The keys of the named value.
const VALUES: [&str; 3] = ["value", "values", "stringvalue"];

fn is_one_of(keys: &[&str], key: &str) -> bool {
    keys.iter().any(|one| key.eq_ignore_ascii_case(one))
}

impl Walk<'_> {
    /// Returns `true` for the key of a value with a masked name in an earlier member. Records the place of any other
    /// named value.
    pub(super) fn is_named_secret(&mut self, key: &str) -> bool {
        let at = self.at;
        let Some(level) = self.level().filter(|_| is_one_of(&VALUES, key)) else { return false };
        level.value = Some(at..at);
        level.names_secret
    }

    /// Reads a text as a value.
    pub(super) fn value(&mut self, range: Range<usize>, content: &str) {
        self.name(content);
        if let Some(value) = self.level().and_then(|level| level.value.as_mut())
            && value.start == range.start
        {
            *value = range.clone();
        }
        match self.masked_content(content) {
            Some(masked) => self.replace(range, &quoted(&masked)),
            None => self.end_value(range.end),
        }
    }

    /// Reads a text without an end.
    pub(super) fn value_without_end(&mut self, start: usize, content: &str) {
        let end = self.text.len();
        let masked = self.masked_content(content);
        if self.is_cut {
            // The end of the walk finds the cut in this member.
            let shown = masked.unwrap_or_else(|| unescaped(content).into_owned());
            self.show(start..end, &quoted(&shown));
            self.end_of_cut_value(end);
        } else if let Some(masked) = masked {
            let quoted = quoted(&masked);
            self.replace(start..end, quoted.strip_suffix('"').unwrap_or(&quoted));
        } else {
            self.end_value(end);
        }
    }

    /// Masks the value before, if the text is the name of the value.
    fn name(&mut self, content: &str) {
        let copied = self.copied;
        let Some(level) = self.level().filter(|level| level.key.as_ref().is_some_and(|key| is_one_of(&NAMES, key)))
        else {
            return;
        };
        if !masks(&unescaped(content)) {
            return;
        }
        level.names_secret = true;
        if let Some(value) = level.value.take().filter(|value| !value.is_empty() && value.start >= copied) {
            let name = level.key.replace("value".to_owned());
            self.find_masked();
            self.show(value, MASK);
            if let Some(level) = self.level() {
                level.key = name;
            }
        }
    }

    /// Returns the masked content of a structure, a query or a form; `None` if nothing is masked.
    fn masked_content(&mut self, content: &str) -> Option<String> {
        let has = |byte| content.as_bytes().contains(&byte);
        // A brace or an equals sign may be escaped: some writers of JSON write `\u003d`.
        if !has(b'{') && !has(b'=') && !has(b'\\') {
            return None;
        }
        let text = unescaped(content);
        let is_structure = is_structure(text.as_bytes());
        let masked = if is_structure { self.masked_structure(&text) } else { None };
        // The texts in JSON were read one by one. A query may hold braces anywhere.
        if is_structure && text.trim_start().starts_with(['{', '[', '"']) {
            return masked;
        }
        let shown = masked.as_deref().unwrap_or(&text);
        let pairs = masked_pairs(shown).filter(|pairs| pairs != shown);
        if pairs.is_some() {
            self.find_masked();
        }
        pairs.or(masked)
    }

    /// Returns the masked text of a structure within the structure; `None` if nothing is masked.
    fn masked_structure(&mut self, text: &str) -> Option<String> {
        if self.texts >= MAX_TEXTS {
            self.find_masked();
            return Some(REDACTED.to_owned());
        }
        let mut walk = Walk::new(text, self.findings_within());
        walk.texts = self.texts + 1;
        walk.run();
        let findings = std::mem::take(&mut walk.findings);
        self.findings.add(findings);
        walk.changed()
    }
}
