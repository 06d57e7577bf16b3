//! What the same work needs where it is not written against `tracing`: as in `thundra_bench_work`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// How deep a chain of spans goes.
pub const DEPTH: u64 = 5;
/// One span in so many has an event.
pub const EVENT_EVERY: u64 = 10;

/// A value that is formatted as it is recorded.
pub struct Order(pub u64);

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order-{:08}", self.0)
    }
}

/// Pending so often, and woken at once.
pub struct Pending(pub u32);

impl Future for Pending {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(left) = self.0.checked_sub(1) else { return Poll::Ready(()) };
        self.0 = left;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
