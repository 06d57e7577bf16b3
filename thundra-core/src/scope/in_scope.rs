//! The future of a scope.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

use crate::recorder::bare_scope::ScopeSpan;
use crate::recorder::otel_context::OtelContext;
use crate::recorder::slot::SpanSlot;

pin_project! {
    /// A future inside a scope: see [`Scope::run`](crate::Scope::run).
    #[must_use = "futures do nothing unless polled"]
    pub struct InScope<F> {
        otel_context: OtelContext,
        #[pin]
        future: Option<F>,
        root: SpanSlot,
        span: ScopeSpan,
    }

    impl<F> PinnedDrop for InScope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if this.future.is_none() {
                return;
            }
            let _current = this.span.enter_scope(*this.root);
            let _entered = this.span.get().enter();
            this.future.set(None);
        }
    }
}

impl<F> InScope<F> {
    pub(super) fn new(root: SpanSlot, span: ScopeSpan, otel_context: OtelContext, future: F) -> Self {
        InScope { otel_context, future: Some(future), root, span }
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let _current = this.span.enter_scope(*this.root);
        let _attached = this.otel_context.attach();
        let _entered = this.span.get().enter();
        let Some(future) = this.future.as_mut().as_pin_mut() else { return Poll::Pending };
        let output = ready!(future.poll(cx));
        // Values that the future still holds are dropped inside the scope, before its owner can finish it.
        this.future.set(None);
        Poll::Ready(output)
    }
}

impl<F> fmt::Debug for InScope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InScope").field("span", &self.span).finish_non_exhaustive()
    }
}
