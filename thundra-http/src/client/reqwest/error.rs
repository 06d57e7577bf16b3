//! What went wrong, in few words and without the address.

use std::error::Error as StdError;
use std::iter::successors;

use reqwest::Error;
use thundra_core::formatted;

/// A chain of causes that is longer has no end.
const MAX_CAUSES: usize = 16;

/// `error.type`.
pub(crate) fn kind(error: &Error) -> &'static str {
    // reqwest walks to the end of the causes, and the program's own error may be a cause of itself.
    let has_end = causes(error).nth(MAX_CAUSES).is_none();
    if has_end && error.is_timeout() {
        "timeout"
    } else if has_end && error.is_connect() {
        "connection_error"
    } else if error.is_redirect() {
        "redirect_error"
    } else if error.is_builder() {
        "invalid_request"
    } else {
        "request_failed"
    }
}

/// The causes. reqwest's own text is left out, since it holds the address, query and all.
pub(crate) fn message(error: &Error) -> String {
    formatted(|| {
        let kind = kind(error).replace('_', " ");
        causes(error).take(MAX_CAUSES).fold(kind, |message, cause| format!("{message}: {cause}"))
    })
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    successors(error.source(), |cause: &&(dyn StdError + 'static)| (*cause).source())
}
