//! User code run for telemetry alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// The text in place of a value with a panicking `Display` or `Debug`.
pub(crate) const PANICKED: &str = "(its text is not known: formatting it panicked)";

/// Runs user code, such as the `Display` of an error; `None` after a panic.
///
/// Without telemetry the code would not run and not panic, so the panic ends here. The panic hook has reported the
/// panic before.
#[doc(hidden)]
#[inline]
pub fn contained<T>(f: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

/// Runs `format` as [`contained`] does, with a replacement text after a panic.
#[doc(hidden)]
#[cold]
pub fn formatted(format: impl FnOnce() -> String) -> String {
    contained(format).unwrap_or_else(|| PANICKED.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_cannot_be_made_is_no_panic_of_ours() {
        assert_eq!(formatted(|| "fine".to_owned()), "fine");
        assert_eq!(formatted(|| panic!("broken")), PANICKED);
        assert_eq!(contained(|| -> u8 { panic!("broken") }), None);
    }
}
