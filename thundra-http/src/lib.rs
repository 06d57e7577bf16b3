//! Traced HTTP: a drop-in for reqwest, a tower layer for clients and servers, and the OTLP/HTTP exporter.
//!
//! # Clients
//!
//! `use thundra_http as reqwest;` compiles a program that uses reqwest's client, and its calls are traced.
//! With the genuine client, [`send_traced`](RequestBuilderExt::send_traced) takes the place of `send`. Other
//! clients are wrapped with [`Layer::client`].
//!
//! # Servers
//!
//! [`Layer::server`] makes each request a scope: a server span, the caller's trace and correlation ids, and
//! whatever is recorded below.
//!
//! # Programs outside Lambda
//!
//! [`init`] installs everything; keep what it returns until the program ends:
//!
//! ```no_run
//! let _telemetry = thundra_http::init();
//! ```
//!
//! # Features
//!
//! - `reqwest` (default): the traced client, and TLS for the exporter. `json`, `query`, `form` and
//!   `multipart` are reqwest's.
//! - `https`: TLS for the exporter alone.
//! - `axum`: the route of an axum router as the name of a server span.
//! - `otel` (default): inside a scope our context is the current `opentelemetry::Context`.

mod attributes;
mod background;
mod client;
mod export;
mod hosts;
mod layer;
mod server;

pub use background::{Telemetry, init};
#[cfg(feature = "reqwest")]
pub use client::{Client, ClientBuilder, RequestBuilder, RequestBuilderExt, get};
pub use client::{ClientLayer, TracedClient};
pub use export::{Host, OtlpExporter, UnsupportedEndpoint, exporters};
pub use layer::Layer;
// What reqwest exports stands here too; ours take precedence over a glob.
#[cfg(feature = "reqwest")]
pub use reqwest::*;
pub use server::{ServerLayer, TracedBody, TracedServer};
pub use thundra_core::{SpanExt, correlation};
