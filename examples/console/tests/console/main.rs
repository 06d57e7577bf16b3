//! The console as its users run it: the binary, on free ports.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may stop")]

mod cost;
mod harness;
mod live;
mod logs;
mod map;
mod odd;
mod otlp;
mod out;
mod questions;
mod queues;
mod receipts;
mod requests;
mod security;
mod shop;
mod slow;
mod tempo;
