//! The correlation ids on the root spans of scopes.

use thundra_core::propagation::{Inbound, Propagators, Trust};
use thundra_core::{Records, SpanData, Unfinished};

use super::*;

/// Returns a caller's context with these ids.
fn sent(ids: &[(&str, &str)], trust: Trust) -> Inbound {
    Inbound::extract(ids.iter().copied(), Propagators::default(), trust)
}

/// Returns the ids on a span.
fn ids(span: &SpanData) -> Vec<(&str, String)> {
    let ids = span.attributes.iter().filter(|(key, _)| key.starts_with("x-correlation-"));
    ids.map(|(key, value)| (key.as_str(), value.to_string())).collect()
}

#[track_caller]
fn assert_ids(records: &Records, expected: &[(&str, &str)], why: &str) {
    let root = records.spans().last().unwrap();
    let expected: Vec<_> = expected.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    assert_eq!(ids(&root), expected, "{why}");
}

#[test]
fn the_root_span_has_the_ids_of_the_end_of_the_scope() {
    type Change = fn();
    let nothing: Change = || ();
    const CHAIN: (&str, &str) = ("x-correlation-id", "c-1");
    for (received, change, expected, why) in [
        (&[("x-correlation-id", "c-1")][..], nothing, &[CHAIN][..], "as received"),
        (&[], nothing, &[("x-correlation-id", "default")], "a new chain"),
        (
            &[("x-correlation-id", "c-1"), ("X-Correlation-Order", "o-9"), ("debug-log-enabled", "true")],
            nothing,
            &[CHAIN, ("x-correlation-order", "o-9")],
            "every id, and no switch",
        ),
        (
            &[("x-correlation-id", "c-1")],
            || correlation::set("order", "late"),
            &[CHAIN, ("x-correlation-order", "late")],
            "set in the scope",
        ),
        (
            &[("x-correlation-order", "o-9")],
            || {
                correlation::set("order", "o-10");
                correlation::set("id", "c-2");
            },
            &[("x-correlation-id", "c-2"), ("x-correlation-order", "o-10")],
            "set again",
        ),
        (
            &[("x-correlation-id", "c-1")],
            || {
                correlation::set("order", "o-9");
                let root = thundra_core::ScopeRef::current().unwrap();
                root.set_attribute("x-correlation-order", "of the program");
                root.set_attribute("x-correlation-mine", 7);
            },
            &[("x-correlation-mine", "7"), CHAIN, ("x-correlation-order", "o-9")],
            "an attribute of the program is no id",
        ),
        (
            &[
                ("x-correlation-id", "c-1"),
                ("x-correlation-session-token", "abc"),
                ("x-correlation-job", r#"{"pwd":"x"}"#),
            ],
            nothing,
            &[CHAIN, ("x-correlation-job", r#"{"pwd":"REDACTED"}"#), ("x-correlation-session-token", "REDACTED")],
            "masked by key",
        ),
    ] {
        for trust in [Trust::Full, Trust::Edge] {
            let scope = Scope::builder("root").parent(sent(received, trust)).default_correlation_id("default");
            let scope = scope.begin_with(&config(&[]));
            scope.enter(change);
            assert_ids(&scope.finish(), expected, why);
        }
    }
}

#[test]
fn a_scope_without_an_id_has_no_attribute() {
    let scope = Scope::builder("root").default_correlation_id("not\nan id").begin_with(&config(&[]));
    assert_ids(&scope.finish(), &[], "an invalid default");
}

#[test]
fn local_spans_have_no_ids() {
    let (_, spans) = record("root", || info_span!("local").in_scope(|| correlation::set("order", "o-9")));
    assert_eq!(ids(&spans[0]), []);
    assert_eq!(ids(&spans[1]).len(), 2);
}

#[test]
fn each_nested_scope_has_ids_of_its_own() {
    let config = config(&[]);
    let outer = Scope::builder("invocation").default_correlation_id("c-1").begin_with(&config);
    outer.enter(|| {
        for id in ["r-1", "r-2"] {
            let record = Scope::builder("record").nested().default_correlation_id(id).begin_with(&config);
            record.enter(|| correlation::set("order", id));
            record.finish();
        }
    });
    let records = outer.finish();
    let all: Vec<Vec<String>> =
        records.spans().map(|span| ids(&span).into_iter().map(|(_, value)| value).collect()).collect();
    assert_eq!(all, [vec!["r-1", "r-1"], vec!["r-2", "r-2"], vec!["c-1"]]);
}

#[test]
fn whatever_exports_a_scope_exports_its_ids() {
    let scope = |pairs: &[(&str, &str)]| {
        let scope = Scope::builder("root").default_correlation_id("c-1").begin_with(&config(pairs));
        scope.enter(|| correlation::set("order", "o-9"));
        scope
    };
    const IDS: &[(&str, &str)] = &[("x-correlation-id", "c-1"), ("x-correlation-order", "o-9")];

    let open = scope(&[]);
    let timeout = Unfinished { error_type: "timeout", description: "unfinished", root: &[] };
    assert_ids(&open.take_unfinished(&timeout), IDS, "exported before the end");
    assert!(open.finish().is_empty(), "once");

    let kept = scope(&[("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_KEEP", "errors")]);
    kept.set_error("refused", "refused");
    assert_ids(&kept.finish(), IDS, "kept against the sampler");

    let unsampled = scope(&[("OTEL_TRACES_SAMPLER", "always_off")]);
    assert!(unsampled.finish().is_empty());
}

#[test]
fn ids_are_complete_whatever_the_limits_of_attributes() {
    let limits = [("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1"), ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3")];
    let scope = Scope::builder("root").default_correlation_id("order-1").begin_with(&config(&limits));
    scope.set_attribute("refused", "over the limit");
    let records = scope.finish();
    assert_ids(&records, &[("x-correlation-id", "order-1")], "bounded by limits of their own");
    assert_eq!(records.spans().next().unwrap().dropped_attributes, 1);
}

#[test]
fn masked_ids_are_masked_in_lines_too() {
    let config = config(&[("THUNDRA_MASK_KEYS", "voucher")]);
    with_default(&dispatch(&config), || {
        let scope = Scope::builder("root").default_correlation_id("c-1").begin_with(&config);
        scope.enter(|| correlation::set("voucher", "v-1"));
        let line = String::from_utf8(scope.line_head(tracing::Level::INFO, "paid", &[], &config)).unwrap();
        assert!(line.contains(r#""x-correlation-voucher":"REDACTED""#) && line.contains("c-1"), "{line}");
        assert_eq!(scope.correlation().unwrap().get("voucher"), Some("v-1"), "calls carry the value");
        assert_ids(&scope.finish(), &[("x-correlation-id", "c-1"), ("x-correlation-voucher", "REDACTED")], "named");
    });
}
