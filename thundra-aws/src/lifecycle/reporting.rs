//! The service around the handler, with access to the event, the result and the panic.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use futures_util::future::BoxFuture;
use lambda_runtime::LambdaEvent;
use pin_project_lite::pin_project;
use thundra_core::exception::Exception;
use thundra_core::{ScopeFlags, ScopeRef};
use tower_service::Service;

use super::answer::Given;
use super::event::{Payload, report_unreadable};
use super::failure::Failed;
use super::response::Returned;
use crate::panics::recording_panic;

/// A handler whose outcome is recorded on the invocation. Results, errors and panics pass through.
#[derive(Clone, Debug)]
pub struct Reporting<H> {
    inner: H,
}

/// `true` once a handler reports outcomes.
static IN_USE: AtomicBool = AtomicBool::new(false);

/// Returns `true` if the handler of the program reports outcomes. A handler under an
/// [`InvocationLayer`](super::InvocationLayer) alone does not.
pub(super) fn is_in_use() -> bool {
    IN_USE.load(Ordering::Relaxed)
}

/// Records the failure of an invocation without a call of the handler, unless the reason is recorded already.
pub(crate) fn report_unless_called(invocation: ScopeRef) {
    let flags = invocation.flags();
    if is_in_use() && !flags.contains(ScopeFlags::HANDLER_CALLED) && !flags.contains(ScopeFlags::FAILED) {
        report_unreadable(invocation);
    }
}

impl<H> Reporting<H> {
    pub(crate) fn new(inner: H) -> Self {
        IN_USE.store(true, Ordering::Relaxed);
        Reporting { inner }
    }
}

impl<H: Service<LambdaEvent<A>>, A> Service<LambdaEvent<Payload<A>>> for Reporting<H> {
    type Response = Returned<H::Response>;
    type Error = Failed<H::Error>;
    type Future = ReportingFuture<H::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed<H::Error>>> {
        self.inner.poll_ready(cx).map_err(|error| Failed::new(error, None))
    }

    fn call(&mut self, event: LambdaEvent<Payload<A>>) -> Self::Future {
        let invocation = ScopeRef::current();
        let LambdaEvent { payload, context, .. } = event;
        let work = match payload {
            Payload::Event(payload) => {
                if let Some(invocation) = invocation {
                    invocation.set_flags(ScopeFlags::HANDLER_CALLED);
                }
                let event = LambdaEvent::new(payload, context);
                Work::Handler { future: recording_panic(invocation, || self.inner.call(event)) }
            }
            Payload::Answered(answer) => Work::Answered { answer: answer.given() },
        };
        ReportingFuture { work, invocation }
    }
}

pin_project! {
    /// The handler while it runs, or the answer in its place.
    pub struct ReportingFuture<F> {
        #[pin]
        work: Work<F>,
        invocation: Option<ScopeRef>,
    }
}

pin_project! {
    #[project = WorkProjection]
    enum Work<F> {
        Handler { #[pin] future: F },
        Answered { answer: BoxFuture<'static, Result<Given, Exception>> },
    }
}

impl<F, R, E> Future for ReportingFuture<F>
where
    F: Future<Output = Result<R, E>>,
{
    type Output = Result<Returned<R>, Failed<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let invocation = *this.invocation;
        match this.work.project() {
            WorkProjection::Handler { future } => {
                let result = ready!(recording_panic(invocation, || future.poll(cx)));
                Poll::Ready(match result {
                    Ok(response) => Ok(Returned::new(response, invocation)),
                    Err(error) => Err(Failed::new(error, invocation)),
                })
            }
            WorkProjection::Answered { answer } => Poll::Ready(match ready!(answer.as_mut().poll(cx)) {
                Ok(response) => Ok(Returned::without_handler(response, invocation)),
                Err(exception) => Err(Failed::without_handler(exception, invocation)),
            }),
        }
    }
}
