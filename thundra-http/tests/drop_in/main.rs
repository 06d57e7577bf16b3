//! Programs written for reqwest, compiled as with `reqwest = { package = "thundra-http" }` in Cargo.toml.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

extern crate reqwest as genuine;
extern crate thundra_http as reqwest; // every path to reqwest leads here

mod blocking;
mod calls;
mod clients;
mod server;
mod sources;
mod types;
