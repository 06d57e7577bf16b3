//! Where to see more of a local run than its tree.

use thundra_core::export::{StandardStream, write_line};
use thundra_http::export::is_console_by_default;

/// The address is that of `thundra-console`, and of most collectors on a developer's machine.
const HINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 shows this in a browser \
                    (cargo run -p thundra-console, in a clone of Thundra)\n";

/// Prints the variable that sends the telemetry to a browser, unless the program or its environment says where the
/// telemetry goes.
pub(super) fn print() {
    if is_console_by_default() {
        // A closed standard error leaves no place for a report.
        let _ = write_line(StandardStream::Error, HINT.as_bytes());
    }
}
