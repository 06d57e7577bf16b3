//! Clients: a span for each request, with our context in the headers.

mod call;
mod duration;
mod error_chain;
mod inject;
mod layer;
#[cfg(feature = "reqwest")]
mod reqwest;
#[cfg(feature = "reqwest")]
mod reqwest_error;

pub use self::layer::{ClientFuture, ClientLayer, HasSpan, TracedClient};
#[cfg(feature = "blocking")]
pub use self::reqwest::blocking;
#[cfg(feature = "reqwest")]
pub use self::reqwest::{Client, ClientBuilder, RequestBuilder, RequestBuilderExt, connect, get, redirect};
