//! Servers: each request is a scope of its own.

mod body;
mod ending;
mod layer;
mod request;

pub use body::TracedBody;
pub use layer::{ServerLayer, TracedServer};
