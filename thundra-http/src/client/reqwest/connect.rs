//! Types for [`ClientBuilder::connector_layer`](crate::ClientBuilder::connector_layer) and
//! [`ClientBuilder::dns_resolver`](crate::ClientBuilder::dns_resolver).
//!
//! # Examples
//!
//! A limit for opening a connection, name resolution and TLS included:
//!
//! ```
//! use std::time::Duration;
//!
//! use tower::timeout::TimeoutLayer;
//!
//! let layer = TimeoutLayer::new(Duration::from_secs(2));
//! let client = thundra_http::Client::builder().connector_layer(layer).build()?;
//! # let _ = client;
//! # Ok::<(), thundra_http::Error>(())
//! ```

pub use super::connector::{Connection, ConnectionRequest, Connector};
pub use super::resolver::IntoResolve;
