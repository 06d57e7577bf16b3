//! What must hold of any input, and how an input becomes an event.
//!
//! The targets are programs of this package, and the program `fuzz` runs them. libFuzzer needs no nightly toolchain:
//! `.cargo/config.toml` has what it asks of the compiler, so run `cargo` in this folder.

pub mod context;
pub mod corpus;
pub mod event;
pub mod growth;

#[cfg(test)]
use libfuzzer_sys as _; // it has what the coverage of the tests calls
