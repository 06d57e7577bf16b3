//! The service map: callers, called programs and transports.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::time::Duration;

use thundra_core::Escaped;

use super::{Kind, Span, short};

/// The caller of a root span.
const OUTSIDE: &str = "(outside)";

/// Draws the table of calls between programs, and from outside: the number of calls and of failures, and the median and
/// the 95th percentile of the called program's duration.
#[must_use]
pub fn service_map(spans: &[Span]) -> String {
    let mut calls: BTreeMap<[&str; 3], Calls> = BTreeMap::new();
    let by_id: HashMap<_, _> = spans.iter().map(|span| ((&span.trace, span.id.as_str()), span)).collect();
    for span in spans {
        let above = span.parent.as_deref().and_then(|parent| by_id.get(&(&span.trace, parent)));
        let caller = match above {
            Some(above) if above.program == span.program => continue,
            Some(above) => above.program.as_str(),
            None if matches!(span.kind, Kind::Server | Kind::Consumer) && span.links.is_empty() => OUTSIDE,
            // The invocation for a batch, or a trace of the start of a program: neither has a caller.
            None => continue,
        };
        calls.entry([caller, &span.program, transport(span)]).or_default().add(span);
    }
    table(&calls)
}

#[derive(Debug, Default)]
struct Calls {
    durations: Vec<Duration>,
    errors: usize,
}

impl Calls {
    fn add(&mut self, span: &Span) {
        self.durations.push(span.duration());
        self.errors += usize::from(span.error.is_some());
    }

    /// Returns a percentile of the durations, by nearest rank.
    fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.durations.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * percent).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }
}

/// Returns the transport of a call from the attributes of the called program.
fn transport(span: &Span) -> &str {
    let system = span.attribute("messaging.system").map(|system| system.strip_prefix("aws.").unwrap_or(system));
    let system = system.map(|system| system.strip_prefix("aws_").unwrap_or(system));
    system.or_else(|| span.attribute("http.request.method").and(Some("http"))).unwrap_or("invoke")
}

fn table(calls: &BTreeMap<[&str; 3], Calls>) -> String {
    let head = ["caller", "called", "over", "calls", "errors", "p50", "p95"].map(str::to_owned);
    let mut rows = vec![head];
    for ([caller, called, over], calls) in calls {
        let count = calls.durations.len().to_string();
        let [p50, p95] = [50, 95].map(|percent| short(calls.percentile(percent)));
        let [caller, called, over] = [caller, called, over].map(|name| Escaped(name).to_string());
        rows.push([caller, called, over, count, calls.errors.to_string(), p50, p95]);
    }
    let mut widths = [0; 7];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(widths).enumerate() {
            // Names to the left, numbers to the right.
            let _ = if column < 3 { write!(line, "{cell:<width$}  ") } else { write!(line, "{cell:>width$}  ") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::span::tests::order;
    use super::*;

    #[test]
    fn calls_between_programs_become_rows() {
        let expected = "\
caller     called   over  calls  errors      p50      p95
(outside)  orders   http      1       0  40.0 ms  40.0 ms
orders     billing  sns       1       1  60.0 ms  60.0 ms
";
        assert_eq!(service_map(&order()), expected);
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let durations = (1..=20).map(Duration::from_millis).collect();
        let calls = Calls { durations, errors: 0 };
        assert_eq!(calls.percentile(50), Duration::from_millis(10));
        assert_eq!(calls.percentile(95), Duration::from_millis(19));
        assert_eq!(Calls::default().percentile(95), Duration::ZERO);
    }
}
