//! The spans of `#[traced]`.

mod fields;
mod futures;
mod items;
