//! The work that an event requests, and the number of spans.

use serde::{Deserialize, Serialize};

/// The event of the function.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Work {
    /// The end of the handler.
    pub handler: Handler,
    /// The number of spans before the end of the handler.
    pub spans: u64,
    /// Text that makes the event large.
    pub padding: String,
}

/// The end of a handler.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
pub enum Handler {
    /// The handler returns a response.
    #[default]
    Ok,
    /// The handler returns an error.
    Error,
    /// The handler panics.
    Panic,
    /// A task panics while the handler awaits the task.
    PanicInTask,
    /// The handler blocks the thread for this number of milliseconds, in a span.
    Block(u64),
    /// The handler waits for this number of milliseconds, in a span.
    Wait(u64),
    /// The handler drops a waiting future that has a span.
    Cancel,
    /// The handler streams a response of this number of parts.
    Stream(u32),
    /// The handler streams this number of parts, and then an error.
    BreakStream(u32),
    /// The handler returns a response of this number of bytes.
    Large(usize),
    /// The handler leaves a task behind, which ends a span after this number of milliseconds.
    Outlive(u64),
    /// The handler leaves a task behind, whose span never ends.
    Never,
    /// The handler ends the process.
    Exit,
}

impl Work {
    /// Makes the event of a handler.
    #[must_use]
    pub fn new(handler: Handler, spans: u64) -> Self {
        Self { handler, spans, padding: String::new() }
    }

    /// Returns the number of spans of the invocation, including the root span.
    #[must_use]
    pub fn made(&self) -> u64 {
        let more = match self.handler {
            Handler::Block(_) | Handler::Wait(_) | Handler::Cancel | Handler::Outlive(_) => 1,
            _ => 0,
        };
        1 + self.spans + more
    }
}
