//! Servers: each request is a scope of its own.

mod body;
mod layer;

pub use body::TracedBody;
pub use layer::{ServerLayer, TracedServer};
