//! The type of an exception, from the name of a type or from the `Debug` text of an error.

use std::fmt::{self, Debug, Write};

/// The type of an error without a name: a trait object, or a text.
pub const UNNAMED: &str = "Error";

/// The longest name in a `Debug` text.
const MAX_NAME_BYTES: usize = 96;

/// Returns the path of the type behind references and boxes, without type arguments. Returns [`UNNAMED`] for trait
/// objects and text, which name no error.
pub fn short_type_name(mut name: &str) -> &str {
    while let Some(inner) = pointee(name) {
        name = inner;
    }
    match name.split('<').next() {
        Some("str" | "alloc::string::String" | "alloc::borrow::Cow") => UNNAMED,
        Some(path) if !path.is_empty() && !path.starts_with("dyn ") => path,
        _ => UNNAMED,
    }
}

fn pointee(name: &str) -> Option<&str> {
    const BOXES: [&str; 3] = ["alloc::boxed::Box<", "alloc::sync::Arc<", "alloc::rc::Rc<"];

    let unboxed = || BOXES.iter().find_map(|open| name.strip_prefix(open)?.strip_suffix('>'));
    name.strip_prefix("&mut ").or_else(|| name.strip_prefix('&')).or_else(unboxed)
}

/// Returns the name that a derived `Debug` begins with: of the struct, or of the variant. `None` for other texts.
pub(super) fn in_debug(error: &(impl Debug + ?Sized)) -> Option<String> {
    /// Ends the formatting once the name is complete.
    struct Start(String);
    impl Write for Start {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.push_str(crate::cut(text, MAX_NAME_BYTES));
            if self.0.len() > MAX_NAME_BYTES { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut start = Start(String::new());
    let _ = write!(start, "{error:?}");
    name_in_debug(&start.0).map(str::to_owned)
}

/// Returns the name at the beginning of a derived `Debug` text; `None` for other texts.
pub fn name_in_debug(debug: &str) -> Option<&str> {
    let end = debug.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | ':'))).unwrap_or(debug.len());
    let (name, rest) = debug.split_at_checked(end)?;
    let is_derived = rest.is_empty() || rest.starts_with('(') || rest.starts_with(" {");
    let is_name = name.starts_with(char::is_uppercase) && !name.ends_with(':') && name.len() <= MAX_NAME_BYTES;
    (is_derived && is_name).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_without_boxes_and_arguments() {
        for (name, short) in [
            ("alloc::boxed::Box<dyn core::error::Error + Send + Sync>", "Error"),
            ("&alloc::boxed::Box<dyn core::error::Error>", "Error"),
            ("&str", "Error"),
            ("alloc::string::String", "Error"),
            ("&mut alloc::sync::Arc<core::fmt::Error>", "core::fmt::Error"),
            ("&anyhow::Error", "anyhow::Error"),
            ("a::SdkError<b::PublishError, c::Response>", "a::SdkError"),
            ("", "Error"),
        ] {
            assert_eq!(short_type_name(name), short, "{name}");
        }
    }

    #[test]
    fn a_derived_debug_names_the_type() {
        for (debug, name) in [
            ("ParseIntError { kind: InvalidDigit }", Some("ParseIntError")),
            ("Timeout", Some("Timeout")),
            ("DispatchFailure(Connector)", Some("DispatchFailure")),
            ("\"no such name\"", None),
            ("Failed to charge the card", None),
            ("the card is refused", None),
            ("JoinError::Panic(Id(5), \"why\", ...)", Some("JoinError::Panic")),
            ("Custom: why", None),
            ("Custom:", None),
            ("refused", None),
            ("", None),
        ] {
            assert_eq!(name_in_debug(debug), name, "{debug}");
        }
        assert_eq!(in_debug(&"x".repeat(9).parse::<u8>().unwrap_err()).as_deref(), Some("ParseIntError"));
        assert_eq!(in_debug(&"X".repeat(200)), None);
    }
}
