//! The name of both layers.

use crate::{ClientLayer, ServerLayer};

/// Tower layers that trace HTTP.
///
/// # Examples
///
/// ```
/// use tower::ServiceBuilder;
///
/// let server = ServiceBuilder::new().layer(thundra_http::Layer::server());
/// let client = ServiceBuilder::new().layer(thundra_http::Layer::client());
/// # let _ = (server, client);
/// ```
///
/// With axum: `Router::new().route(…).layer(thundra_http::Layer::server())`; the feature `axum` names spans
/// after routes.
#[derive(Debug)]
#[non_exhaustive]
pub enum Layer {}

impl Layer {
    /// A layer for clients: hyper-util's, tonic's, or any other `Service<http::Request<_>>`.
    ///
    /// Each request gets a span, and our context in its headers: as much as its host may have and as fits 4 KiB, see
    /// [who gets what](crate#who-gets-what). What is there already wins, but for what the scope received and the program
    /// forwards; requests that were signed stay as they are. A request must say which host it is for: a client of tonic
    /// is made with `with_origin`, and a request to a single connection has the header `Host`.
    ///
    /// The span ends with the head of the answer. A gRPC call that fails before its first message says so in the head;
    /// what the trailers of an answer with messages say is not seen here.
    ///
    /// Our own [`Client`](crate::Client) needs no layer around it: each call would have two spans, and ids that the
    /// layer wrote would be handed on by a redirect, as they are around reqwest's own client. The timeouts of tower are
    /// told as such with the feature `reqwest`. tonic's `transport::Error` hides its causes: mapped to tower's `BoxError`
    /// below the layer, it has its `error.type` told.
    pub fn client() -> ClientLayer {
        ClientLayer::new()
    }

    /// A layer for servers: axum, hyper, tonic, or any other `Service<http::Request<_>>`.
    ///
    /// Each request is a scope, which ends with the response's body. It behaves as an edge: trace context and
    /// ids are taken, sampling decisions and switches are not ([`ServerLayer::trusted`] relaxes it).
    ///
    /// The request is named after its route where there is one (axum's, with the feature `axum` and inside of the
    /// router: `Router::layer`), after its method where it is gRPC, and `{method}` otherwise. gRPC is what is answered
    /// as such: what a request says of itself is no more than a claim. The method is taken for one where the answer has
    /// begun before it fails, where it succeeded before, or where a route is exactly that; other failures may be those
    /// of a guard that never looked at it. They are named `grpc`, with the method in `rpc.method_original`.
    ///
    /// A router that is called in-process, inside of another request or a message, is a part of that: it makes no span
    /// of its own, and changes none. In Lambda the first request is taken for the one of the invocation: it gives its
    /// route to the span of that.
    pub fn server() -> ServerLayer {
        ServerLayer::new()
    }
}
