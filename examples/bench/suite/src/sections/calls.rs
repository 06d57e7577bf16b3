//! The cost of tracing a call to AWS, a call over HTTP, and a request through a tower layer.

mod aws;
mod http;
mod tower;
mod traced;

use crate::section::Section;

pub(crate) fn sections() -> Vec<Section> {
    vec![aws::section(), http::section(), tower::section()]
}

/// The calls of an invocation: a trace and a flush.
const CALLS: u64 = 20;
/// The units of an invocation that turn nanoseconds a unit into microseconds a call.
const UNITS: u64 = CALLS * 1000;
