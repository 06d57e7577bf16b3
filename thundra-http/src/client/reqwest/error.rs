//! What went wrong, in few words and without the address.

use std::error::Error as _;

use reqwest::Error;
use thundra_core::formatted;

/// `error.type`.
pub(crate) fn kind(error: &Error) -> &'static str {
    if error.is_timeout() {
        "timeout"
    } else if error.is_connect() {
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
    formatted(|| causes(error))
}

fn causes(error: &Error) -> String {
    let mut source = error.source();
    let mut message = kind(error).replace('_', " ");
    while let Some(error) = source {
        message = format!("{message}: {error}");
        source = error.source();
    }
    message
}
