//! The constructors of both layers.

use crate::{ClientLayer, ServerLayer};

/// Tower layers for traced HTTP.
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
    /// Each request gets a span, and our context in the headers by the rules of [who gets what](crate#who-gets-what). A
    /// signed request stays unchanged. The span ends with the head of the response.
    ///
    /// # Requirements
    ///
    /// - A request must name the host. With tonic, make the client with `with_origin`. A request on an open connection
    ///   needs the header `Host`.
    /// - Our own [`Client`](crate::Client) needs no layer. With a layer, each call has two spans.
    /// - Around a client of reqwest or of this crate, the layer's ids follow redirects to any host.
    ///
    /// # gRPC
    ///
    /// The status of a failed call is recorded if the head of the response contains the status, as for a failure before
    /// the first message. A status in the trailers is not recorded.
    ///
    /// # Errors
    ///
    /// `error.type` is `timeout`, `connection_error` or `request_failed`, by the error and the causes. Timeouts of
    /// tower are recognized with the feature `reqwest`. `tonic::transport::Error` hides the causes. Map this error to
    /// tower's `BoxError` below the layer.
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
    /// Each request is a scope, until the end of the response body. The layer accepts the trace context and ids of a
    /// caller, and does not obey sampling decisions and switches. [`ServerLayer::trusted`] obeys both.
    ///
    /// Errors of the inner service borrow nothing (`'static`), because the layer downcasts boxed errors and records
    /// their sources.
    ///
    /// # Names
    ///
    /// With the feature `axum` and a layer added by `Router::layer`, the span is named `{method} {route}`. A gRPC call
    /// is named after the gRPC method, by [these rules](crate#grpc). All other spans are named `{method}`.
    ///
    /// # Calls inside the process
    ///
    /// A router called inside another request or a message makes no span and changes no span. The exception is the
    /// first request in an invocation behind HTTP in Lambda: the span of the invocation gets the route of the request.
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
