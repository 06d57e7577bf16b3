//! Requests on the wire: every operation with our context, beside the same call of a plain client.
//!
//! The two requests differ only in the context, and in bytes different for each request. Each table has rows on both
//! sides of a limit.

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
