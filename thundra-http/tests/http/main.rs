//! Clients and servers in one process, and the collector's side of the exporter: all over real sockets.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod clients;
mod export;
mod export_connections;
mod export_credentials;
mod export_limits;
mod export_logs;
mod export_proxies;
mod export_signals;
mod export_tls;
mod export_xray;
mod exporting;
mod forwarded;
mod measured;
mod properties;
mod redirects;
mod scopes;
mod servers;
mod support;
mod trace_context;
