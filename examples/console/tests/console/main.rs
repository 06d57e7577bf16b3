//! The console as its users run it: the binary, on free ports.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop")]

mod api;
mod harness;
mod logs;
mod odd;
mod otlp;
mod out;
mod receipts;
mod security;
