//! What an event asks the function to do, and how many spans that makes.

use serde::{Deserialize, Serialize};

/// The event of the function.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Work {
    /// How the handler goes on after its spans.
    pub handler: Handler,
    /// Spans that the handler makes first.
    pub spans: u64,
    /// Text that makes the event large.
    pub padding: String,
}

/// The way of the handler to its end.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub enum Handler {
    /// It returns a response.
    #[default]
    Ok,
    /// It returns an error.
    Error,
    /// It panics.
    Panic,
    /// A task that it awaits panics.
    PanicInTask,
    /// It blocks its thread for so many milliseconds, in a span.
    Block(u64),
    /// It waits for so many milliseconds, in a span.
    Wait(u64),
    /// It drops a future in whose span it waited.
    Cancel,
    /// It streams a response of so many parts.
    Stream(u32),
    /// It streams so many parts, and then an error.
    BreakStream(u32),
    /// It returns a response of so many bytes.
    Large(usize),
    /// It leaves a task behind, which ends a span after so many milliseconds.
    Outlive(u64),
    /// It leaves a task behind, whose span never ends.
    Never,
    /// It ends the process.
    Exit,
}

impl Work {
    /// Makes the event of a handler.
    #[must_use]
    pub fn new(handler: Handler, spans: u64) -> Self {
        Self { handler, spans, padding: String::new() }
    }

    /// Returns the number of spans that the invocation makes, its own included.
    #[must_use]
    pub fn made(&self) -> u64 {
        let more = match self.handler {
            Handler::Block(_) | Handler::Wait(_) | Handler::Cancel | Handler::Outlive(_) => 1,
            _ => 0,
        };
        1 + self.spans + more
    }
}
