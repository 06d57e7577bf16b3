//! A document of settings: lines of `NAME=value`, or a JSON object of names and values.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde_json::{Map, Value};

/// The longest document, in bytes. A parameter of AWS has at most 8 KiB.
const MAX_BYTES: usize = 64 << 10;

/// Settings under the names of variables, read while the program runs.
///
/// Blank lines and lines with `#` at the start are skipped. `export` before a name, quotes around a value and a comment
/// after a value are left out, as in a file of a shell. In a JSON object, a value is a text, a number, a truth value,
/// or a list of texts, numbers and truth values.
///
/// # Examples
///
/// ```
/// use thundra_core::config::Document;
///
/// let lines = Document::parse("# during the sale\nOTEL_TRACES_SAMPLER=always_off\nTHUNDRA_KEEP=errors,cold").unwrap();
/// let json = r#"{ "OTEL_TRACES_SAMPLER": "always_off", "THUNDRA_KEEP": ["errors", "cold"] }"#;
/// assert_eq!(Document::parse(json), Ok(lines));
/// ```
#[doc(hidden)]
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Document {
    entries: BTreeMap<String, String>,
    /// The number of entries that are no name with a value.
    malformed: usize,
}

/// Shows only the names, because a value may be a credential by mistake.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Document").field(&self.entries.keys()).finish()
    }
}

/// An error for a text that is no document.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidDocument(&'static str);

impl fmt::Display for InvalidDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for InvalidDocument {}

impl InvalidDocument {
    /// Returns the reason, as the rest of a sentence about the text.
    pub fn reason(&self) -> &'static str {
        self.0
    }
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// An error for a text over 64 KiB, for malformed JSON, and for lines without a single `NAME=value`.
    pub fn parse(text: &str) -> Result<Self, InvalidDocument> {
        if text.len() > MAX_BYTES {
            return Err(InvalidDocument("is longer than 64 KiB"));
        }
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut document = Document::default();
        if text.starts_with(['{', '[']) {
            let object: Map<String, Value> =
                serde_json::from_str(text).map_err(|_| InvalidDocument("is not an object of JSON"))?;
            object.into_iter().for_each(|(name, value)| document.add(name, scalar_or_list(value)));
        } else {
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).for_each(|line| {
                match line.split_once('=') {
                    Some((name, value)) => document.add(name_of(name).to_owned(), Some(value_of(value).to_owned())),
                    None => document.malformed += 1,
                }
            });
        }
        if document.entries.is_empty() && document.malformed > 0 {
            return Err(InvalidDocument("has neither lines of NAME=value nor an object of JSON"));
        }
        Ok(document)
    }

    /// Returns the names and the values. A name without a value is not set.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.as_str())).filter(|(_, value)| !value.is_empty())
    }

    pub(super) fn malformed(&self) -> usize {
        self.malformed
    }

    /// Adds an entry. The last entry of a name counts.
    fn add(&mut self, name: String, value: Option<String>) {
        match value.filter(|_| !name.is_empty()) {
            Some(value) => {
                self.entries.insert(name, value.trim().to_owned());
            }
            None => self.malformed += 1,
        }
    }
}

/// Returns the name of a line.
fn name_of(text: &str) -> &str {
    let name = text.trim();
    name.strip_prefix("export").filter(|rest| rest.starts_with(char::is_whitespace)).map_or(name, str::trim_start)
}

/// Returns the value of a line, without quotes, or without a comment.
fn value_of(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some((value, rest)) = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote))
            && (rest.trim().is_empty() || rest.trim_start().starts_with('#'))
        {
            return value;
        }
    }
    let comment =
        text.char_indices().zip(text.chars().skip(1)).find(|((_, c), next)| c.is_whitespace() && *next == '#');
    let end = match comment {
        _ if text.starts_with('#') => 0,
        Some(((at, _), _)) => at,
        None => text.len(),
    };
    text.get(..end).unwrap_or(text)
}

/// Returns the text of a value of JSON; `null` has an empty text. `None` for an object, and for a list of lists.
fn scalar_or_list(value: Value) -> Option<String> {
    match value {
        Value::Array(items) => Some(items.into_iter().map(scalar).collect::<Option<Vec<_>>>()?.join(",")),
        value => scalar(value),
    }
}

fn scalar(value: Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_document_has_names_and_values() {
        for (text, entries, malformed, why) in [
            ("", &[][..], 0, "nothing is set"),
            ("\u{feff}A=1\r\n\r\nB = 2 \n", &[("A", "1"), ("B", "2")], 0, "lines of Windows, and spaces"),
            ("# A=1\n  # B=2\nC=3 # why\nD=#x", &[("C", "3")], 0, "comments"),
            ("A=a#b\nB=a=b", &[("A", "a#b"), ("B", "a=b")], 0, "signs within a value"),
            ("export A=1\nexported=2", &[("A", "1"), ("exported", "2")], 0, "a file of a shell"),
            ("A=\"1 # 2\"  # why\nB='x'\nC=\"x", &[("A", "1 # 2"), ("B", "x"), ("C", "\"x")], 0, "quotes"),
            ("A=1\nA=2", &[("A", "2")], 0, "the last one counts"),
            ("A=\nB=\"\"", &[], 0, "a blank value is not set"),
            ("A=1\nnothing\n=2", &[("A", "1")], 2, "lines without a name and a value"),
            ("{}", &[], 0, "an empty object"),
            (
                r#" {"A":0.5,"B":true,"C":["x",1],"D":null,"E":{"F":1},"G":[[1]]}"#,
                &[("A", "0.5"), ("B", "true"), ("C", "x,1")],
                2,
                "values of JSON",
            ),
        ] {
            let document = Document::parse(text).unwrap();
            assert_eq!(document.entries().collect::<Vec<_>>(), entries, "{why}");
            assert_eq!(document.malformed(), malformed, "{why}");
        }
    }

    #[test]
    fn other_texts_are_no_document() {
        let long = "A=1\n".repeat(MAX_BYTES / 4 + 1);
        for text in ["s3cr3t", "{\"A\":1", "[1]", "{\"A\":{}}", "=1", "<a/>\n<b/>", &long] {
            let error = Document::parse(text).unwrap_err();
            assert!(!error.to_string().contains("s3cr3t"), "{error}");
        }
        let deep = "[".repeat(MAX_BYTES);
        assert!(Document::parse(&deep).is_err());
    }

    #[test]
    fn debug_shows_no_value() {
        assert_eq!(format!("{:?}", Document::parse("A=s3cr3t").unwrap()), "Document([\"A\"])");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), lines in "([A-Z_]{0,3}[ =#\"']{0,2}[a-z{}\\[\\]é,]{0,3}\n?){0,6}") {
            for text in [&text, &lines] {
                if let Ok(document) = Document::parse(text) {
                    prop_assert!(document.entries().all(|(name, value)| !name.is_empty() && value.trim() == value));
                }
            }
        }
    }
}
