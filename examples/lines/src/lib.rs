//! Reads the lines that functions on AWS Lambda leave in CloudWatch Logs.
//!
//! ```text
//! text ─► Line ─┬─► Telemetry    an OTLP request in an envelope, decoded by `decode`
//!               ├─► Report       Lambda's figures of an invocation
//!               └─► Other ─┬─► Document    metrics in the embedded metric format
//!                          └─► LogLine     any line, as a log record
//! ```
//!
//! `examples/forwarder` sends what it reads to a collector, and `examples/console` stores it. Times are in nanoseconds
//! since 1970. Anybody can write a line: a request is read only up to [`MAX_BYTES`] and two million messages.

mod decode;
mod emf;
mod envelope;
mod line;
mod log_line;
mod report;
mod time;
mod value;
mod xray;

pub use decode::{DecodeError, Format, MAX_BYTES, Telemetry, decode, unzip};
pub use emf::{Document, join_series};
pub use line::Line;
pub use log_line::LogLine;
pub use report::{Figure, Report};
pub use time::nanoseconds;
pub use value::attribute;
