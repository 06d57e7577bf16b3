//! Calls of the genuine SDK clients, seen from both sides: the request on the wire, and the recorded span.

#![cfg(all(feature = "sns", feature = "sqs", feature = "kinesis"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod batches;
mod endpoint;
mod faults;
mod hops;
mod interceptor;
mod kinesis;
mod limits;
mod measured;
mod operations;
mod presigning;
mod sns;
mod sqs;
mod support;
