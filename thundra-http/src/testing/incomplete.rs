//! The error about a trace with missing parts.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Write};
use std::time::Duration;

use thundra_core::testing::{Recorded, tree};
use thundra_core::{SpanData, TraceId};

use super::received::Received;

/// The maximum number of other traces in the error.
const OTHER_TRACES: usize = 20;

/// A trace with parts missing after the longest wait. `Display` and `Debug` show the missing and the received parts.
#[derive(Clone, PartialEq, Eq)]
pub struct IncompleteTrace {
    text: String,
}

/// The missing parts of a trace.
#[derive(Debug, Default)]
pub(super) struct Missing {
    pub(super) nothing_arrived: bool,
    /// The spans without a received parent.
    pub(super) orphans: Vec<SpanData>,
    /// The expected names, each with the number of missing spans.
    pub(super) spans: Vec<(String, usize)>,
    /// `true` if the condition does not hold.
    pub(super) condition: bool,
    /// The reason why nobody could wait.
    pub(super) runtime: Option<String>,
}

impl Missing {
    pub(super) fn of_runtime(error: &std::io::Error) -> Self {
        Missing { runtime: Some(error.to_string()), ..Missing::default() }
    }

    pub(super) fn is_nothing(&self) -> bool {
        !self.nothing_arrived && self.orphans.is_empty() && self.spans.is_empty() && !self.condition
    }
}

impl IncompleteTrace {
    pub(super) fn new(id: &str, patience: Duration, missing: &Missing, found: &Recorded, received: &Received) -> Self {
        let mut text = format!("the trace of {id:?} is not whole after {patience:?}:\n");
        if let Some(error) = &missing.runtime {
            let _ = writeln!(text, "- no runtime could be made: {error}");
        }
        if missing.nothing_arrived {
            let _ = writeln!(text, "- no span has arrived in a trace with this id");
        }
        for (name, count) in &missing.spans {
            let _ = match count {
                1 => writeln!(text, "- the span {name:?} has not arrived"),
                count => writeln!(text, "- {count} spans {name:?} have not arrived"),
            };
        }
        for span in &missing.orphans {
            let parent = span.parent_span_id.map(|parent| parent.to_string()).unwrap_or_default();
            let _ = writeln!(text, "- the parent {parent} of the span {:?} has not arrived", span.name);
        }
        if missing.condition {
            let _ = writeln!(text, "- the condition does not hold");
        }
        let everything = received.all();
        let _ = writeln!(
            text,
            "{} requests have arrived, with {} spans and {} log records in all traces.",
            received.requests(),
            everything.spans.len(),
            everything.logs.len()
        );
        received.refused().iter().for_each(|refused| _ = writeln!(text, "Refused: {refused}"));
        if found.spans.is_empty() {
            add_others(&mut text, &everything);
        } else {
            let _ = write!(text, "Of this trace:\n{}", tree(&found.spans));
            found.logs.iter().for_each(|log| _ = writeln!(text, "{} {}", log.severity, log.body.escape_debug()));
        }
        IncompleteTrace { text }
    }
}

/// Adds the first span of each trace.
fn add_others(text: &mut String, everything: &Recorded) {
    let mut traces: BTreeMap<TraceId, &SpanData> = BTreeMap::new();
    for span in &everything.spans {
        let first = traces.entry(span.context.trace_id).or_insert(span);
        if span.start_time < first.start_time {
            *first = span;
        }
    }
    for span in traces.values().take(OTHER_TRACES) {
        let _ = writeln!(text, "Trace {} begins with {:?}", span.context.trace_id, span.name);
    }
    if traces.len() > OTHER_TRACES {
        let _ = writeln!(text, "… and {} more traces", traces.len() - OTHER_TRACES);
    }
}

impl fmt::Display for IncompleteTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text.trim_end())
    }
}

/// Shows the text of `Display`, so that `unwrap` and a test that returns the error print the text unchanged.
impl fmt::Debug for IncompleteTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for IncompleteTrace {}
