//! Recording: from `tracing` spans to finished OTLP bytes.
//!
//! ```text
//! tracing span ─ layer ─► span_index: id to slot ─► slab: the scope, locked ─► open_span
//!                  │ fields
//!                  └─ fields ─► bytes, before any lock is taken
//! ```
//!
//! A [scope](crate::Scope) owns a place in the [`slab`]: its open spans, and the bytes of those that have ended. The place
//! has a lock of its own, and a span locks no other. It finds its place by reading two numbers in the [`span_index`], which
//! takes no lock.
//!
//! Fields are encoded in a buffer of the thread before the scope is locked, so that a user's `Debug` runs outside the lock.
//! It may itself record spans.

pub(crate) mod ambient;
pub(crate) mod carrier;
pub(crate) mod current;
pub(crate) mod edit;
pub(crate) mod entered;
pub(crate) mod events;
mod fields;
pub(crate) mod filter;
pub(crate) mod layer;
pub(crate) mod missing_spans;
pub(crate) mod open_span;
mod parent;
pub(crate) mod scope_state;
pub(crate) mod slab;
pub(crate) mod slot;
mod span_index;
mod sync;

#[cfg(test)]
mod tests;
