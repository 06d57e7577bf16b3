//! Failure evidence: the event of a failed invocation, masked, on a line of standard error
//! (`THUNDRA_CAPTURE_PAYLOADS`).
//!
//! ```text
//! begin ─► Captured: the bytes of the event, shared, attached to the scope
//!  end ──► line.rs: event (records.rs: failed records alone) ─► bounded, masked ─► one line ─► local/replay.rs runs it again
//! ```
//!
//! The line is written after the response, or by the watchdog shortly before the deadline. This module reads nothing of
//! the event earlier, and never more than the bounds allow.

pub(super) mod line;
mod records;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use thundra_core::export::{StandardStream, write_line};
use thundra_core::{Config, ScopeFlags, ScopeRef, diagnostics};

use crate::Settings;
use crate::captured::Captured;
use crate::settings::CapturePayloads;

/// `false` in a build without the feature `captured-events`. The compiler then drops the code behind the line.
const WRITES: bool = cfg!(feature = "captured-events");

/// `true` once an event was captured. Without a captured event, the end of an invocation costs a single read of the
/// flag.
static ARE_CAPTURED: AtomicBool = AtomicBool::new(false);

/// The outcome of an invocation with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Error,
    /// The function reported failed records to the event source.
    FailedRecords,
    Timeout,
    /// Lambda ended the environment.
    #[cfg_attr(not(all(unix, feature = "shutdown")), expect(dead_code))]
    Shutdown,
}

impl Outcome {
    /// Returns the outcome of an ended invocation.
    fn of(scope: ScopeRef) -> Self {
        let flags = scope.flags();
        match flags {
            flags if flags.contains(ScopeFlags::FAILED) || flags.contains(ScopeFlags::HTTP_ERROR) => Outcome::Error,
            flags if flags.contains(ScopeFlags::RECORDS_FAILED) => Outcome::FailedRecords,
            _ => Outcome::Success,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Outcome::Success => "success",
            Outcome::Error => "error",
            Outcome::FailedRecords => "failed_records",
            Outcome::Timeout => "timeout",
            Outcome::Shutdown => "shutdown",
        }
    }
}

/// Keeps the event of an invocation for a line, if requested by the settings. The bytes are shared, not copied.
pub(super) fn capture(scope: ScopeRef, event: &Bytes, trigger: &'static str, config: &Config) {
    let policy = Settings::of(config).capture_payloads;
    if policy == CapturePayloads::Off || config.disabled || event.is_empty() {
        return;
    }
    if !WRITES {
        report_missing_feature();
        return;
    }
    // Relaxed: the flag publishes nothing.
    ARE_CAPTURED.store(true, Ordering::Relaxed);
    scope.attach(Arc::new(Captured {
        event: event.clone(),
        trigger,
        is_always: policy == CapturePayloads::Always,
        failed: Mutex::default(),
        is_written: AtomicBool::new(false),
    }));
}

#[cold]
fn report_missing_feature() {
    diagnostics::once(
        "capture.feature",
        "THUNDRA_CAPTURE_PAYLOADS takes the feature `captured-events` of thundra-aws, so no event is written",
    );
}

/// Writes the line of an ended invocation, if the outcome is wanted.
pub(super) fn end(scope: ScopeRef) {
    // Relaxed: an invocation ends after the capture of its own event.
    if WRITES && ARE_CAPTURED.load(Ordering::Relaxed) {
        write(scope, Outcome::of(scope));
        scope.detach();
    }
}

/// Writes the line of an invocation before its end, which perhaps never comes.
pub(super) fn write_unfinished(scope: ScopeRef, outcome: Outcome) {
    if WRITES {
        write(scope, outcome);
    }
}

fn write(scope: ScopeRef, outcome: Outcome) {
    let Some(captured) = scope.attached::<Captured>() else { return };
    let is_wanted = captured.is_always || outcome != Outcome::Success;
    // Relaxed: only the count of lines matters.
    if is_wanted && !captured.is_written.swap(true, Ordering::Relaxed) {
        let line = line::line(scope, &captured, outcome);
        // A closed standard error leaves no place for a report.
        let _ = write_line(StandardStream::Error, &line);
    }
}
