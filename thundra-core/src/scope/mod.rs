//! Scopes: units of work done on someone's behalf, such as an invocation, a request or a record of a batch.
//!
//! A scope has a root span, correlation ids, and recorded spans. [`Scope`] owns a scope, and
//! [`ScopeRef`] is a handle that does not own the scope.
//!
//! # How code finds its scope
//!
//! A `tracing` span carries the scope, and so does the future of [`Scope::run`]. Either alone is enough. A task spawned
//! with `.in_current_span()` therefore belongs to the scope as well.
//!
//! # Life of a scope
//!
//! [`ScopeBuilder::begin`] claims a place for the scope and starts its root span. [`Scope::finish`] ends the root span,
//! seals the scope, and returns the ended spans. Spans ended later are exported once, with the next flush.
//! The place is reused when the owner and the last `tracing` span in the scope are gone.

mod builder;
mod flags;
mod in_scope;
mod owner;
mod preceding;
mod scope_ref;
mod unasked;

pub use builder::ScopeBuilder;
pub use flags::ScopeFlags;
pub use in_scope::InScope;
pub use owner::Scope;
pub use preceding::Preceding;
pub use scope_ref::ScopeRef;
