//! Resolvers of host names. The trait of reqwest has no public name.

use std::sync::Arc;

use reqwest::dns::Resolve;

/// A value for [`ClientBuilder::dns_resolver`](crate::ClientBuilder::dns_resolver): a resolver or an `Arc` of a
/// resolver. The compiler infers `M`.
pub trait IntoResolve<M> {
    /// Converts the value into a shared resolver.
    fn into_resolve(self) -> Arc<dyn Resolve>;
}

/// Marks a resolver without an `Arc`.
#[derive(Debug)]
pub enum Owned {}
/// Marks an `Arc` of a resolver.
#[derive(Debug)]
pub enum Shared {}
/// Marks an `Arc` of a trait object.
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
