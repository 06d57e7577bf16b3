//! Errors of reqwest, described without the URL.

use std::any::type_name;
use std::error::Error as StdError;
use std::iter::successors;

use reqwest::Error;
use thundra_core::exception::Exception;
use thundra_core::formatted;

/// The maximum number of causes. A longer chain counts as endless.
const MAX_CAUSES: usize = 16;

/// Returns `error.type`.
pub(crate) fn kind(error: &Error) -> &'static str {
    // `is_timeout` and `is_connect` walk to the end of the chain, and an error of the program may be its own cause.
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

/// Describes the error by the text of the causes, without the text of the error, because the text of the error contains
/// the whole URL.
pub(crate) fn exception(error: &Error) -> Exception {
    let message = formatted(|| {
        let kind = kind(error).replace('_', " ");
        causes(error).take(MAX_CAUSES).fold(kind, |message, cause| format!("{message}: {cause}"))
    });
    Exception::new(type_name::<Error>(), message)
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    successors(error.source(), |cause: &&(dyn StdError + 'static)| (*cause).source())
}
