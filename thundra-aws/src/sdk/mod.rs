//! Calls to AWS: a span for each call, and our context in the messages that it sends.
//!
//! One [interceptor](interceptor()) serves every service, on the genuine client of the SDK. A service with attributes or
//! messages of its own has a row in [`services`]. A Cargo feature exists only for services whose [messages](message) carry
//! context.
//!
//! ```text
//! invocation
//! ├ DynamoDB.GetItem [client]
//! └ SNS.Publish [producer]     … its context travels in the message
//! ```
//!
//! # A call, from left to right
//!
//! ```text
//! interceptor → services (the row) → call (span) → message (context in) → the SDK sends
//!             → response, error (result) → message::refusal (limit, if the service refused a message)
//! ```
//!
//! # Calls that are not traced
//!
//! Outside a scope no span is created and nothing is injected. The request is the one of a plain client, except that
//! `ReceiveMessage` requests the attributes that carry our context (feature `sqs`). Presigned requests never change,
//! because another program sends them later. Neither do calls under an OpenTelemetry context that suppresses telemetry.

mod call;
pub(crate) mod clients;
mod endpoint;
mod error;
mod interceptor;
#[cfg_attr(not(feature = "full"), allow(dead_code))]
mod message;
#[cfg(feature = "sqs")]
mod receive;
mod response;
#[cfg_attr(not(feature = "full"), allow(dead_code))]
mod services;
#[cfg(feature = "unwrapped-clients")]
pub(crate) mod unwrapped;

pub use interceptor::interceptor;
