//! The async clients as tower services.

use std::task::{Context, Poll};

use reqwest::{Request, Response, Result};
use tower_service::Service;
use tracing::Instrument;

use super::client::{Client, ResponseFuture, begin, send};
use crate::client::TracedClient;

/// Wraps reqwest's client, a service for reqwest's request type.
impl<S> Service<Request> for TracedClient<S>
where
    S: Service<Request, Response = Response, Error = reqwest::Error>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = reqwest::Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<()>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let Some((mut call, reach)) = begin(&mut request, None) else {
            return Box::pin(self.inner.call(request));
        };
        let future = call.span.in_scope(|| self.inner.call(request));
        Box::pin(async move {
            let result = future.instrument(call.span.clone()).await;
            result.iter().for_each(|response| reach.report_leak(response.url()));
            call.record_result(&result);
            result
        })
    }
}

impl Service<Request> for Client {
    type Response = Response;
    type Error = reqwest::Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        (&*self).call(request)
    }
}

impl Service<Request> for &Client {
    type Response = Response;
    type Error = reqwest::Error;
    type Future = ResponseFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        send(self.inner.clone(), self.settings.clone(), Ok(request))
    }
}
