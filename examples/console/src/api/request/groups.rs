//! Spans that belong together: deliveries of one message, attempts at one call.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::load::Span;

/// Returns the groups of two spans or more, each in the order of time.
pub(super) fn of(spans: &[&Span]) -> Vec<Value> {
    let mut deliveries: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    let mut attempts: BTreeMap<(i64, i64, &str), Vec<usize>> = BTreeMap::new();
    let is_resent = spans.iter().any(|span| resent(span).is_some());
    for (place, span) in spans.iter().enumerate() {
        if let Some(message) = span.detail.as_ref().and_then(|detail| detail.message.as_deref()) {
            deliveries.entry((message, span.service.as_str())).or_default().push(place);
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

fn resent(span: &Span) -> Option<i64> {
    span.detail.as_ref()?.resent
}
