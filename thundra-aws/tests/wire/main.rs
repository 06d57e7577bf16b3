//! What goes over the wire: every operation that carries our context, beside the same call of a plain client.
//!
//! The two requests are the same to the byte, but for the context itself and for what changes with each request.
//! Each table has its rows on both sides of a guard.

#![cfg(all(
    feature = "eventbridge",
    feature = "kinesis",
    feature = "lambda",
    feature = "sfn",
    feature = "sns",
    feature = "sqs"
))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod attributes;
mod client_context;
mod endpoint;
mod exchange;
mod forwarded;
mod payloads;
