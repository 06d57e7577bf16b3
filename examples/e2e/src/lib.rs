//! A small shop on AWS Lambda, traced with `thundra-aws` and `thundra-http`: the examples of the workspace.
//!
//! Five functions and a traditional service work on one order; its trace shows all of them.
//!
//! ```text
//! POST /orders ─► orders ──SNS──┬─► billing ──Kinesis──► shipping ──SQS──► notify
//!                   │           └─► hello
//!                   └──HTTP──► pricing
//! ```
//!
//! # What to read
//!
//! | file | shows |
//! |---|---|
//! | `hello.rs` | a whole function in one file: `#[thundra_aws::handler]` on `main` |
//! | [`functions::orders`] | an HTTP API that calls a service and publishes to SNS |
//! | [`functions::billing`] | an SNS subscriber that fails now and then, and puts to Kinesis |
//! | [`functions::shipping`] | a Kinesis batch, each record in its own trace |
//! | [`functions::notify`] | an SQS batch with partial failures |
//! | [`pricing`] | an axum service outside Lambda |
//!
//! The rest makes them run on this machine: [`shop`] deploys them, [`orders`] says what is ordered and what should come of
//! it, [`report`] checks and prints the traces, and [`harness`] holds the cloud. `e2e/src/bin/pipeline.rs` puts it together.

pub mod functions;
pub mod harness;
pub mod orders;
pub mod pricing;
pub mod report;
pub mod seen;
pub mod shop;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
