//! The body of a response. The scope of a request ends with the body, and not with the head.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::header::CONTENT_LENGTH;
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::completion::Completion;

pin_project! {
    /// The body of a response. Each frame is produced in the scope of the request, and the scope ends with the body.
    #[derive(Debug)]
    pub struct TracedBody<B>
    where
        B: Body,
    {
        #[pin]
        inner: B,
        completion: Completion,
        // The number of bytes to come, where known. A server may stop polling after the last byte.
        rest: Option<u64>,
    }

    impl<B: Body> PinnedDrop for TracedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if *this.rest == Some(0) || this.inner.is_end_stream() {
                this.completion.finish();
            } else {
                this.completion.cancel();
            }
        }
    }
}

impl<B: Body> TracedBody<B> {
    /// Wraps the body of a response. `has_body` is `false` for methods without response bodies.
    pub(super) fn wrap(response: Response<B>, completion: Completion, has_body: bool) -> Response<Self> {
        let empty = matches!(
            response.status(),
            StatusCode::SWITCHING_PROTOCOLS | StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        let rest = if has_body && !empty {
            response.body().size_hint().exact().or_else(|| {
                response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok())
            })
        } else {
            Some(0)
        };
        response.map(|inner| TracedBody { inner, completion, rest })
    }
}

impl<B: Body> Body for TracedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let mut frame = Poll::Pending;
        this.completion.enter(|| frame = this.inner.poll_frame(cx));
        let frame = ready!(frame);
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    *this.rest = this.rest.map(|rest| rest.saturating_sub(data.remaining() as u64));
                }
                if let Some(trailers) = frame.trailers_ref() {
                    this.completion.record_rpc_status(trailers);
                    *this.rest = Some(0);
                }
            }
            Some(Err(_)) => this.completion.fail_body(),
            None => this.completion.finish(),
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
