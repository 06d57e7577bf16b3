//! Parts of the work for stacks without `tracing`, equal to the parts in `thundra_bench_work`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The depth of a chain of spans.
pub const DEPTH: u64 = 5;
/// The number of spans for each event.
pub const EVENT_EVERY: u64 = 10;

/// A value that is formatted when recorded.
pub struct Order(pub u64);

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order-{:08}", self.0)
    }
}

/// A future that is pending a number of times and wakes itself.
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
