//! Clients: a span for each request, and our context in its headers.

mod call;
mod error_chain;
mod inject;
mod layer;
#[cfg(feature = "reqwest")]
mod reqwest;

pub use self::layer::{ClientLayer, HasSpan, TracedClient};
#[cfg(feature = "blocking")]
pub use self::reqwest::blocking;
#[cfg(feature = "reqwest")]
pub use self::reqwest::{Client, ClientBuilder, RequestBuilder, RequestBuilderExt, get, redirect};
