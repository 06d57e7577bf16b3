//! Servers: each request is a scope of its own.

mod body;
mod ending;
mod forwarded;
mod layer;
mod methods;
mod own;
mod request;

pub use body::TracedBody;
pub use layer::{ServerLayer, TracedServer};
pub use own::IS_REQUEST;
