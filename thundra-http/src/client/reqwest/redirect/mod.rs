//! Whether redirects are followed: the same names as in [`reqwest::redirect`], in types of our own.

pub(super) mod any_request;
pub(super) mod chain;
pub(super) mod follow;
mod policy;
pub(super) mod settings;

pub use self::policy::{Action, Attempt, Policy};
