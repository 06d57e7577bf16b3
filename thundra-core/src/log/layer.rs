//! The layer that writes log lines.

use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::lines::Lines;
use crate::recorder::entered;
use crate::recorder::events::BRIDGE_TARGET;
use crate::recorder::filter::WriteLine;

/// Writes log lines on a `Registry`, beside layers of the program. The levels are a filter around the layer.
#[derive(Debug)]
pub(crate) struct LogLayer {
    lines: Lines,
}

impl LogLayer {
    pub(crate) fn new(lines: Lines) -> Self {
        LogLayer { lines }
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let record = (event.metadata().target() == BRIDGE_TARGET).then(|| event.normalized_metadata()).flatten();
        let (metadata, slot) = (record.as_ref().unwrap_or(event.metadata()), entered::innermost());
        match (self.filter.fate(metadata, slot), slot) {
            (Fate::Written, _) => self.lines.write_line(event, metadata, slot),
            (Fate::Kept, Some(slot)) => self.lines.keep_line(event, metadata, slot),
            _ => {}
        }
    }
}
