//! SIGTERM: the last export, on a separate thread.

use std::io;
use std::time::{Duration, Instant};

use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use thundra_core::{Unfinished, export_later};
use thundra_http::export::flush_before_end;

use crate::lifecycle::evidence::Outcome;
use crate::lifecycle::watchdog;

/// The time limit of the export, within the 500 ms until SIGKILL.
const LIMIT: Duration = Duration::from_millis(400);

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
    let ending = Unfinished {
        error_type: "shutdown",
        description: "still running when Lambda ended the environment",
        root: &[],
    };
    export_later(watchdog::take_running(&ending, Outcome::Shutdown).0);
    flush_before_end(deadline);
}
