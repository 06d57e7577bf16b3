//! The outermost layer, with the event before its deserialisation, and the end of the invocation.
//!
//! The response of the inner service is `()`, ready once the runtime has posted the handler's response. An export in
//! this layer delays no caller.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use lambda_runtime::{Error, LambdaInvocation};
use pin_project_lite::pin_project;
use thundra_core::exception::Exception;
use thundra_core::{
    Config, InScope, Records, Scope, ScopeFlags, ScopeRef, export_later, flush, last_export, semconv, spill_all,
};
use thundra_http::export::spawn_boxed;
use tower_service::Service;

use super::answer::Answer;
use super::deadline::Deadline;
use super::response_stream::{WithStream, finish_with_stream, take_open_stream, with_stream};
use super::watchdog::Watch;
use super::{background, invocation, later, reporting, usage, warmup};
use crate::panics::catch_panic;
use crate::remote_config;

/// The header with the id of one attempt of a request.
const INVOCATION_ID: &str = "lambda-runtime-invocation-id";

/// The latest end of the [last export](export_last), after an invocation that ended the program. Lambda reports a
/// timeout in place of the error if the program takes longer.
static LAST_UNTIL: Mutex<Option<Instant>> = Mutex::new(None);

/// A Lambda service with traced invocations: runs each invocation in a scope, and exports the scope after the response
/// was posted.
#[derive(Clone, Debug)]
pub struct InvocationService<S> {
    inner: S,
    config: &'static Config,
}

impl<S> InvocationService<S> {
    pub(super) fn new(inner: S, config: &'static Config) -> Self {
        InvocationService { inner, config }
    }
}

impl<S> Service<LambdaInvocation> for InvocationService<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
{
    type Response = ();
    type Error = Error;
    type Future = InvocationFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut invocation: LambdaInvocation) -> Self::Future {
        // Settings may have changed since the last invocation.
        let config = thundra_core::config();
        // A handler that reports nothing also takes no answer.
        let reports = reporting::is_in_use();
        let ping = reports.then(|| warmup::answer(&invocation.body, &invocation.context, config)).flatten();
        if ping.is_some() {
            let deadline = Deadline::of(&invocation.context);
            let future = Answer::in_place_of_handler(ping, || self.inner.call(invocation));
            return InvocationFuture { step: Step::Answering { future, deadline }, config: self.config };
        }
        let attempt = invocation.parts.headers.get(INVOCATION_ID).and_then(|id| id.to_str().ok());
        let (scope, later) = later::begin(&mut invocation.body, &invocation.context, attempt, config);
        let watch = Watch::begin(&scope, &invocation.context, config);
        let answer = reports.then(|| invocation::answer(*scope, config)).flatten();
        let call = || Answer::in_place_of_handler(answer, || self.inner.call(invocation));
        // Panics of the user's `Deserialize` and `Serialize` pass through this call as well.
        let called = scope.enter(|| catch_panic(Some(*scope), call));
        if let Some(later) = later {
            later.complete(*scope, config);
        }
        let future = match called {
            Ok(future) => future,
            Err(panic) => {
                finish_last(scope, watch);
                resume_unwind(panic)
            }
        };
        let running = with_stream(scope.run(future));
        InvocationFuture { step: Step::Running { running, scope: Some(scope), watch }, config: self.config }
    }
}

type Flush = Pin<Box<dyn Future<Output = ()> + Send>>;

pin_project! {
    /// An invocation: first the work, or the answer in its place, then the export.
    pub struct InvocationFuture<F> {
        #[pin]
        step: Step<F>,
        config: &'static Config,
    }
}

pin_project! {
    #[project = StepProjection]
    enum Step<F> {
        Answering { #[pin] future: F, deadline: Option<Deadline> },
        Running { #[pin] running: WithStream<InScope<F>>, scope: Option<Scope>, watch: Watch },
        Flushing { flush: Flush },
    }
}

impl<F> Future for InvocationFuture<F>
where
    F: Future<Output = Result<(), Error>>,
{
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let mut this = self.as_mut().project();
            match this.step.as_mut().project() {
                StepProjection::Answering { future, deadline } => {
                    ready!(future.poll(cx))?;
                    // Records of earlier invocations may wait.
                    let until = deadline.map(Deadline::flush_until);
                    let flush = Box::pin(export_after_response(Records::default(), until, this.config));
                    this.step.set(Step::Flushing { flush });
                }
                StepProjection::Running { mut running, scope, watch } => {
                    let invocation = scope.as_deref().copied();
                    let result = match catch_panic(invocation, || running.as_mut().poll(cx)) {
                        Ok(poll) => Ok(ready!(poll)),
                        Err(panic) => Err(panic),
                    };
                    let until = watch.flush_until();
                    let watch = std::mem::take(watch);
                    let scope = scope.take();
                    match result {
                        Ok(Ok(())) => {}
                        Ok(Err(error)) => {
                            if let Some(scope) = scope {
                                report(*scope, &error);
                                finish_last(scope, watch);
                            }
                            return Poll::Ready(Err(error));
                        }
                        Err(panic) => {
                            if let Some(scope) = scope {
                                finish_last(scope, watch);
                            }
                            resume_unwind(panic)
                        }
                    }
                    let records = scope.map(|scope| {
                        reporting::report_unless_called(*scope);
                        match take_open_stream(running) {
                            None => invocation::finish(scope, watch),
                            Some(end) => {
                                spawn_boxed(Box::pin(finish_with_stream(scope, watch, end)));
                                Records::default()
                            }
                        }
                    });
                    let flush: Flush = match records {
                        Some(records) => export_after_response(records, until, this.config),
                        None => Box::pin(std::future::ready(())),
                    };
                    this.step.set(Step::Flushing { flush });
                }
                StepProjection::Flushing { flush } => {
                    ready!(flush.as_mut().poll(cx));
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

/// Ends an invocation whose error or panic ends the program, or one worker of a concurrent program. The spans leave
/// with the [last export](export_last), or with the next flush of another worker.
#[cold]
fn finish_last(scope: Scope, watch: Watch) {
    *LAST_UNTIL.lock().unwrap_or_else(PoisonError::into_inner) = watch.flush_until();
    export_later(invocation::finish(scope, watch));
}

/// Exports the last spans of a program, and reports the unexported spans.
// A box, because the compiler would give each program a copy of the pipeline.
pub(crate) fn export_last(trace: Records, config: &Config) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
    Box::pin(async move {
        if background::is_running() {
            export_later(trace);
            background::end();
        } else {
            let longest = Instant::now() + config.otlp.flush_limit();
            let until = *LAST_UNTIL.lock().unwrap_or_else(PoisonError::into_inner);
            let deadline = until.map_or(longest, |until| until.min(longest));
            export(trace, Some(last_export(deadline)), config).await;
            let _ = tokio::time::timeout_at(deadline.into(), spill_all(deadline)).await;
        }
        thundra_http::export::report_losses();
    })
}

/// Exports until the deadline, and no longer, even if an exporter ignores its deadline. If a background thread exports,
/// the thread takes the records.
pub(crate) async fn export(trace: Records, deadline: Option<Instant>, config: &Config) {
    if background::is_running() {
        return export_later(trace);
    }
    within(deadline, config, |deadline| flush(trace, Some(deadline))).await;
}

/// Exports as [`export`] does. If a reading of the settings without a redeploy is due, the reading runs at the same
/// time.
fn export_after_response(trace: Records, deadline: Option<Instant>, config: &'static Config) -> Flush {
    Box::pin(async move {
        if background::is_running() {
            return export_later(trace);
        }
        within(deadline, config, |deadline| remote_config::along_with(flush(trace, Some(deadline)))).await;
    })
}

/// Waits for a flush until the deadline, or the end of the time for a flush, if earlier.
async fn within<F: Future>(deadline: Option<Instant>, config: &Config, flush: impl FnOnce(Instant) -> F) {
    let began = Instant::now();
    let longest = began + config.otlp.flush_limit();
    let deadline = deadline.map_or(longest, |deadline| deadline.min(longest));
    let _ = tokio::time::timeout_at(deadline.into(), flush(deadline)).await;
    usage::exported(began.elapsed());
}

/// Records an error of the runtime, unless a failure of the program came before.
fn report(invocation: ScopeRef, error: &Error) {
    reporting::report_unless_called(invocation);
    if !invocation.flags().contains(ScopeFlags::FAILED) {
        invocation.fail(&Exception::of_static(&**error));
        invocation.set_attribute(semconv::ERROR_TYPE, "runtime_api_error");
    }
}
