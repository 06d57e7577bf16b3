//! One call to AWS, one over HTTP, and one request through a tower layer: what tracing adds to it.

mod aws;
mod http;
mod tower;
mod traced;

use crate::section::Section;

pub(crate) fn sections() -> Vec<Section> {
    vec![aws::section(), http::section(), tower::section()]
}

/// The calls of an invocation, which is a trace and a flush.
const CALLS: u64 = 20;
/// Nanoseconds for each of so many units are microseconds for each call.
const UNITS: u64 = CALLS * 1000;
