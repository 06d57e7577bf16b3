//! Calls to AWS: a span for each, and our context in what they send.
//!
//! One [interceptor](interceptor()) serves every service, on the genuine SDK client. A service has a feature of
//! its own only where something is written into its messages: see [`inject`].
//!
//! ```text
//! invocation
//! ├ DynamoDB.GetItem [client]
//! └ SNS.Publish [producer]     … its context travels in the message
//! ```
//!
//! # Outside of a scope nothing happens
//!
//! No span is made, nothing is injected, and the request is the one that the plain client sends. Presigned
//! requests are left alone everywhere: who sends them later is somebody else.

mod call;
mod clients;
mod error;
mod inject;
mod interceptor;
mod outcome;
mod request;

#[cfg(any(feature = "sns", feature = "sqs", feature = "kinesis"))]
pub use clients::Traced;
#[cfg(feature = "kinesis")]
pub use clients::kinesis;
#[cfg(feature = "config")]
pub use clients::load_config;
#[cfg(feature = "sns")]
pub use clients::sns;
#[cfg(feature = "sqs")]
pub use clients::sqs;
pub use interceptor::interceptor;
