//! The body of a response: it is its end that ends the scope, not the headers'.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::header::CONTENT_LENGTH;
use http::{Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use super::completion::Ending;

pin_project! {
    /// A response body in the scope of its request, which ends with it.
    #[derive(Debug)]
    pub struct TracedBody<B>
    where
        B: Body,
    {
        #[pin]
        inner: B,
        ending: Ending,
        // How many bytes are to come, where that is known: a server polls no body that it knows to be at its end.
        rest: Option<u64>,
    }

    impl<B: Body> PinnedDrop for TracedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if *this.rest == Some(0) || this.inner.is_end_stream() {
                this.ending.finish();
            } else {
                this.ending.cancelled();
            }
        }
    }
}

impl<B: Body> TracedBody<B> {
    /// The response with its body in the scope. `has_body` is false where the request asks for none.
    pub(super) fn wrap(response: Response<B>, ending: Ending, has_body: bool) -> Response<Self> {
        let empty = matches!(
            response.status(),
            StatusCode::SWITCHING_PROTOCOLS | StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        response.map(|inner| {
            let rest = if has_body && !empty { inner.size_hint().exact().or(length) } else { Some(0) };
            TracedBody { inner, ending, rest }
        })
    }
}

impl<B: Body> Body for TracedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = ready!(this.ending.guard(|scope| match scope {
            Some(scope) => scope.enter(|| this.inner.poll_frame(cx)),
            None => this.inner.poll_frame(cx),
        }));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    *this.rest = this.rest.map(|rest| rest.saturating_sub(data.remaining() as u64));
                }
                if let Some(trailers) = frame.trailers_ref() {
                    this.ending.told(trailers);
                    *this.rest = Some(0);
                }
            }
            Some(Err(_)) => this.ending.failed("body_failed", "the response's body failed"),
            None => this.ending.finish(),
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
