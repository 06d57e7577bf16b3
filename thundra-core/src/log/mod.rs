//! Log events as lines on standard error.
//!
//! ```text
//! event ─► lines.rs ─► the part of the program, encoded once ┐
//!                  ├─► the part of the scope, once a scope    ├─► format.rs: json.rs, … ─► one write
//!                  └─► fields.rs: message and fields          ┘
//! ```
//!
//! If the recorder is the only layer, the recorder writes the lines: a layer would cost every span some 70 instructions.
//! On a `Registry`, beside layers of the program, the [`LogLayer`] does.

mod fields;
mod format;
mod head;
mod json;
mod layer;
mod lines;
mod timestamp;

pub(crate) use head::head;
pub(crate) use layer::LogLayer;
pub(crate) use lines::Lines;

#[cfg(test)]
mod tests;
