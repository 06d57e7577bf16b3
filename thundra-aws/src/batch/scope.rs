//! The work on a record in the scope of the record.

use std::error::Error;
use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use thundra_core::exception::Exception;
use thundra_core::{Config, InScope, Records, Scope};

use crate::chain::{self, ChainTooLong, Work};
use crate::panics::recording_panic;

/// The scope of a record. A record dropped before the end was cancelled, unless the work on the record panicked.
pub(super) struct RecordScope(Scope);

impl RecordScope {
    pub(super) fn new(scope: Scope) -> Self {
        RecordScope(scope)
    }

    /// Returns the failure of work at the end of a chain of calls over the limit, and reports the chain.
    pub(super) fn chain_too_long(&self, config: &Config, work: Work) -> Option<ChainTooLong> {
        chain::check(*self.0, config).inspect(|too_long| too_long.report(work))
    }

    /// Runs code of the user in the scope.
    pub(super) fn enter<T>(&self, f: impl FnOnce() -> T) -> T {
        recording_panic(Some(*self.0), || self.0.enter(f))
    }

    /// Returns the future of the work. The end of the work ends the scope.
    pub(super) fn work<F: Future>(self, work: F) -> RecordWork<F> {
        RecordWork { work: self.0.run(work), scope: Some(self) }
    }

    /// Ends the scope of a failed record: logs and records the failure. Returns the text of the failure, and the spans.
    pub(super) fn fail(self, exception: Exception) -> (String, Records) {
        let RecordScope(scope) = self;
        scope.write_kept_lines();
        scope.enter(|| tracing::error!(error = &exception as &dyn Error, "a record of the batch failed"));
        let message = exception.message().to_owned();
        scope.set_error(exception.error_type().to_owned(), message.clone());
        (message, scope.finish())
    }
}

pin_project! {
    /// The work on a record.
    pub(super) struct RecordWork<F> {
        // Dropped before the scope.
        #[pin]
        work: InScope<F>,
        scope: Option<RecordScope>,
    }
}

/// The end of the work on a record.
pub(super) struct Ended<R, Err> {
    /// The result, with the text of an error.
    pub(super) result: Result<R, (Err, String)>,
    pub(super) spans: Records,
}

impl<R, Err: Display + 'static, F: Future<Output = Result<R, Err>>> Future for RecordWork<F> {
    type Output = Ended<R, Err>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let scope = this.scope.as_ref().map(|scope| *scope.0);
        let result = ready!(recording_panic(scope, || this.work.poll(cx)));
        let Some(scope) = this.scope.take() else { return Poll::Pending };
        Poll::Ready(match result {
            Ok(result) => Ended { result: Ok(result), spans: scope.0.finish() },
            Err(error) => {
                let (message, spans) = scope.fail(Exception::of_value(&error));
                Ended { result: Err((error, message)), spans }
            }
        })
    }
}
