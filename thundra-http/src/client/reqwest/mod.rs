//! reqwest's client with a span for each call.
//!
//! reqwest has no hook for requests, so its builders are wrapped: only the sending differs. A span covers one
//! logical call, redirects and reqwest's own retries included.

#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod client;
mod connector;
mod delegate;
pub(super) mod error;
pub mod redirect;
mod request;
mod resolver;
mod service;

pub use self::builder::ClientBuilder;
pub use self::client::Client;
pub use self::request::{RequestBuilder, RequestBuilderExt, get};
