//! Workload A.

use std::fmt;
use std::hint::black_box;

use tracing::{info, info_span};

/// The depth of a chain of spans.
const DEPTH: u64 = 5;
/// The number of spans for each event.
const EVENT_EVERY: u64 = 10;
/// The number of orders. The cost of a span must not depend on the digits of a number.
const ORDERS: u64 = 1_000;

/// Records a root, a child of the current span, with `n` spans below the root: `n + 1` in all.
#[inline(never)]
pub fn workload_a(n: u64) {
    info_span!("invoke").in_scope(|| chains(n));
}

/// Records `n` spans in chains of five below the current span. Each span has an integer, a static text and a formatted
/// value, and one in ten has an event.
#[inline(never)]
pub fn chains(n: u64) {
    let mut next = 0;
    while next < n {
        next = chain(next, n, DEPTH);
    }
}

/// Opens span `i` with the rest of its chain inside. Returns the first span of the next chain.
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
