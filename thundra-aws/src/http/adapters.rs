//! HTTP services as services of Lambda's events.
//!
//! The adapters of `lambda_http` are `Send` only if the response is `Sync`, and axum's responses are not. These hold the
//! service alone, and make an adapter for each call.

use std::fmt::Debug;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, IntoResponse, Request, Response, StreamAdapter};
use lambda_runtime::{Error, LambdaEvent};
use tower_service::Service;

/// Answers with responses in one piece.
#[derive(Clone, Debug)]
pub struct Buffered<S>(S);

impl<S> Buffered<S> {
    pub(crate) fn new(app: S) -> Self {
        Buffered(app)
    }
}

impl<S> Service<LambdaEvent<LambdaRequest>> for Buffered<S>
where
    S: Service<Request>,
    S::Future: Send + 'static,
    S::Response: IntoResponse + 'static,
    S::Error: 'static,
{
    type Response = <Adapter<'static, S::Response, S> as Service<LambdaEvent<LambdaRequest>>>::Response;
    type Error = S::Error;
    type Future = <Adapter<'static, S::Response, S> as Service<LambdaEvent<LambdaRequest>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, event: LambdaEvent<LambdaRequest>) -> Self::Future {
        Adapter::from(&mut self.0).call(event)
    }
}

/// Answers with responses as their bodies arrive.
#[derive(Clone, Debug)]
pub struct Streamed<S>(S);

impl<S> Streamed<S> {
    pub(crate) fn new(app: S) -> Self {
        Streamed(app)
    }
}

impl<S, B> Service<LambdaEvent<LambdaRequest>> for Streamed<S>
where
    S: Service<Request, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: 'static,
    B: Body + Unpin + Send + 'static,
    B::Data: Into<Bytes> + Send,
    B::Error: Into<Error> + Send + Debug,
{
    type Response = <StreamAdapter<'static, S, B> as Service<LambdaEvent<LambdaRequest>>>::Response;
    type Error = S::Error;
    type Future = <StreamAdapter<'static, S, B> as Service<LambdaEvent<LambdaRequest>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, event: LambdaEvent<LambdaRequest>) -> Self::Future {
        StreamAdapter::from(&mut self.0).call(event)
    }
}
