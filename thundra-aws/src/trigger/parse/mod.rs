//! Readers of the forms that several sources share.

pub(super) mod aggregate;
pub(crate) mod arn;
pub(crate) mod attributes;
pub(crate) mod base64;
pub(super) mod bytes;
mod datadog;
pub(crate) mod dead_letter;
pub(crate) mod envelope;
pub(crate) mod extract;
pub(super) mod headers;
pub(super) mod json;
<<<<<<< HEAD
pub(super) mod s3_object;
||||||| 08d6aa5
=======
pub(super) mod packed;
>>>>>>> main
pub(super) mod time;
