//! reqwest's clients with a span for each call.
//!
//! reqwest has no hook for requests. Our clients and builders therefore wrap reqwest's. The wrappers pass on every
//! setting and differ only in sending. A span covers a call with all redirects and with the retries of reqwest.

#[cfg(feature = "blocking")]
pub mod blocking;
mod builder;
mod client;
pub mod connect;
mod connector;
mod delegate;
mod genuine;
pub mod redirect;
mod request;
mod resolver;
mod service;

pub use self::builder::ClientBuilder;
pub use self::client::Client;
pub use self::request::{RequestBuilder, RequestBuilderExt, get};
