//! Readers of the forms that several sources share.

pub(crate) mod arn;
pub(super) mod base64;
pub(crate) mod envelope;
pub(crate) mod extract;
pub(super) mod headers;
pub(super) mod json;
pub(super) mod time;
