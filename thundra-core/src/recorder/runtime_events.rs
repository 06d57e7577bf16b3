//! Errors that the Lambda runtime logs about an invocation, such as a refused response.
//!
//! The events never become span events, since payload values are part of the text. `thundra-aws` reads the few fields
//! about the end of the invocation.

use std::sync::OnceLock;

use tracing::{Event, Level, Metadata};

/// The beginning of the targets of the runtime.
pub(crate) const RUNTIME_TARGET: &str = "lambda_runtime";

static READER: OnceLock<fn(&Event<'_>)> = OnceLock::new();

/// Calls `reader` with each ERROR event of the runtime in a recorded scope. A later call has no effect.
#[doc(hidden)]
pub fn read_runtime_errors(reader: fn(&Event<'_>)) {
    let _ = READER.set(reader);
}

/// Returns `true` if the runtime logged the event.
pub(super) fn is_of_runtime(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(RUNTIME_TARGET)
}

/// Hands an event of the runtime to the reader.
#[cold]
pub(super) fn read(event: &Event<'_>, metadata: &Metadata<'_>) {
    if let Some(reader) = READER.get().filter(|_| *metadata.level() == Level::ERROR) {
        reader(event);
    }
}
