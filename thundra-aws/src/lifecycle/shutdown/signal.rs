//! SIGTERM: the last export, on a separate thread.
//!
//! The runtime of the program may be blocked by a handler, and the connections of its exporters may have died while the
//! environment was frozen. The thread has a separate runtime, and the last flush opens new connections.

use std::io;
use std::time::{Duration, Instant};

use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use thundra_core::{export_later, flush_last, flushes_itself, pending_spans};
use thundra_http::export::{ThreadRuntime, report_losses_now};
use tokio::time::{sleep, timeout_at};

use crate::lifecycle::watchdog;

/// The time limit of the export, within the 500 ms until SIGKILL.
const LIMIT: Duration = Duration::from_millis(400);

/// The pause before another attempt, after a failure of an exporter or while another flush holds the exporter.
const PAUSE: Duration = Duration::from_millis(20);

/// Starts the thread. After the export, the process ends by the signal, with the status of the signal.
pub(super) fn watch() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM])?;
    let thread = std::thread::Builder::new().name("thundra-shutdown".into());
    thread.spawn(move || {
        if signals.forever().next().is_some() {
            export();
            let _ = emulate_default_handler(SIGTERM);
        }
    })?;
    Ok(())
}

fn export() {
    let deadline = Instant::now() + LIMIT;
    export_later(watchdog::take_running());
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
