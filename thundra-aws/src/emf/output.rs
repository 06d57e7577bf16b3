//! The output of documents: standard output, which CloudWatch Logs reads, or standard error in a local run.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use thundra_core::diagnostics;
use thundra_core::export::{StandardStream, write_line};

/// `true` if the response of a local run is on standard output.
static IS_LOCAL_RUN: AtomicBool = AtomicBool::new(false);

/// Writes documents to standard error from now on.
#[cfg(feature = "local-run")]
pub(crate) fn leave_stdout_to_the_response() {
    IS_LOCAL_RUN.store(true, Ordering::Relaxed);
}

/// Writes a document as one line.
pub(super) fn write(document: &[u8]) {
    let stream = if IS_LOCAL_RUN.load(Ordering::Relaxed) { StandardStream::Error } else { StandardStream::Output };
    write_line(stream, document).unwrap_or_else(|error: io::Error| {
        diagnostics::once("emf.write", format_args!("metrics are lost, because a document cannot be written: {error}"));
    });
}
