//! A streamed response.
//!
//! Lambda counts a broken stream as a success. Here the outcome of the invocation is the outcome of the stream.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use lambda_runtime::Error;
use thundra_core::exception::Exception;
use thundra_core::{Scope, ScopeFlags, ScopeRef, export_later};
use tokio::sync::oneshot;
use tracing::Span;

use super::invocation;
use super::watchdog::Watch;
use crate::panics::recording_panic;

tokio::task_local! {
    /// The end of the response stream of the invocation.
    static END: Cell<Option<EndOfStream>>;
}

/// Resolves once the stream has ended or is dropped.
type EndOfStream = oneshot::Receiver<Infallible>;
/// A future with access to the end of its response stream.
pub(super) type WithStream<F> = tokio::task::futures::TaskLocalFuture<Cell<Option<EndOfStream>>, F>;

/// Prepares the future of an invocation for a streamed response.
pub(super) fn with_stream<F: Future>(future: F) -> WithStream<F> {
    END.scope(Cell::new(None), future)
}

/// Returns the end of a stream still open after the response was posted. Lambda answers after the last chunk, and some
/// emulators of Lambda answer at once.
pub(super) fn take_open_stream<F>(future: Pin<&mut WithStream<F>>) -> Option<EndOfStream> {
    let mut end = future.take_value()?.into_inner()?;
    (end.try_recv() == Err(oneshot::error::TryRecvError::Empty)).then_some(end)
}

/// Ends an invocation with its stream, or at its deadline. The spans leave with the next flush, or before the deadline
/// with the export of the watchdog.
pub(super) async fn finish_with_stream(scope: Scope, mut watch: Watch, end: EndOfStream) {
    match watch.deadline() {
        None => _ = end.await,
        Some(deadline) => {
            if tokio::time::timeout_at(deadline.into(), end).await.is_err() {
                scope.set_error("timeout", "the response stream did not end before the deadline");
            }
        }
    }
    watch.exported_later();
    export_later(invocation::finish(scope, watch));
}

/// A stream of the handler, polled in the invocation. An error of the stream is an error of the invocation.
#[derive(Debug)]
pub struct ResponseStream<S> {
    stream: S,
    invocation: Option<Invocation>,
}

/// The invocation around a stream.
#[derive(Debug)]
struct Invocation {
    scope: ScopeRef,
    span: Span,
    /// The sender, dropped at the end of the stream. The runtime drops the stream itself later.
    end: Option<oneshot::Sender<Infallible>>,
}

impl<S> ResponseStream<S> {
    /// Takes the response stream of the current invocation.
    pub(super) fn new(stream: S, invocation: Option<ScopeRef>) -> Self {
        let invocation = invocation.map(|scope| {
            let (end, ended) = oneshot::channel();
            // Outside the runtime, in a local run, the stream is read to its end at once.
            let _ = END.try_with(|cell| cell.set(Some(ended)));
            Invocation { scope, span: Span::current(), end: Some(end) }
        });
        ResponseStream { stream, invocation }
    }
}

impl<S, D, E> Stream for ResponseStream<S>
where
    S: Stream<Item = Result<D, E>> + Unpin,
    E: Into<Error>,
{
    // The runtime converts the error next.
    type Item = Result<D, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let mut poll =
            || Pin::new(&mut this.stream).poll_next(cx).map(|item| item.map(|chunk| chunk.map_err(Into::into)));
        let Some(invocation) = &mut this.invocation else { return poll() };
        let scope = invocation.scope;
        // A panic also ends the stream.
        let end = invocation.end.take();
        let item = recording_panic(Some(scope), || scope.enter(|| invocation.span.in_scope(poll)));
        if let Poll::Ready(Some(Err(error))) = &item {
            scope.set_flags(ScopeFlags::FAILED);
            scope.fail(&Exception::of_static(&**error));
        }
        if !matches!(item, Poll::Ready(None)) {
            invocation.end = end;
        }
        item
    }
}

impl Drop for Invocation {
    fn drop(&mut self) {
        let was_seen =
            self.end.is_none() || self.scope.flags().contains(ScopeFlags::FAILED) || self.scope.is_finished();
        if !was_seen {
            self.scope.set_error("response_incomplete", "the response stream was dropped before its end");
        }
    }
}
