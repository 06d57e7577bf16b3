//! Readers of the forms shared by several sources.

pub(super) mod aggregate;
pub(crate) mod arn;
pub(crate) mod attributes;
pub(crate) mod base64;
pub(super) mod bytes;
pub(super) mod carrier;
pub(super) mod changes;
pub(crate) mod data;
mod datadog;
#[cfg(feature = "span-pointers")]
mod datadog_execution;
pub(crate) mod dead_letter;
pub(super) mod device;
pub(crate) mod envelope;
pub(crate) mod extract;
pub(super) mod headers;
pub(super) mod image;
pub(super) mod json;
pub(super) mod members;
pub(crate) mod opened;
pub(super) mod packed;
pub(super) mod s3_object;
pub(super) mod string;
mod tape;
pub(super) mod time;
