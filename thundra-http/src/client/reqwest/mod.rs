//! reqwest's clients with a span for each call.
//!
//! reqwest has no hook for requests, so its clients and builders are wrapped. The wrappers pass every setting on and
//! differ in the sending alone. One span covers one call, with its redirects and with the retries of reqwest.

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

/// Types for [`ClientBuilder::connector_layer`] and [`ClientBuilder::dns_resolver`].
pub mod connect {
    pub use super::connector::{Connection, ConnectionRequest, Connector};
    pub use super::resolver::IntoResolve;
}
