//! The layer that writes log lines.

use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::lines::Lines;
use crate::points::fields as metric_fields;
use crate::recorder::entered;
use crate::recorder::events::BRIDGE_TARGET;
use crate::recorder::filter::WriteLine;
use crate::redact::mask;

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
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        mask::register(metadata.fields());
        Interest::always()
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if metric_fields::only_measures(event.metadata()) {
            return;
        }
        let record = (event.metadata().target() == BRIDGE_TARGET).then(|| event.normalized_metadata()).flatten();
        self.lines.write_line(event, record.as_ref().unwrap_or(event.metadata()), entered::innermost());
    }
}
