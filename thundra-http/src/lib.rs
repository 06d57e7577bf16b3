//! Traced HTTP: a drop-in for reqwest, a tower layer for clients and servers, and the OTLP/HTTP exporter.
//!
//! # Clients
//!
//! `use thundra_http as reqwest;` compiles a program that uses reqwest's client, and its calls are traced.
//! With the genuine client, [`send_traced`](RequestBuilderExt::send_traced) takes the place of `send`. Other
//! clients are wrapped with [`Layer::client`].
//!
//! ## Who gets what
//!
//! `traceparent` and `tracestate` go to every host, and nothing to an address that carries its own authorization or with a
//! request that AWS credentials signed. Correlation ids, baggage and the X-Ray header go to
//!
//! - loopback, private and link-local addresses, in every spelling that resolvers take,
//! - names without a dot, and names below `.internal`, `.local` and `.localhost`,
//! - internal load balancers (`internal-*.elb.amazonaws.com`) and VPC endpoints (`*.vpce.amazonaws.com`),
//! - the hosts that `THUNDRA_PROPAGATE_HOSTS` names: names, `*.example.com`, networks, or `*`.
//!
//! No other name of AWS gets them: anybody can have a bucket, an API, a load balancer or an instance there. Once for each
//! host that gets no ids, a line on standard error has the value of `THUNDRA_PROPAGATE_HOSTS` to set where it is to get
//! them. A [`Client`] from our own builder keeps to this through redirects too, unless [`ClientBuilder::configure`] changed
//! it; elsewhere reqwest hands the headers of a request to whatever host it is redirected to.
//!
//! What the headers of a request hold already wins, and so do the default headers of our own builders. The exception is a
//! value that the scope received: a program that copies the headers of its caller onto its own call sends its own context
//! in their place, to every host that may have it.
//!
//! All our headers of a request have at most 4 KiB, the most important first: `traceparent`, the id and the length of the
//! chain of calls and its debug switch, `tracestate`, the X-Ray header, the other correlation ids, `baggage`. At most 1 KiB
//! of ids is taken from an untrusted caller. A call that could not carry all of them has the attributes
//! `thundra.injection.skipped` and `thundra.injection.incomplete_messages`.
//!
//! # Servers
//!
//! [`Layer::server`] makes each request a scope: a server span, the caller's trace and correlation ids, and
//! whatever is recorded below.
//!
//! # Programs outside Lambda
//!
//! [`init`] installs everything, and takes the place of the line that initialises a subscriber: records of the `log`
//! crate are written as well. Keep what it returns until the program ends:
//!
//! ```no_run
//! let _telemetry = thundra_http::init();
//! ```
//!
//! # Features
//!
//! - `reqwest` (default): the traced client, and TLS for the exporter. All features of reqwest are here under their
//!   own names, its defaults among the defaults, but for `http3`: it is unstable, enabled on reqwest itself, and used
//!   through [`ClientBuilder::configure`].
//! - `full`: everything but the alternatives to rustls, which take OpenSSL.
//! - `https`: TLS for the exporter alone.
//! - `axum`: the route of an axum router as the name of a server span.
//! - `otel` (default): inside a scope our context is the current `opentelemetry::Context`, with the baggage that was
//!   received; calls carry the baggage that it has when they are made, and code that suppresses telemetry is not traced.
//!   OpenTelemetry's current span is the scope's root.
//! - `otel-spans`: OpenTelemetry's current span is the `tracing` span that is entered.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod background;
mod client;
pub mod export;
mod host_patterns;
mod layer;
mod propagation_policy;
#[doc(hidden)]
pub mod semantics;
mod server;
mod settings;

#[doc(hidden)]
pub use background::init_for;
pub use background::{Telemetry, init, init_with};
#[doc(hidden)]
pub use client::HasSpan;
#[cfg(feature = "blocking")]
pub use client::blocking;
#[cfg(feature = "reqwest")]
pub use client::{Client, ClientBuilder, RequestBuilder, RequestBuilderExt, get, redirect};
pub use client::{ClientLayer, TracedClient};
pub use host_patterns::{HostPatterns, InvalidHostPattern};
pub use layer::Layer;
// What reqwest exports stands here too; ours take precedence over a glob.
#[cfg(feature = "reqwest")]
pub use reqwest::*;
pub use server::{ServerLayer, TracedBody, TracedServer};
pub use settings::{CapturedHeaders, Settings};
#[doc(hidden)]
pub use settings::{VARIABLES, settings};
pub use thundra_core::{SpanExt, correlation};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
