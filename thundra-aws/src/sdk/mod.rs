//! Calls to AWS: a span for each call, and our context in the sent messages.
//!
//! The same [interceptor](interceptor()) serves every service, on the genuine client of the SDK. A service with special
//! attributes or messages has a row in [`services`]. A Cargo feature exists only for services with context in the
//! [messages](message).
//!
//! ```text
//! invocation
//! ├ DynamoDB.GetItem [client]
//! └ SNS.Publish [producer]     … the context of this span travels in the message
//! ```
//!
//! # A call, from left to right
//!
//! ```text
//! interceptor → services (the row) → call (span) → message (context in) → the SDK sends
//!             → response, error (result) → message::refusal (limit, if the service refused a message)
//! ```
//!
//! # Untraced calls
//!
//! Outside a scope no span is created and nothing is injected. The request equals the request of a plain client, with
//! one exception: `ReceiveMessage` requests the attributes with our context (feature `sqs`). Presigned requests never
//! change, because another program sends the request later. Calls under an OpenTelemetry context with suppressed
//! telemetry do not change either.

mod call;
pub(crate) mod clients;
mod duration;
mod endpoint;
mod error;
mod interceptor;
// Each carrier is for some services, and the feature of a service alone leaves the other carriers unused.
#[cfg_attr(not(feature = "full"), allow(dead_code))]
mod message;
#[cfg(feature = "sqs")]
mod receive;
mod response;
// The rows of services without their feature leave helpers unused.
#[cfg_attr(not(feature = "full"), allow(dead_code))]
mod services;
#[cfg(feature = "unwrapped-clients")]
pub(crate) mod unwrapped;

pub use interceptor::interceptor;
