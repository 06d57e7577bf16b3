//! The attributes of HTTP requests, by the stable [HTTP conventions] and [RPC conventions].
//!
//! Clients, servers and the HTTP triggers of thundra-aws take names, limits and redaction only from here. All describe
//! the same request alike.
//!
//! | module | decides |
//! |---|---|
//! | `attributes` | known methods and `_OTHER`, hosts, ports, `url.full`, protocol versions |
//! | `server_request` | the name and attributes of a request to a server or a Lambda function |
//! | [`forwarded`] | the caller, scheme, host and port reported by proxies |
//! | `headers` | the captured headers |
//! | `redact` | paths and queries without secrets |
//! | `limits` | the longest values of each attribute |
//! | `grpc` | gRPC methods and status codes |
//!
//! [HTTP conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/http/http-spans.md
//! [RPC conventions]: https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/rpc/grpc.md

pub(crate) mod attributes;
pub mod forwarded;
pub(crate) mod grpc;
pub(crate) mod headers;
mod limits;
mod redact;
mod server_request;

pub use attributes::{parse_host, parse_protocol_version, plain_host_len, server_address_and_port};
pub(crate) use server_request::span_name;
pub use server_request::{Attributes, ServerRequest, query, query_of_names};
