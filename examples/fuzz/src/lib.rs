//! Properties of any input, and the conversion of an input into an event.
//!
//! The targets are programs of this package, and the program `fuzz` runs the targets. libFuzzer needs no nightly
//! toolchain: `.cargo/config.toml` has the compiler flags for libFuzzer, so run `cargo` in this folder.

pub mod context;
pub mod corpus;
pub mod event;
pub mod growth;

#[cfg(test)]
use libfuzzer_sys as _; // has the functions that the coverage of the tests calls
