//! A small shop on AWS Lambda, traced with `thundra-aws` and `thundra-http`, and its harness.
//!
//! Five functions and a traditional service work on an order, and the trace shows all six.
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
//! The other modules run the shop on this machine: [`shop`] deploys the programs, [`orders`] defines orders and their
//! expected traces, [`report`] checks and prints traces, and [`harness`] holds the cloud. `e2e/src/bin/pipeline.rs`
//! combines them. Programs to copy are one level up, beside `hello.rs`.

pub mod functions;
pub mod harness;
pub mod orders;
pub mod pricing;
pub mod reliability;
pub mod report;
pub mod seen;
pub mod shop;

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
