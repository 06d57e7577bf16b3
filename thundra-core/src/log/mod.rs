//! Log events as lines on standard error.
//!
//! [`install`](crate::install) sets a subscriber for log lines in the form of [`LogFormat`](crate::LogFormat). A
//! program with a custom subscriber adds [`layer()`]. [`append`] adds a key to the lines of a scope.
//!
//! Each line is a single write, and lines of threads do not mix. Control characters are escaped. The texts of a line
//! longer than a log event of CloudWatch, 1 MiB, are cut. If `Debug` or `Display` of a value panics, a fixed text
//! replaces the value.

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
#[cfg(feature = "registry")]
mod layer;
mod lines;
#[cfg(feature = "registry")]
mod span_fields;
mod text;
mod timestamp;

pub use append::append;
pub(crate) use head::head;
#[cfg(feature = "registry")]
pub use layer::{layer, layer_with};
pub(crate) use lines::{Lines, line_filter};

#[cfg(test)]
mod tests;
