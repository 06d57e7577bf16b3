//! Names and values for CloudWatch: see [Dimension] and [PutMetricData].
//!
//! [Dimension]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html
//! [PutMetricData]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html

use std::borrow::Cow;
use std::fmt::Write as _;

use thundra_core::cut as cut_text;

/// The longest name of a metric, a dimension or a namespace, in characters.
const MAX_NAME: usize = 255;

/// The longest value of a dimension, in characters.
const MAX_VALUE: usize = 1024;

/// The name of a metric without one.
const UNNAMED: &str = "unnamed";

/// Returns the name of a metric in the form for CloudWatch.
pub(super) fn metric_name(name: &str) -> Cow<'_, str> {
    if name.trim().is_empty() { UNNAMED.into() } else { cut(ascii(name), MAX_NAME) }
}

/// Returns the value of a dimension in the form for CloudWatch. `None` for a blank value, which CloudWatch refuses.
pub(super) fn dimension_value(value: &str) -> Option<String> {
    (!value.trim().is_empty()).then(|| cut(ascii(value), MAX_VALUE).into_owned())
}

/// Returns `true` for a dimension name valid in CloudWatch.
pub(super) fn is_dimension_name(name: &str) -> bool {
    !name.trim().is_empty() && name.len() <= MAX_NAME && !name.starts_with(':') && name.chars().all(is_plain)
}

/// Returns `true` for a namespace that CloudWatch takes from a program. Namespaces below `AWS/` are reserved.
pub(crate) fn is_namespace(name: &str) -> bool {
    let has_length = !name.trim().is_empty() && name.len() <= MAX_NAME;
    has_length && !name.starts_with(':') && !name.starts_with("AWS/") && name.chars().all(is_of_namespace)
}

/// Returns a namespace with the name of a service, in the form for CloudWatch.
pub(super) fn namespace_of(service: &str) -> String {
    let mut name: String = service.chars().map(|c| if is_of_namespace(c) { c } else { '_' }).take(MAX_NAME).collect();
    if name.starts_with(':') || name.starts_with("AWS/") {
        name.replace_range(..1, "_");
    }
    if is_namespace(&name) { name } else { UNNAMED.to_owned() }
}

/// Returns `true` for a character of [namespaces].
///
/// [namespaces]: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#Namespace
fn is_of_namespace(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/' | '#' | ':' | ' ')
}

/// Returns `true` for ASCII without control characters.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~')
}

/// Escapes all characters but plain ASCII. Two different texts stay different.
fn ascii(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if is_plain(c) => plain.push(c),
            // Writing to memory does not fail.
            c => write!(plain, "{}", c.escape_default()).unwrap_or_default(),
        }
    }
    plain.into()
}

/// Cuts a text of ASCII, and marks the cut with `...` at the end.
fn cut(text: Cow<'_, str>, max: usize) -> Cow<'_, str> {
    const MARK: &str = "...";
    if text.len() <= max {
        return text;
    }
    format!("{}{MARK}", cut_text(&text, max - MARK.len())).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_become_what_cloudwatch_takes() {
        for (given, expected, why) in [
            ("orders", "orders", "a name"),
            ("Order total (EUR)", "Order total (EUR)", "ASCII of any kind"),
            ("", "unnamed", "no name"),
            (" \t", "unnamed", "a blank name"),
            ("größe", r"gr\u{f6}\u{df}e", "no ASCII"),
            ("a\nb\u{7f}", r"a\nb\u{7f}", "control characters"),
        ] {
            assert_eq!(metric_name(given), expected, "{why}");
        }
        let long = metric_name(&"é".repeat(300)).into_owned();
        assert!(long.len() == 255 && long.ends_with("..."), "{long}");
        for (given, expected, why) in [
            ("visa", Some("visa".to_owned()), "a value"),
            ("", None, "an empty value"),
            ("\n ", None, "a blank value"),
            ("京都", Some(r"\u{4eac}\u{90fd}".to_owned()), "no ASCII"),
            (&"v".repeat(1024), Some("v".repeat(1024)), "the longest"),
            (&"v".repeat(1025), Some("v".repeat(1021) + "..."), "a longer one"),
        ] {
            assert_eq!(dimension_value(given).as_deref(), expected.as_deref(), "{why}");
        }
    }

    #[test]
    fn the_names_of_dimensions_and_namespaces_are_checked() {
        let long = "d".repeat(256);
        for (name, is_dimension, is_space, why) in [
            ("payment.method", true, true, "a name"),
            ("", false, false, "empty"),
            ("  ", false, false, "blank"),
            (":method", false, false, "a colon at the start"),
            ("méthode", false, false, "no ASCII"),
            ("a\tb", false, false, "a control character"),
            ("a\"b", true, false, "other ASCII"),
            ("AWS/Lambda", true, false, "AWS's own"),
            ("Shop/Orders #1", true, true, "all characters of namespaces"),
            (&long, false, false, "too long"),
        ] {
            assert_eq!((is_dimension_name(name), is_namespace(name)), (is_dimension, is_space), "{name:?}: {why}");
        }
        for (service, expected) in [
            ("orders", "orders"),
            ("AWS/x", "_WS/x"),
            (":x", "_x"),
            ("größe", "gr__e"),
            ("", "unnamed"),
            (" ", "unnamed"),
        ] {
            assert_eq!(namespace_of(service), expected);
        }
        assert_eq!(namespace_of(&long).len(), 255);
    }
}
