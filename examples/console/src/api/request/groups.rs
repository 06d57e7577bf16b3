//! Spans that belong together: deliveries of one message, attempts at one call.

use std::collections::BTreeMap;
use std::iter;

use serde_json::{Value, json};

use super::MAX_ABOVE;
use super::load::Span;
use crate::api::tree::Node;

/// Returns the groups of two spans or more, each in the order of time. The nodes have the parents of the spans.
pub(super) fn of(spans: &[&Span], nodes: &[Node]) -> Vec<Value> {
    let mut deliveries: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    let mut attempts: BTreeMap<(i64, i64, &str), Vec<usize>> = BTreeMap::new();
    let is_resent = spans.iter().any(|span| resent(span).is_some());
    for (place, span) in spans.iter().enumerate() {
        // The record of an invocation with one message has the message too, and is the same delivery.
        let parent = |place: &usize| nodes.get(*place).and_then(|node| node.parent);
        let is_same = |place: usize| spans.get(place).is_some_and(|above| of_message(above) == of_message(span));
        let is_record = || iter::successors(parent(&place), parent).take(MAX_ABOVE).any(is_same);
        if let Some(delivered) = of_message(span).filter(|_| !is_record()) {
            deliveries.entry(delivered).or_default().push(place);
        }
        // The first attempt has no count. It stands beside the later ones, below the same parent.
        if let Some(parent) = span.parent_id.filter(|_| is_resent && span.kind == 3) {
            attempts.entry((span.trace, parent, span.name.as_str())).or_default().push(place);
        }
    }
    attempts.retain(|_, places| places.iter().filter_map(|place| spans.get(*place)).any(|span| resent(span).is_some()));
    let in_time = |mut places: Vec<usize>| {
        places.sort_by_key(|place| spans.get(*place).map(|span| span.start));
        places
    };
    let deliveries = deliveries
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|((message, _), places)| json!({ "kind": "deliveries", "key": message, "spans": in_time(places) }));
    let attempts = attempts
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|((_, _, name), places)| json!({ "kind": "attempts", "key": name, "spans": in_time(places) }));
    deliveries.chain(attempts).collect()
}

/// Returns the message that the span processes, and the service that does.
fn of_message(span: &Span) -> Option<(&str, &str)> {
    Some((span.detail.as_ref()?.message.as_deref()?, &span.service))
}

fn resent(span: &Span) -> Option<i64> {
    span.detail.as_ref()?.resent
}
