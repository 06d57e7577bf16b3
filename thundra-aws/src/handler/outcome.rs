//! The outcome of a handler that is wrapped in place.

use std::any::type_name;
use std::borrow::Cow;

use crate::lifecycle::error_type::short_error_type;

/// How a handler ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HandlerOutcome {
    /// With a value, or with anything else that is not a `Result`.
    Ok,
    /// With an error.
    Error {
        /// The `error.type` attribute: the path of the type, without what would raise its cardinality.
        error_type: Cow<'static, str>,
        /// What the error says about itself, by `Display` if it can, else by `Debug`.
        message: String,
    },
}

/// Returns the `error.type` attribute of an error.
pub(super) fn error_type<E>() -> Cow<'static, str> {
    short_error_type(type_name::<E>()).into()
}
