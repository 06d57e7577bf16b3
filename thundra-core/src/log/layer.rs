//! The layer that writes log lines.

use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_log::NormalizeEvent;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::lines::Lines;
use crate::points::fields as metric_fields;
use crate::recorder::entered;
use crate::recorder::events::BRIDGE_TARGET;
use crate::recorder::filter::WriteLine;
use crate::recorder::line_filter::{Fate, LineFilter};
use crate::redact::mask;

/// Writes log lines on a `Registry`, beside layers of the program.
#[derive(Debug)]
pub(crate) struct LogLayer {
    lines: Lines,
    filter: LineFilter,
}

impl LogLayer {
    /// Returns the layer, behind its filter.
    pub(crate) fn new<S>(lines: Lines, filter: LineFilter) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        LogLayer { lines, filter: filter.clone() }.with_filter(filter)
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
        let (metadata, slot) = (record.as_ref().unwrap_or(event.metadata()), entered::innermost());
        match (self.filter.fate(metadata, slot), slot) {
            (Fate::Written, _) => self.lines.write_line(event, metadata, slot),
            (Fate::Kept, Some(slot)) => self.lines.keep_line(event, metadata, slot),
            _ => {}
        }
    }
}
