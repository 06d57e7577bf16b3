//! What comes in: OTLP over HTTP, segments of X-Ray by UDP, and lines of logs.
//!
//! ```text
//! files.rs: bytes ─► message.rs: messages with their times ─► line.rs: what each is
//! ```
//!
//! `examples/lines` reads the lines themselves, for the forwarder as well.

pub(crate) mod files;
pub(crate) mod http;
mod line;
mod message;
pub(crate) mod xray;
