//! Exporting outside Lambda: one thread, about once a second.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use thundra_core::{Config, Env, Trace, diagnostics, flush, install, kept_spans};

use crate::export::{Host, exporters};

const INTERVAL: Duration = Duration::from_secs(1);

/// Installs everything a program outside Lambda needs: the configuration from the environment, the
/// exporters, the subscriber (unless one is set), and a background thread that exports about once a second.
///
/// Keep the guard until the program ends: dropping it exports what is left, within
/// `OTEL_EXPORTER_OTLP_TIMEOUT`. A second call changes nothing.
#[must_use = "dropping the guard stops exporting"]
pub fn init() -> Telemetry {
    init_with(Config::from_env(&Env::process()))
}

/// As [`init`], with a configuration that is made or changed in code.
#[must_use = "dropping the guard stops exporting"]
pub fn init_with(config: Config) -> Telemetry {
    let disabled = config.disabled;
    let exporters = if disabled { Vec::new() } else { exporters(&config, Host::Process) };
    if !install(config, exporters) || disabled {
        return Telemetry { worker: None };
    }
    let stop = Arc::new(Stop::default());
    let waits = stop.clone();
    let worker = std::thread::Builder::new().name("thundra-export".into()).spawn(move || work(&waits));
    match worker {
        Ok(worker) => Telemetry { worker: Some((worker, stop)) },
        Err(error) => {
            diagnostics::once("worker", format_args!("nothing is exported: the thread could not be started: {error}"));
            Telemetry { worker: None }
        }
    }
}

/// Keeps the exporter of [`init`] running; dropped, it exports what is left.
#[derive(Debug)]
pub struct Telemetry {
    worker: Option<(JoinHandle<()>, Arc<Stop>)>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some((worker, stop)) = self.worker.take() {
            stop.set();
            // A panic over there is over; here it is nobody's business.
            let _ = worker.join();
        }
    }
}

fn work(stop: &Stop) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return diagnostics::once("worker", format_args!("nothing is exported: no runtime could be made: {error}"));
        }
    };
    while !stop.wait(INTERVAL) {
        // What ended since the last time waits in core.
        runtime.block_on(flush(Trace::default(), None));
    }
    runtime.block_on(flush(Trace::default(), None));
    let lost = kept_spans();
    if lost > 0 {
        diagnostics::once(
            "export.end",
            format_args!("{lost} spans are lost: they could not be exported before the end"),
        );
    }
}

#[derive(Debug, Default)]
struct Stop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn set(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits this long, or until it is set; says whether it is.
    fn wait(&self, time: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stopped, time, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}
