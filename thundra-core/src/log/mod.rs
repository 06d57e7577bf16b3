//! Log events as lines on standard error.
//!
//! [`install`](crate::install) sets a subscriber that writes them, in the form of [`LogFormat`](crate::LogFormat). A program
//! with a subscriber of its own adds [`layer()`]. [`append`] adds a key to the lines of a scope.
//!
//! Each line is one write. Lines of threads do not mix, control characters are escaped, and a line longer than a log event
//! of CloudWatch, 1 MiB, has its texts cut. A value whose `Debug` or `Display` panics is replaced by a text.

// event ─► lines.rs ─► the part of the program, encoded once ┐
//                  ├─► the part of the scope, once a scope    ├─► format.rs: json.rs, … ─► one write
//                  └─► fields.rs: message and fields          ┘
//
// If the recorder is the only layer, the recorder writes the lines: a layer would cost every span some 70 instructions.
// On a `Registry`, beside layers of the program, the layer of layer.rs does.

mod append;
mod dazn;
mod fields;
mod format;
mod head;
mod json;
mod layer;
mod lines;
mod text;
mod timestamp;

pub use append::append;
pub(crate) use head::head;
pub(crate) use layer::{configuration_changed, line_filter};
pub use layer::{layer, layer_with};
pub(crate) use lines::Lines;

#[cfg(test)]
mod tests;
