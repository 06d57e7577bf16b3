//! Programs in separate processes: this binary, run once for each program.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod environment;
mod no_scope;
mod runner;
mod unrecorded;
