//! Servers: each request is a scope.

mod body;
mod completion;
mod duration;
mod found_headers;
mod known_rpc_methods;
mod layer;
mod request;
mod request_scope;
mod route;

pub use body::TracedBody;
pub use layer::{ServerFuture, ServerLayer, TracedServer};
pub use route::RouteLayer;
