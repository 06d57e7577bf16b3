//! Servers: each request is a scope of its own.

mod body;
mod completion;
mod known_rpc_methods;
mod layer;
mod request;
mod request_scope;

pub use body::TracedBody;
pub use layer::{ServerLayer, TracedServer};
