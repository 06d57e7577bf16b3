//! The service around the handler: it sees the result, the panic, and the status of a response.
//!
//! The runtime converts, formats and serialises the result of the handler, each at most once, and a panic of the user's
//! types there ends the process. To change nothing, [`Reporting`] wraps the result in types that record the outcome
//! while the runtime converts ([`Failed`]) or serialises ([`Returned`]) the result.

use std::any::Any;
use std::fmt::{self, Debug};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use lambda_runtime::{Diagnostic, FunctionResponse, IntoFunctionResponse, LambdaEvent};
use pin_project_lite::pin_project;
use serde::Serialize;
use thundra_core::{Scope, ScopeFlags, ScopeRef};
use tower_service::Service;

use super::http_status::{StatusReadingBody, report_status};
use crate::error_type::short_error_type;

/// A handler that records its outcome on the invocation. Results, errors and panics pass through.
#[derive(Clone)]
pub(super) struct Reporting<H> {
    inner: H,
}

impl<H> Reporting<H> {
    pub(super) fn new(inner: H) -> Self {
        Reporting { inner }
    }
}

impl<H: Service<LambdaEvent<A>>, A> Service<LambdaEvent<A>> for Reporting<H> {
    type Response = Returned<H::Response>;
    type Error = Failed<H::Error>;
    type Future = ReportingFuture<H::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed<H::Error>>> {
        self.inner.poll_ready(cx).map_err(|error| Failed { error, invocation: None })
    }

    fn call(&mut self, event: LambdaEvent<A>) -> Self::Future {
        let invocation = ScopeRef::current();
        if let Some(invocation) = invocation {
            invocation.set_flags(ScopeFlags::HANDLER_CALLED);
        }
        let future = recording_panic(invocation, || self.inner.call(event));
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
            Ok(response) => Ok(Returned { response, invocation }),
            Err(error) => Err(Failed { error, invocation }),
        })
    }
}

/// Runs code of the user. Records a panic, and resumes it.
pub(crate) fn recording_panic<T>(invocation: Option<ScopeRef>, f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        if let Some(invocation) = invocation {
            invocation.set_error("panic", panic_message(&*panic));
        }
        resume_unwind(panic)
    })
}

/// Runs a future in a scope. Records a panic and returns it, so that the scope can be exported before the panic
/// resumes.
pub(crate) async fn catch_panic_in<F: Future>(scope: &Scope, future: F) -> std::thread::Result<F::Output> {
    let mut future = pin!(future);
    let polling = poll_fn(|cx| recording_panic(Some(**scope), || future.as_mut().poll(cx)));
    AssertUnwindSafe(scope.run(polling)).catch_unwind().await
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("with no message"))
}

/// The handler's response on its way to the runtime.
pub(super) struct Returned<R> {
    response: R,
    invocation: Option<ScopeRef>,
}

impl<R, B, S> IntoFunctionResponse<StatusReadingBody<B>, S> for Returned<R>
where
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
{
    fn into_response(self) -> FunctionResponse<StatusReadingBody<B>, S> {
        let invocation = self.invocation;
        match self.response.into_response() {
            FunctionResponse::BufferedResponse(body) => {
                let request = invocation.filter(|invocation| invocation.flags().contains(ScopeFlags::HTTP_RESPONSE));
                FunctionResponse::BufferedResponse(StatusReadingBody::new(body, request))
            }
            FunctionResponse::StreamingResponse(stream) => {
                if let Some(invocation) = invocation {
                    report_status(invocation, stream.metadata_prelude.status_code.as_u16());
                }
                FunctionResponse::StreamingResponse(stream)
            }
        }
    }
}

/// The handler's error on its way to the runtime. The runtime logs the `Debug` text and posts the `Diagnostic`, both
/// unchanged.
pub(super) struct Failed<E> {
    error: E,
    invocation: Option<ScopeRef>,
}

impl<E: Debug> Debug for Failed<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl<E: Into<Diagnostic>> From<Failed<E>> for Diagnostic {
    fn from(failed: Failed<E>) -> Self {
        let diagnostic: Diagnostic = failed.error.into();
        if let Some(invocation) = failed.invocation {
            let error_type = short_error_type(&diagnostic.error_type).to_owned();
            invocation.set_error(error_type, diagnostic.error_message.clone());
        }
        diagnostic
    }
}
