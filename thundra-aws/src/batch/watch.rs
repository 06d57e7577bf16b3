//! Whether a handler used this module, so that one which loops over a batch by itself can be told of it.

use std::cell::Cell;
use std::future::Future;

tokio::task_local! {
    static USED: Cell<bool>;
}

/// Runs a handler; says whether it worked on a batch record by record. What it spawns is not seen.
pub(crate) async fn watched<F: Future>(handler: F) -> (F::Output, bool) {
    USED.scope(Cell::new(false), async {
        let output = handler.await;
        (output, USED.with(Cell::get))
    })
    .await
}

pub(super) fn mark() {
    // Outside of a handler nobody watches.
    let _ = USED.try_with(|used| used.set(true));
}
