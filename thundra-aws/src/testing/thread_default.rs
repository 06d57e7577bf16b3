//! The subscriber of an invocation, for the tasks that the handler spawns on the thread of the test.
//!
//! A task is polled after the handler has yielded, and the subscriber of a future is the default only while the future
//! is polled. In a runtime with one thread, the subscriber therefore stays the default of the thread up to the end of
//! the invocation.

use std::cell::RefCell;
use std::thread::ThreadId;

use tokio::runtime::{Handle, RuntimeFlavor};
use tracing::Dispatch;
use tracing::dispatcher::{DefaultGuard, set_default};

thread_local! {
    /// The default of the thread, and the number of invocations on the thread.
    static DEFAULT: RefCell<Option<(DefaultGuard, usize)>> = const { RefCell::new(None) };
}

/// A subscriber as the default of a thread, until dropped. The first of several invocations on a thread sets the
/// default, and the last invocation to end restores the earlier default.
#[derive(Debug)]
pub(super) struct ThreadDefault(Option<ThreadId>);

impl ThreadDefault {
    /// Sets the default of the calling thread, if the runtime polls all tasks on the thread.
    pub(super) fn set(dispatch: &Dispatch) -> Self {
        let flavor = Handle::try_current().map(|runtime| runtime.runtime_flavor());
        if !matches!(flavor, Ok(RuntimeFlavor::CurrentThread)) {
            return ThreadDefault(None);
        }
        DEFAULT.with_borrow_mut(|default| match default {
            Some((_, invocations)) => *invocations += 1,
            vacant => *vacant = Some((set_default(dispatch), 1)),
        });
        ThreadDefault(Some(std::thread::current().id()))
    }
}

impl Drop for ThreadDefault {
    fn drop(&mut self) {
        if self.0 != Some(std::thread::current().id()) {
            return;
        }
        let ended = DEFAULT.try_with(|default| {
            let mut default = default.borrow_mut();
            if let Some((_, invocations @ 2..)) = &mut *default {
                *invocations -= 1;
                return None;
            }
            default.take()
        });
        drop(ended);
    }
}
