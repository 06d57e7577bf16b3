//! The service around the handler, with access to the event, the result and the panic.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lambda_runtime::LambdaEvent;
use pin_project_lite::pin_project;
use thundra_core::{ScopeFlags, ScopeRef};
use tower_service::Service;

use super::event::{self, Payload};
use super::failure::Failed;
use super::response::Returned;
use crate::panics::recording_panic;

/// A handler whose outcome is recorded on the invocation. Results, errors and panics pass through.
#[derive(Clone)]
pub(super) struct Reporting<H> {
    inner: H,
}

impl<H> Reporting<H> {
    pub(super) fn new(inner: H) -> Self {
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
        if let Some(invocation) = invocation {
            invocation.set_flags(ScopeFlags::HANDLER_CALLED);
        }
        let future = recording_panic(invocation, || self.inner.call(event::for_handler(event)));
        ReportingFuture { future, invocation }
    }
}

pin_project! {
    /// The handler while it runs.
    pub(super) struct ReportingFuture<F> {
        #[pin]
        future: F,
        invocation: Option<ScopeRef>,
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
        let result = ready!(recording_panic(invocation, || this.future.poll(cx)));
        Poll::Ready(match result {
            Ok(response) => Ok(Returned::new(response, invocation)),
            Err(error) => Err(Failed::new(error, invocation)),
        })
    }
}
