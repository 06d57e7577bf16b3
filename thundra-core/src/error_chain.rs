//! The text of an error with its sources.

use std::error::Error;

/// The maximum number of sources. A longer chain counts as endless, because an error may be its own source.
const MAX_SOURCES: usize = 8;

/// Returns the message of an error, followed by the messages of the sources.
///
/// Calls the `Display` of the program's errors, which may panic: see [`contained`](crate::contained).
pub(crate) fn message(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    for _ in 0..MAX_SOURCES {
        let Some(error) = source else { break };
        let text = error.to_string();
        // Many errors repeat their source in their own text.
        if !message.ends_with(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        source = error.source();
    }
    message
}
