//! The last export of a process that is about to end, on a thread without other work.
//!
//! The runtime of the program may be blocked, and the connections of its exporters may have died while Lambda had frozen
//! the process. The thread has a separate runtime, and the last flush opens new connections.

use std::time::{Duration, Instant};

use thundra_core::{flush_last, flushes_itself, pending_spans};
use tokio::time::{sleep, timeout_at};

use super::runtime::ThreadRuntime;
use super::worker::report_losses_now;

/// The pause before another attempt, after a failure of an exporter or while another flush holds the exporter.
const PAUSE: Duration = Duration::from_millis(20);

/// Exports the waiting records until the deadline, on the current thread, and reports the records that are lost.
#[doc(hidden)]
pub fn flush_before_end(deadline: Instant) {
    if let Ok(runtime) = ThreadRuntime::new() {
        runtime.run(Box::pin(flush_until(deadline)));
    }
    report_losses_now();
}

async fn flush_until(deadline: Instant) {
    let exporting = async {
        loop {
            flush_last(deadline).await;
            // Spans ended from now on go with the next round.
            flushes_itself();
            if pending_spans() == 0 {
                break;
            }
            sleep(PAUSE).await;
        }
    };
    let _ = timeout_at(deadline.into(), exporting).await;
}
