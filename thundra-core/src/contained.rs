//! Code of the user's that nobody but us runs.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Stands for the text of a value whose `Display` or `Debug` panics.
pub(crate) const PANICKED: &str = "(its text is not known: formatting it panicked)";

/// Returns what `f` returns, `None` where it panics. For code of the user's that runs for telemetry alone, such as the
/// `Display` of an error: without us there would be no panic, so it ends here. The panic hook has reported it by then.
#[doc(hidden)]
#[inline]
pub fn contained<T>(f: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

/// Returns the text that `format` makes of a user's value, as [`contained`] does.
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
