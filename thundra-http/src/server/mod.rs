//! Servers: each request is a scope of its own.

mod body;
mod ending;
pub mod forwarded;
mod layer;
mod methods;
mod own;
pub(crate) mod received;
mod request;

pub use body::TracedBody;
pub use layer::{ServerLayer, TracedServer};
