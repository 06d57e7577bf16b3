//! The scope of a request.
//!
//! A handler may call a router in-process, in the scope of another request or of a message. The inner request must not
//! change the span of the scope.

use http::Request;
use thundra_core::{ScopeFlags, ScopeRef};

/// An extension of the request with the scope.
#[derive(Clone, Copy)]
struct RequestScope(ScopeRef);

/// Marks the scope of the request, for inner layers.
pub(super) fn mark<B>(request: &mut Request<B>, scope: ScopeRef) {
    request.extensions_mut().insert(RequestScope(scope));
}

/// Returns `true` if the scope belongs to the request: an outer layer began the scope for the request, or Lambda began
/// the scope and the request is the first request inside.
pub(super) fn is_of<B>(request: &mut Request<B>, scope: ScopeRef) -> bool {
    if request.extensions().get::<RequestScope>().is_some_and(|own| own.0 == scope) {
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
