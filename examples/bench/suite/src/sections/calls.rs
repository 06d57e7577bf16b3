//! One call to AWS, and one over HTTP: what tracing adds to it.

mod aws;
mod http;
mod traced;

use crate::section::Section;

pub(crate) fn sections() -> Vec<Section> {
    vec![aws::section(), http::section()]
}

/// The calls of an invocation, which is a trace and a flush.
const CALLS: u64 = 20;
/// Nanoseconds for each of so many units are microseconds for each call.
const UNITS: u64 = CALLS * 1000;
