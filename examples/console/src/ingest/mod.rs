//! What comes in: OTLP over HTTP, segments of X-Ray by UDP, and lines of logs.
//!
//! ```text
//! files.rs: bytes ─► message.rs: messages with their times ─► line.rs: what each is ┬─► envelope.rs
//!                                                                                   ├─► emf.rs
//!                                                                                   └─► log_line.rs
//! ```

mod decode;
mod emf;
mod envelope;
pub(crate) mod files;
pub(crate) mod http;
mod json;
mod line;
mod log_line;
mod message;
mod size;
mod value;
pub(crate) mod xray;
