//! What comes in: OTLP over HTTP, segments of X-Ray by UDP, and lines of logs.

pub(crate) mod decode;
pub(crate) mod http;
pub(crate) mod xray;
