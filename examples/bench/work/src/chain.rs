//! Workload A.

use std::fmt;
use std::hint::black_box;

use tracing::{info, info_span};

/// How deep a chain of spans goes.
const DEPTH: u64 = 5;
/// One span in so many has an event.
const EVENT_EVERY: u64 = 10;
/// How many orders there are: what a span costs shall not depend on how many digits its number has.
const ORDERS: u64 = 1_000;

/// One root, a child of the current span, with `n` spans below it: `n + 1` in all.
#[inline(never)]
pub fn workload_a(n: u64) {
    info_span!("invoke").in_scope(|| chains(n));
}

/// `n` spans in chains five deep below the current one. Each has an integer, a static text and a value that is
/// formatted as it is recorded; one in ten has an event.
#[inline(never)]
pub fn chains(n: u64) {
    let mut next = 0;
    while next < n {
        next = chain(next, n, DEPTH);
    }
}

/// Opens span `i` and the rest of its chain within it; returns the first span of the next chain.
#[inline(never)]
fn chain(i: u64, n: u64, depth: u64) -> u64 {
    let span = info_span!(
        "dynamodb.query",
        retry.attempt = black_box(i) as i64,
        db.system = black_box("dynamodb"),
        order.id = %Order(i % ORDERS),
    );
    let _entered = span.enter();
    if i.is_multiple_of(EVENT_EVERY) {
        info!(item = i as i64, "cache miss");
    }
    let next = i + 1;
    if depth > 1 && next < n { chain(next, n, depth - 1) } else { next }
}

pub(crate) struct Order(pub(crate) u64);

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "order-{:08}", self.0)
    }
}
