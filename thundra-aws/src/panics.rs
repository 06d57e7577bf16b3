//! Panics of the program: recorded on the scope, and resumed.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;

use futures_util::FutureExt;
use thundra_core::exception::Exception;
use thundra_core::{Scope, ScopeFlags, ScopeRef};

/// Runs code of the user. Records a panic, and resumes the panic.
pub(crate) fn recording_panic<T>(invocation: Option<ScopeRef>, f: impl FnOnce() -> T) -> T {
    catch_panic(invocation, f).unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs code of the user. Records a panic, and returns the panic.
pub(crate) fn catch_panic<T>(invocation: Option<ScopeRef>, f: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(f)).inspect_err(|panic| {
        if let Some(invocation) = invocation {
            record(invocation, &**panic);
        }
    })
}

fn record(invocation: ScopeRef, panic: &(dyn Any + Send)) {
    invocation.set_flags(ScopeFlags::FAILED);
    invocation.fail(&Exception::panic(panic));
}

/// Runs a future in a scope. Records a panic and returns the panic, so that the scope can be exported before the panic
/// resumes.
pub(crate) async fn catch_panic_in<F: Future>(scope: &Scope, future: F) -> std::thread::Result<F::Output> {
    let mut future = pin!(future);
    let polling = poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))).unwrap_or_else(|panic| {
            // The panic of a handler was recorded where the handler was polled.
            if !scope.flags().contains(ScopeFlags::FAILED) {
                record(**scope, &*panic);
            }
            resume_unwind(panic)
        })
    });
    AssertUnwindSafe(scope.run(polling)).catch_unwind().await
}
