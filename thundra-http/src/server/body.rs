//! The body of a response: it is its end that ends the scope, not the headers'.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use thundra_core::{Scope, Status, defer, semconv};

pin_project! {
    /// A response body in the scope of its request, which ends with it.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        #[pin]
        inner: B,
        scope: Finishing,
    }
}

impl<B> TracedBody<B> {
    pub(super) fn new(inner: B, scope: Option<Scope>) -> Self {
        TracedBody { inner, scope: Finishing(scope) }
    }
}

impl<B: Body> Body for TracedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let Some(scope) = &this.scope.0 else { return this.inner.poll_frame(cx) };
        let frame = ready!(scope.enter(|| this.inner.poll_frame(cx)));
        match &frame {
            Some(Ok(_)) => {}
            Some(Err(_)) => {
                scope.set_error("body_failed", "the response's body failed");
                this.scope.finish();
            }
            None => this.scope.finish(),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A scope that is finished and handed to the exporter, at the latest when it is dropped: a server polls no
/// body that it knows to be at its end.
#[derive(Debug)]
pub(super) struct Finishing(pub(super) Option<Scope>);

impl Finishing {
    pub(super) fn finish(&mut self) {
        if let Some(scope) = self.0.take() {
            defer(scope.finish());
        }
    }

    /// The caller went away before there was a response.
    pub(super) fn cancel(&mut self) {
        if let Some(scope) = &self.0 {
            scope.set_attribute(semconv::ERROR_TYPE, "cancelled");
            scope.set_status(Status::error("the caller went away"));
        }
        self.finish();
    }
}

impl Drop for Finishing {
    fn drop(&mut self) {
        self.finish();
    }
}
