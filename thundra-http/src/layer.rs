//! The constructors of both layers.

use crate::{ClientLayer, ServerLayer};

/// Tower layers that trace HTTP.
///
/// # Examples
///
/// ```
/// use thundra_http::Layer;
/// use tower::ServiceBuilder;
///
/// let server = ServiceBuilder::new().layer(Layer::server());
/// let client = ServiceBuilder::new().layer(Layer::client());
/// # let _ = (server, client);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Layer {}

impl Layer {
    /// Returns a layer for clients: hyper-util's, tonic's, or any other `Service<http::Request<_>>`.
    ///
    /// Each request gets a span, and our context in its headers as far as its host may get it: see
    /// [who gets what](crate#who-gets-what). A signed request stays as it is. The span ends with the head of the response.
    ///
    /// # Requirements
    ///
    /// - A request must name its host. A tonic client names it with `with_origin`, and a request that is sent on an open
    ///   connection with the header `Host`.
    /// - Our own [`Client`](crate::Client) needs no layer. With one, each call has two spans, and ids follow redirects to
    ///   any host. The same happens around reqwest's own client.
    ///
    /// # gRPC
    ///
    /// A call that fails before its first message has its status in the head of the response. A status in the trailers is
    /// not recorded.
    ///
    /// # Errors
    ///
    /// `error.type` is `timeout`, `connection_error` or `request_failed`, by the error and its causes. Timeouts of tower
    /// are recognized with the feature `reqwest`. `tonic::transport::Error` hides its causes, unless a layer below this one
    /// maps it to tower's `BoxError`.
    ///
    /// # Examples
    ///
    /// ```
    /// use hyper_util::{client::legacy::Client, rt::TokioExecutor};
    /// use tower::ServiceBuilder;
    ///
    /// let hyper = Client::builder(TokioExecutor::new()).build_http::<http_body_util::Full<bytes::Bytes>>();
    /// let client = ServiceBuilder::new().layer(thundra_http::Layer::client()).service(hyper);
    /// # let _ = client;
    /// ```
    pub fn client() -> ClientLayer {
        ClientLayer::new()
    }

    /// Returns a layer for servers: axum, hyper, tonic, or any other `Service<http::Request<_>>`.
    ///
    /// Each request is a scope that ends with the body of the response. Callers are untrusted: their trace context and ids
    /// are accepted, their sampling decision and switches are not obeyed. [`ServerLayer::trusted`] changes that.
    ///
    /// # Names
    ///
    /// The span is named `{method} {route}` with the feature `axum`, if the layer is added with `Router::layer`. A gRPC call
    /// is named after its method, by [these rules](crate#grpc). All other spans are named `{method}`.
    ///
    /// # Calls inside the process
    ///
    /// A router that is called inside another request or a message makes no span and changes none. In Lambda, the first
    /// request of an invocation behind HTTP is the exception: it gives its route to the span of the invocation.
    ///
    /// # Examples
    ///
    /// ```
    /// use axum::{Router, routing::get};
    ///
    /// let app: Router = Router::new().route("/", get(async || "hello")).layer(thundra_http::Layer::server());
    /// # let _ = app;
    /// ```
    pub fn server() -> ServerLayer {
        ServerLayer::new()
    }
}
