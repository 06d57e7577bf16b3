//! Instrumented futures, for a tokio current-thread runtime.

use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

use tracing::{Instrument, Span, info, info_span};

use crate::chain::Order;

/// Awaits `n` instrumented futures in turn, two polls each.
pub async fn in_turn(n: u64) {
    for i in 0..n {
        call(i, 1).instrument(span(i)).await;
    }
}

/// Awaits as [`in_turn`] does, without spans and events.
pub async fn in_turn_bare(n: u64) {
    for i in 0..n {
        call_bare(i, 1).await;
    }
}

/// Spawns `n` instrumented tasks one by one, three polls each.
///
/// Requires a tokio runtime.
pub async fn spawned(n: u64) {
    for i in 0..n {
        // The only possible error is a panic of the task, which never panics.
        let _ = tokio::spawn(call(i, 2).instrument(span(i))).await;
    }
}

/// Spawns as [`spawned`] does, without spans and events.
pub async fn spawned_bare(n: u64) {
    for i in 0..n {
        let _ = tokio::spawn(call_bare(i, 2)).await;
    }
}

fn span(i: u64) -> Span {
    info_span!(
        "call",
        retry.attempt = black_box(i) as i64,
        db.system = black_box("dynamodb"),
        order.id = %Order(i),
    )
}

async fn call(i: u64, waits: u32) {
    if i.is_multiple_of(10) {
        info!(item = i as i64, "cache miss");
    }
    call_bare(i, waits).await;
}

async fn call_bare(i: u64, waits: u32) {
    black_box(i);
    for _ in 0..waits {
        Once(false).await;
    }
}

/// A future that is pending once and wakes itself.
struct Once(bool);

impl Future for Once {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
