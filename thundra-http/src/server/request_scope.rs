//! Which scope is that of a request: a handler may call a router of its own, in the scope of something else.

use http::Request;
use thundra_core::{ScopeFlags, ScopeRef};

/// The scope of the request that carries this.
#[derive(Clone, Copy)]
struct Own(ScopeRef);

/// Tells the layers further in that this is the request's scope.
pub(super) fn mark<B>(request: &mut Request<B>, scope: ScopeRef) {
    request.extensions_mut().insert(Own(scope));
}

/// Whether this is the scope of the request: a layer further out began it for it, or Lambda did and this is the first
/// request in it.
pub(super) fn is_own<B>(request: &mut Request<B>, scope: ScopeRef) -> bool {
    if request.extensions().get::<Own>().is_some_and(|own| own.0 == scope) {
        return true;
    }
    let flags = scope.flags();
    let is_first = flags.contains(ScopeFlags::HTTP_REQUEST) && !flags.contains(ScopeFlags::REQUEST_SEEN);
    if is_first {
        scope.set_flags(ScopeFlags::REQUEST_SEEN);
        mark(request, scope);
    }
    is_first
}
