//! Work of exporters. Log events of exporters are never exported, so no export makes work for the next export.
//!
//! The mark is a flag of the thread, set while a future is polled. Tasks spawned by the future need a separate mark.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

thread_local! {
    static SUPPRESSED: Cell<bool> = const { Cell::new(false) };
}

/// Returns `true` during work of exporters on this thread.
#[doc(hidden)]
#[inline]
pub fn is_suppressed() -> bool {
    SUPPRESSED.get()
}

/// Runs a future as work of an exporter: logged events become lines, and never log records for exporters.
///
/// The pipeline wraps [`Export`](super::Export) in `suppressed`. An exporter must wrap spawned tasks in `suppressed`
/// too, or events of the tasks are exported with the rest of the program.
///
/// # Examples
///
/// ```
/// use thundra_core::export::suppressed;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let connection = async { tracing::debug!("written as a line, and not exported") };
/// tokio::spawn(suppressed(connection)).await.unwrap();
/// # }
/// ```
pub fn suppressed<F: Future>(future: F) -> Suppressed<F> {
    Suppressed { future: Some(future) }
}

/// Runs a closure as [`suppressed`] runs a future.
#[doc(hidden)]
pub fn suppress<R>(f: impl FnOnce() -> R) -> R {
    let _mark = Mark::set();
    f()
}

/// Marks a thread used only for exports, with all tasks spawned on the thread.
#[doc(hidden)]
pub fn suppress_thread() {
    SUPPRESSED.set(true);
}

pin_project! {
    /// The future of [`suppressed`].
    #[must_use = "futures do nothing unless polled"]
    pub struct Suppressed<F> {
        #[pin]
        future: Option<F>,
    }

    impl<F> PinnedDrop for Suppressed<F> {
        fn drop(this: Pin<&mut Self>) {
            let _mark = Mark::set();
            this.project().future.set(None);
        }
    }
}

impl<F: Future> Future for Suppressed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _mark = Mark::set();
        match self.project().future.as_pin_mut() {
            Some(future) => future.poll(context),
            None => Poll::Pending,
        }
    }
}

impl<F> fmt::Debug for Suppressed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Suppressed").finish_non_exhaustive()
    }
}

/// The guard of the thread's mark. Dropping the guard restores the earlier mark.
struct Mark {
    before: bool,
}

impl Mark {
    fn set() -> Self {
        Mark { before: SUPPRESSED.replace(true) }
    }
}

impl Drop for Mark {
    fn drop(&mut self) {
        SUPPRESSED.set(self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_mark_ends_with_its_work_even_if_the_work_panics() {
        assert!(!is_suppressed());
        assert!(suppress(|| suppress(is_suppressed) && is_suppressed()));
        assert!(catch_unwind(|| suppress(|| panic!("broken"))).is_err());
        assert!(!is_suppressed());
        let mut future = Box::pin(suppressed(std::future::poll_fn(|_| Poll::<()>::Pending)));
        assert!(future.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        assert!(!is_suppressed(), "between two polls");
    }
}
