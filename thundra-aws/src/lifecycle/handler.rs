//! The seam at the handler: it sees the result, the panic, and the status of a response.

use std::any::Any;
use std::fmt::{self, Debug};
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use lambda_runtime::{Diagnostic, FunctionResponse, IntoFunctionResponse, LambdaEvent};
use pin_project_lite::pin_project;
use serde::Serialize;
use thundra_core::{ScopeRef, Status, semconv};
use tower_service::Service;

use super::status;
use crate::marks;
use crate::probe::short_error_type;

/// A handler whose outcome is told to its invocation. Results, errors and panics pass through.
pub(super) struct Reporting<H, R, B, S> {
    inner: H,
    response: Returns<R, B, S>,
}

/// Names the types of a handler's response without holding one.
type Returns<R, B, S> = PhantomData<fn() -> (R, B, S)>;

impl<H, R, B, S> Reporting<H, R, B, S> {
    pub(super) fn new(inner: H) -> Self {
        Reporting { inner, response: PhantomData }
    }
}

impl<H: Clone, R, B, S> Clone for Reporting<H, R, B, S> {
    fn clone(&self) -> Self {
        Reporting::new(self.inner.clone())
    }
}

impl<H, A, R, B, S> Service<LambdaEvent<A>> for Reporting<H, R, B, S>
where
    H: Service<LambdaEvent<A>, Response = R>,
    H::Error: Into<Diagnostic> + Debug,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
{
    type Response = FunctionResponse<B, S>;
    type Error = Failed;
    type Future = Outcome<H::Future, R, B, S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        self.inner.poll_ready(cx).map_err(Failed::new)
    }

    fn call(&mut self, event: LambdaEvent<A>) -> Self::Future {
        let invocation = ScopeRef::current();
        if let Some(invocation) = invocation {
            invocation.mark(marks::CALLED);
        }
        let future = observed(invocation, || self.inner.call(event));
        Outcome { future, invocation, response: PhantomData }
    }
}

pin_project! {
    /// A handler at work.
    pub(super) struct Outcome<F, R, B, S> {
        #[pin]
        future: F,
        invocation: Option<ScopeRef>,
        response: Returns<R, B, S>,
    }
}

impl<F, R, E, B, S> Future for Outcome<F, R, B, S>
where
    F: Future<Output = Result<R, E>>,
    E: Into<Diagnostic> + Debug,
    R: IntoFunctionResponse<B, S>,
    B: Serialize,
{
    type Output = Result<FunctionResponse<B, S>, Failed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let invocation = *this.invocation;
        let result = ready!(observed(invocation, || this.future.poll(cx)));
        let result = match result {
            Ok(response) => Ok(response.into_response()),
            Err(error) => Err(Failed::new(error)),
        };
        if let Some(invocation) = invocation {
            match &result {
                Ok(response) => report_status(&invocation, response),
                Err(Failed { diagnostic, .. }) => {
                    let error_type = short_error_type(&diagnostic.error_type).to_owned();
                    invocation.set_error(error_type, diagnostic.error_message.clone());
                }
            }
        }
        Poll::Ready(result)
    }
}

/// Runs the user's code; a panic is recorded and goes on.
pub(super) fn observed<T>(invocation: Option<ScopeRef>, f: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|panic| {
        if let Some(invocation) = invocation {
            invocation.set_error("panic", panic_message(&*panic));
        }
        resume_unwind(panic)
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("with no message"))
}

fn report_status<B: Serialize, S>(invocation: &ScopeRef, response: &FunctionResponse<B, S>) {
    let code = match response {
        FunctionResponse::BufferedResponse(body) if invocation.marks() & marks::HTTP != 0 => status::of(body),
        FunctionResponse::BufferedResponse(_) => None,
        FunctionResponse::StreamingResponse(stream) => Some(stream.metadata_prelude.status_code.as_u16()),
    };
    let Some(code) = code else { return };
    invocation.set_attribute(semconv::HTTP_RESPONSE_STATUS_CODE, code);
    if code >= 500 {
        invocation.set_attribute(semconv::ERROR_TYPE, code.to_string());
        invocation.set_status(Status::error(""));
    }
}

/// The handler's error on its way to the runtime, which logs its `Debug` and posts its `Diagnostic`: both
/// are the user's own.
pub(super) struct Failed {
    pub(super) diagnostic: Diagnostic,
    debug: String,
}

impl Failed {
    fn new<E: Into<Diagnostic> + Debug>(error: E) -> Self {
        Failed { debug: format!("{error:?}"), diagnostic: error.into() }
    }
}

impl Debug for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.debug)
    }
}

impl From<Failed> for Diagnostic {
    fn from(failed: Failed) -> Self {
        failed.diagnostic
    }
}
