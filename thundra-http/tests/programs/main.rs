//! Programs that run in processes of their own: this binary, once for each.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod environment;
mod no_scope;
mod runner;
