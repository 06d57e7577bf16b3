//! What can be a resolver of names: reqwest's own trait for it has no name.

use std::sync::Arc;

use reqwest::dns::Resolve;

/// A resolver, itself or shared. `M` says which, and is never written.
pub trait IntoResolve<M> {
    /// The resolver, shared.
    fn into_resolve(self) -> Arc<dyn Resolve>;
}

/// A resolver itself.
#[derive(Debug)]
pub enum Owned {}
/// A resolver that is shared.
#[derive(Debug)]
pub enum Shared {}
/// A resolver of any type, that is shared.
#[derive(Debug)]
pub enum Any {}

impl<R: Resolve + 'static> IntoResolve<Owned> for R {
    fn into_resolve(self) -> Arc<dyn Resolve> {
        Arc::new(self)
    }
}

impl<R: Resolve + 'static> IntoResolve<Shared> for Arc<R> {
    fn into_resolve(self) -> Arc<dyn Resolve> {
        self
    }
}

impl IntoResolve<Any> for Arc<dyn Resolve> {
    fn into_resolve(self) -> Arc<dyn Resolve> {
        self
    }
}
