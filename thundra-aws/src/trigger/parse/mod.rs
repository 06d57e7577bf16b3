//! Readers of the forms that events share.

pub(super) mod envelope;
pub(super) mod extract;
pub(super) mod headers;
pub(super) mod json;
pub(super) mod time;
