//! Calls to AWS: a span for each, and our context in what they send.
//!
//! One [interceptor](interceptor()) serves every service, on the genuine SDK client. A service has a feature of
//! its own only where something is written into its messages: see [`message`].
//!
//! ```text
//! invocation
//! ├ DynamoDB.GetItem [client]
//! └ SNS.Publish [producer]     … its context travels in the message
//! ```
//!
//! # Outside of a scope nothing happens
//!
//! No span is made, nothing is injected, and the request is the one that the plain client sends. Only who
//! [receives messages](receive) asks for our attributes along with what he wants, wherever he is. Presigned
//! requests are left alone everywhere: who sends them later is somebody else. So are those that are made where
//! OpenTelemetry's context suppresses telemetry.

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
mod services;
#[cfg(feature = "unwrapped-clients")]
pub(crate) mod unwrapped;

pub use interceptor::interceptor;
