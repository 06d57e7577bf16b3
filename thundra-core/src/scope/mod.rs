//! Scopes: units of work done on someone's behalf, such as an invocation, a request or a record of a batch.
//!
//! A scope has a root span, the correlation ids of its chain of calls, and the spans recorded in it. Its owner is a
//! [`Scope`]; a [`ScopeRef`] names it without owning it.
//!
//! # How code finds its scope
//!
//! Two things carry a scope: its `tracing` span, and the future that [`Scope::run`] returns. Either alone is enough. A
//! task that is spawned with `.in_current_span()` therefore belongs to the scope as well.
//!
//! # Life of a scope
//!
//! [`ScopeBuilder::begin`] claims a place for the scope and starts its root span. [`Scope::finish`] ends the root span,
//! seals the scope, and returns the spans that have ended. A span that ends later is exported once, with the next flush.
//! The place is reused when the owner and the last `tracing` span in the scope are gone.

mod builder;
mod flags;
mod in_scope;
mod owner;
mod scope_ref;

pub use builder::ScopeBuilder;
pub use flags::ScopeFlags;
pub use in_scope::InScope;
pub use owner::Scope;
pub use scope_ref::ScopeRef;
