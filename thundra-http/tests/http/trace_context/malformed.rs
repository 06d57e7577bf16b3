//! Beside the suite: obsolete text of HTTP, and the values accepted by other carriers.

use thundra_core::{Records, SpanData, flush};

use super::{SAMPLED, in_a_scope, inherited, over_http, owned, restarted, restarted_by};
use crate::support::{attribute, installed};

/// Beside the suite: the obsolete text of HTTP, and the values accepted by other carriers.
#[tokio::test]
async fn a_value_that_is_not_ascii_is_malformed_and_counts() {
    restarted_by(&[("traceparent", SAMPLED), ("traceparent", "\u{e9}")]).await;
    restarted_by(&[("traceparent", "\u{e9}"), ("traceparent", SAMPLED)]).await;
    restarted(&format!("{SAMPLED}\u{3000}")).await;
    inherited(&["foo=1", "bar=\u{e9}"], &[]).await;
    inherited(&["foo=1,\u{3000}bar=2"], &[]).await;
}

#[tokio::test]
async fn a_malformed_member_does_not_remove_the_others() {
    let baggage = "a=1,k\u{3000}=v,b=\u{e9},c=3;\u{a0}p, d=4";
    let (_turn, exporter) = installed().await;
    let calls = over_http(&owned(vec![("baggage", baggage.to_owned())]), 1).await;
    let sent = calls[0].iter().find(|(name, _)| name == "baggage").map(|(_, value)| value.as_str());
    assert_eq!(sent, Some("a=1,d=4"));
    flush(Records::default(), None).await;
    let count = |span: &SpanData| attribute(span, "thundra.propagation.dropped");
    assert_eq!(exporter.spans().iter().find_map(count).as_deref(), Some("3"));
    // HTTP knows no line ends within a value, but attributes and payloads do.
    for (list, expected) in [("a=1,k=v\n,b=2", "a=1,b=2"), ("a=1,k\r=v", "a=1"), ("a=1,\u{b}k=v", "a=1")] {
        let calls = in_a_scope(&owned(vec![("baggage", list.to_owned())]), 1, |outbound| owned(outbound.pairs()));
        let sent = calls[0].iter().find(|(name, _)| name == "baggage").map(|(_, value)| value.as_str());
        assert_eq!(sent, Some(expected), "{list:?}");
    }
}
