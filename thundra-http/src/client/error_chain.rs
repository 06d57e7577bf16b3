//! Errors of a service, described with their causes.

use std::any::{Any, type_name};
use std::error::Error;
use std::fmt::Display;
use std::io;
use std::iter::successors;

use hyper_util::client::legacy;
use thundra_core::contained;
use thundra_core::exception::{self, Exception, short_type_name};

/// The maximum number of causes. A longer chain counts as endless.
const MAX_CAUSES: usize = 16;

/// Returns `error.type` and the exception. The causes are included if the error is of a known type or a boxed error.
///
/// A panic in the `Display` of the program is contained.
pub(super) fn type_and_exception<E: Display + 'static>(error: &E) -> (&'static str, Exception) {
    let unknown = || ("request_failed", Exception::new(short_type_name(type_name::<E>()), "the request failed"));
    contained(|| describe(error)).unwrap_or_else(unknown)
}

fn describe<E: Display + 'static>(error: &E) -> (&'static str, Exception) {
    let error_type = short_type_name(type_name::<E>());
    let Some(error) = as_error(error) else { return ("request_failed", Exception::of_value(error)) };
    let causes = || successors(Some(error), |error| source(*error)).take(MAX_CAUSES);
    #[cfg(feature = "reqwest")]
    if let Some(error) = causes().find_map(|cause| cause.downcast_ref::<reqwest::Error>()) {
        return (super::reqwest_error::kind(error), super::reqwest_error::exception(error));
    }
    let kind = if causes().any(is_timeout) {
        "timeout"
    } else if causes().any(|cause| cause.downcast_ref().is_some_and(legacy::Error::is_connect)) {
        "connection_error"
    } else {
        "request_failed"
    };
    let mut message = String::new();
    for text in causes().map(ToString::to_string) {
        // Many errors repeat the text of their cause.
        if !message.contains(&text) {
            message.push_str(if message.is_empty() { "" } else { ": " });
            message.push_str(&text);
        }
    }
    (kind, Exception::new(error_type, message))
}

/// Returns the error as a `dyn Error`. The service's error type is only known to be `Display`, and a boxed error does
/// not implement `Error`.
fn as_error<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    let any: &dyn Any = error;
    #[cfg(feature = "reqwest")]
    if let Some(error) = any.downcast_ref::<reqwest::Error>() {
        return Some(error);
    }
    any.downcast_ref::<legacy::Error>().map(|error| error as _).or_else(|| exception::as_error(error))
}

/// Returns the next cause. The `source` of an I/O error skips the error inside.
fn source<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inner.map(|inner| inner as _).or_else(|| error.source())
}

fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    #[cfg(feature = "reqwest")]
    if error.is::<tower::timeout::error::Elapsed>() {
        return true;
    }
    error.is::<tokio::time::error::Elapsed>()
        || error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
}
