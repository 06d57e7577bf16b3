//! OTLP, the wire format of OpenTelemetry: protobuf, written as spans are recorded.
//!
//! The bytes of finished records are their only form. JSON and [`SpanData`](crate::SpanData) are views, made from the
//! bytes on demand:
//!
//! ```text
//! write.rs ─► a record's bytes ─► request.rs ─► protobuf request ─► json.rs (by schema.rs) ─► JSON request
//!                    └─► span.rs ─► SpanData
//! ```
//!
//! The three requests of OTLP have the same outer shape, and the module [`run`] relies on the shape. All messages are
//! defined by [opentelemetry-proto 1.x].
//!
//! [opentelemetry-proto 1.x]: https://github.com/open-telemetry/opentelemetry-proto/tree/v1.7.0/opentelemetry/proto

mod buffer;
#[cfg(feature = "testing")]
pub(crate) mod data_point;
#[cfg(feature = "testing")]
pub(crate) mod from_json;
pub(crate) mod json;
#[cfg(feature = "testing")]
pub(crate) mod log_record;
pub(crate) mod metric;
pub(crate) mod read;
pub(crate) mod rename;
pub(crate) mod request;
pub(crate) mod resource;
pub(crate) mod response;
pub(crate) mod run;
mod schema;
pub(crate) mod span;
pub(crate) mod tag;
pub(crate) mod write;
