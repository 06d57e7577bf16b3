//! Readers of the forms that several sources share.

pub(super) mod aggregate;
pub(crate) mod arn;
pub(crate) mod base64;
pub(super) mod bytes;
pub(crate) mod envelope;
pub(crate) mod extract;
pub(super) mod headers;
pub(super) mod json;
pub(super) mod packed;
pub(super) mod time;
