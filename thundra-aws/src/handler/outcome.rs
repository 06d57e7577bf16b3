//! The outcome of a handler.

use std::any::type_name;
use std::borrow::Cow;

use crate::error_type::short_error_type;

/// The outcome of a handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerOutcome {
    /// A success: any value that is not known to be an error.
    Ok,
    /// An error.
    Error {
        /// The `error.type` attribute: the path of the type, without type arguments.
        error_type: Cow<'static, str>,
        /// The text of the error: by `Display` if the error has it, else by `Debug`.
        message: String,
    },
}

/// Returns the `error.type` attribute of an error.
pub(super) fn error_type<E>() -> Cow<'static, str> {
    short_error_type(type_name::<E>()).into()
}
