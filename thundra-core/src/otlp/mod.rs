//! OTLP, the wire format of OpenTelemetry: written as spans are recorded, read back when someone wants
//! to look at them.
//!
//! The messages are those of [opentelemetry-proto 1.x]; field numbers stand in [`write::tag`].
//!
//! [opentelemetry-proto 1.x]: https://github.com/open-telemetry/opentelemetry-proto/blob/v1.7.0/opentelemetry/proto/trace/v1/trace.proto

pub(crate) mod json;
pub(crate) mod read;
pub(crate) mod write;
