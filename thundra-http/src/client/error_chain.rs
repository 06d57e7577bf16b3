//! Why a service gave no answer, in few words.

use std::any::Any;
use std::error::Error;
use std::fmt::Display;
use std::io;
use std::iter::successors;

use hyper_util::client::legacy;
use thundra_core::contained;

/// A chain of causes that is longer has no end.
const MAX_CAUSES: usize = 16;

/// `error.type` and the description: the error and its causes, where it is of a kind that tells them.
pub(super) fn told<E: Display + 'static>(error: &E) -> (&'static str, String) {
    contained(|| describe(error)).unwrap_or_else(|| ("request_failed", "the request failed".to_owned()))
}

fn describe<E: Display + 'static>(error: &E) -> (&'static str, String) {
    let Some(error) = as_error(error) else { return ("request_failed", error.to_string()) };
    let causes = || successors(Some(error), |error| source(*error)).take(MAX_CAUSES);
    #[cfg(feature = "reqwest")]
    if let Some(error) = causes().find_map(|cause| cause.downcast_ref::<reqwest::Error>()) {
        return (super::reqwest::error::kind(error), super::reqwest::error::message(error));
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
        // Many an error repeats its cause.
        if !message.contains(&text) {
            message.push_str(if message.is_empty() { "" } else { ": " });
            message.push_str(&text);
        }
    }
    (kind, message)
}

/// The error as one that tells its causes. A box of one is none by itself.
fn as_error<E: 'static>(error: &E) -> Option<&(dyn Error + 'static)> {
    fn known<T: Error + 'static>(error: &dyn Any) -> Option<&(dyn Error + 'static)> {
        error.downcast_ref::<T>().map(|error| error as _)
    }
    let error: &dyn Any = error;
    #[cfg(feature = "reqwest")]
    let reqwest = known::<reqwest::Error>(error);
    #[cfg(not(feature = "reqwest"))]
    let reqwest = None;
    let shared = || error.downcast_ref::<Box<dyn Error + Send + Sync>>().map(|error| &**error as _);
    let sent = || error.downcast_ref::<Box<dyn Error + Send>>().map(|error| &**error as _);
    let boxed = || error.downcast_ref::<Box<dyn Error>>().map(|error| &**error);
    let plain = || known::<legacy::Error>(error).or_else(|| known::<io::Error>(error));
    reqwest.or_else(plain).or_else(shared).or_else(sent).or_else(boxed)
}

/// The next cause. An I/O error made of another one skips that.
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
