//! The completeness of an order's trace.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use thundra_core::Escaped;

use super::Span;

/// The attribute with the id of an order. The functions record the attribute with `#[tracing::instrument]`.
const ORDER: &str = "order.id";

/// The expected trace of an order.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// The order.
    pub order: &'a str,
    /// The expected programs, each with a count.
    pub reaches: &'a [(&'a str, usize)],
    /// The failing program, if any.
    pub fails: Option<&'a str>,
}

impl<'a> Expected<'a> {
    /// Returns the spans of the first trace that names the order.
    #[must_use]
    pub fn trace<'s>(&self, spans: &'s [Span]) -> Vec<&'s Span> {
        let trace = spans.iter().find(|span| span.attribute(ORDER) == Some(self.order)).map(|span| &span.trace);
        spans.iter().filter(|span| Some(&span.trace) == trace).collect()
    }
}

/// Returns the problems of an order's trace, one sentence each. A whole trace has one root, every parent, no span
/// twice, and the expected programs as often as expected.
///
/// A trace enters a program at each span whose parent belongs to another program, or is missing.
#[must_use]
pub fn problems(spans: &[Span], expected: &Expected<'_>) -> Vec<String> {
    let order = expected.order;
    let trace = expected.trace(spans);
    if trace.is_empty() {
        return vec![format!("{order}: no span has arrived")];
    }
    let mut problems = shape(&trace);
    problems.extend(spread(spans, order));
    problems.extend(reach(&trace, expected));
    problems.into_iter().map(|problem| Escaped(&format!("{order}: {problem}")).to_string()).collect()
}

/// Checks for one root, every parent, and no duplicate span.
fn shape(trace: &[&Span]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut ids = BTreeSet::new();
    for span in trace {
        if !ids.insert(span.id.as_str()) {
            problems.push(format!("{} is there twice", described(span)));
        }
    }
    let roots: Vec<_> = trace.iter().filter(|span| span.parent.is_none()).map(|span| described(span)).collect();
    if roots.len() != 1 {
        problems.push(format!("{} roots instead of one: {}", roots.len(), roots.join(", ")));
    }
    for span in trace {
        if let Some(parent) = span.parent.as_deref().filter(|parent| !ids.contains(parent)) {
            problems.push(format!("the parent {parent} of {} is missing", described(span)));
        }
    }
    problems
}

/// Checks that no other trace names the order.
fn spread(spans: &[Span], order: &str) -> Option<String> {
    let named = spans.iter().filter(|span| span.attribute(ORDER) == Some(order));
    let traces: BTreeSet<_> = named.map(|span| span.trace.as_str()).collect();
    (traces.len() > 1).then(|| format!("it is spread over {} traces", traces.len()))
}

/// Checks the programs, the counts, and the failing program.
fn reach(trace: &[&Span], expected: &Expected<'_>) -> Vec<String> {
    let entries = entries(trace);
    let mut reached = BTreeMap::new();
    for span in &entries {
        *reached.entry(span.program.as_str()).or_insert(0) += 1;
    }
    let mut problems = Vec::new();
    for &(program, times) in expected.reaches {
        let found = reached.remove(program).unwrap_or(0);
        if found != times {
            problems.push(format!("it reached {program} {found} times instead of {times}"));
        }
    }
    problems.extend(reached.keys().map(|program| format!("it reached {program}, which it should not")));
    if let Some(program) = expected.fails
        && !entries.iter().any(|span| span.program == program && span.error.is_some())
    {
        problems.push(format!("{program} should have failed and did not"));
    }
    problems
}

/// Returns the first span of each program in a trace.
pub(super) fn entries<'s>(trace: &[&'s Span]) -> Vec<&'s Span> {
    let programs: HashMap<_, _> = trace.iter().map(|span| (span.id.as_str(), span.program.as_str())).collect();
    let enters = |span: &&&Span| {
        let above = span.parent.as_deref().and_then(|parent| programs.get(parent));
        above.is_none_or(|program| *program != span.program)
    };
    trace.iter().filter(enters).copied().collect()
}

fn described(span: &Span) -> String {
    format!("{:?} of {} ({})", span.name, span.program, span.id)
}

#[cfg(test)]
mod tests {
    use super::super::span::tests::order;
    use super::*;

    fn named(mut spans: Vec<Span>) -> Vec<Span> {
        let quote = spans.iter_mut().find(|span| span.name == "quote").unwrap();
        quote.attributes.insert(ORDER.to_owned(), "order-1".to_owned());
        spans
    }

    fn expected() -> Expected<'static> {
        Expected { order: "order-1", reaches: &[("orders", 1), ("billing", 1)], fails: Some("billing") }
    }

    #[test]
    fn a_whole_trace_has_no_problem() {
        assert_eq!(problems(&named(order()), &expected()), [""; 0]);
    }

    #[test]
    fn an_order_that_nobody_speaks_of_has_not_arrived() {
        assert_eq!(problems(&order(), &expected()), ["order-1: no span has arrived"]);
    }

    #[test]
    fn a_missing_root_leaves_orphans() {
        let mut spans = named(order());
        spans.retain(|span| span.id != "01");
        assert_eq!(
            problems(&spans, &expected()),
            [
                "order-1: 0 roots instead of one: ",
                "order-1: the parent 01 of \"orders send\" of orders (04) is missing",
                "order-1: the parent 01 of \"quote\" of orders (02) is missing",
                "order-1: it reached orders 2 times instead of 1",
            ]
        );
    }

    #[test]
    fn a_span_that_was_sent_twice_is_named() {
        let mut spans = named(order());
        spans.push(spans.iter().find(|span| span.id == "03").unwrap().clone());
        assert_eq!(problems(&spans, &expected()), ["order-1: \"GET\" of orders (03) is there twice"]);
    }

    #[test]
    fn a_second_trace_of_the_order_is_reported() {
        let mut spans = named(order());
        let mut stray = spans.iter().find(|span| span.name == "quote").unwrap().clone();
        stray.trace = "t2".to_owned();
        spans.push(stray);
        assert_eq!(problems(&spans, &expected()), ["order-1: it is spread over 2 traces"]);
    }

    #[test]
    fn programs_are_counted_by_their_entries() {
        let expected = Expected { reaches: &[("orders", 1), ("shipping", 2)], ..expected() };
        assert_eq!(
            problems(&named(order()), &expected),
            ["order-1: it reached shipping 0 times instead of 2", "order-1: it reached billing, which it should not"]
        );
    }

    #[test]
    fn an_expected_failure_must_happen() {
        let mut spans = named(order());
        spans.iter_mut().for_each(|span| span.error = None);
        assert_eq!(problems(&spans, &expected()), ["order-1: billing should have failed and did not"]);
    }
}
