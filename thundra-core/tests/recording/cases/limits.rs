//! Limits.

use super::*;

#[test]
fn limits_drop_and_count() {
    let limits = [
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "2"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "1"),
        ("OTEL_SPAN_LINK_COUNT_LIMIT", "1"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3"),
        ("THUNDRA_MAX_SPANS", "3"),
    ];
    let (_, spans) = record_with(&config(&limits), "root", || {
        let span = info_span!("a", one = "äöüß", two = ?"long", three = 3);
        span.record("one", "again");
        let other = thundra_core::current().unwrap();
        span.add_link(&other, NO_ATTRIBUTES);
        span.add_link(&other, NO_ATTRIBUTES);
        span.in_scope(|| {
            info!("first");
            info!("second");
        });
        let over = span.in_scope(|| {
            let _last = info_span!("last");
            info_span!("over", x = 1)
        });
        over.in_scope(|| info!("goes to the ancestor, which has one already"));
        drop(over);
        drop(info_span!("over too"));
    });
    assert_eq!(
        tree(&spans),
        "root thundra.parent.source=non thundra.dropped_spans=2\n\
         └ a two=\"lo one=aga → (4 dropped)\n  \
           │ · first\n  \
           └ last\n"
    );
}

#[test]
fn events_and_links_have_limits_of_their_own() {
    let limits = [("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "2"), ("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "1")];
    let config = config(&limits);
    let scope = Scope::builder("root").begin_with(&config);
    with_default(&dispatch(&config), || {
        scope.enter(|| {
            let span = info_span!("a", one = 1, two = 2, three = 3);
            let other = thundra_core::current().unwrap();
            span.add_link(&other, [("one", 1), ("two", 2), ("three", 3)]);
            span.in_scope(|| {
                info!(one = 1, two = 2, three = 3, "three fields");
                info!(one = 1, two = 2, "two fields");
            });
        });
    });
    let records = scope.finish();
    let span = records.spans().find(|span| span.name == "a").unwrap();
    let counts: Vec<_> = span.events.iter().map(|event| (event.attributes.len(), event.dropped_attributes)).collect();
    assert_eq!((counts, span.attributes.len()), (vec![(2, 1), (2, 0)], 3));
    assert_eq!((span.links[0].attributes.len(), span.links[0].dropped_attributes), (1, 2));
    // The official decoder and the JSON form count the same.
    let batch = Batch::new(Arc::new(config.resource.clone()), records);
    let request = ExportTraceServiceRequest::decode(batch.to_protobuf().as_slice()).unwrap();
    let json: serde_json::Value = serde_json::from_str(&batch.to_json()).unwrap();
    let decoded = request.resource_spans[0].scope_spans[0].spans.iter().find(|span| span.name == "a").unwrap();
    let spans = json["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap();
    let json = spans.iter().find(|span| span["name"] == "a").unwrap();
    let dropped = |value: &serde_json::Value| value["droppedAttributesCount"].as_u64().unwrap_or(0) as u32;
    for (nth, expected) in [(0, 1), (1, 0)] {
        assert_eq!((decoded.events[nth].dropped_attributes_count, dropped(&json["events"][nth])), (expected, expected));
    }
    assert_eq!((decoded.links[0].dropped_attributes_count, dropped(&json["links"][0])), (2, 2));
}

#[test]
fn spans_over_the_limit_are_exited_in_any_order() {
    let config = config(&[("THUNDRA_MAX_SPANS", "1")]);
    with_default(&dispatch(&config), || {
        let [one, other] = ["one", "other"].map(|name| Scope::builder(name).begin_with(&config));
        // Both have the record of the root, and one callsite.
        let [outer, inner] = one.enter(|| [(); 2].map(|()| info_span!("over")));
        let outer = outer.entered();
        let between = other.span().clone().entered();
        let inner = inner.entered();
        drop(outer);
        assert_eq!(thundra_core::current(), one.context(), "inside of `inner`");
        drop(inner);
        assert_eq!(thundra_core::current(), other.context(), "inside of the other scope");
        drop(between);
        assert_eq!(thundra_core::current(), None);
    });
}
