use super::*;

#[test]
fn the_nearest_program_is_the_parent() {
    let (w3c, xray, id) = (("TraceParent", CONTEXT), ("X-Amzn-Trace-Id", XRAY), ("x-correlation-traceparent", OTHER));
    for (pairs, source) in [
        (&[id, xray, w3c][..], ParentSource::TraceParent),
        (&[id, xray], ParentSource::XRay),
        (&[id], ParentSource::Correlation),
        (&[("AWSTraceHeader", "Root=1-5759e988-bd862e3fe1be46a994272793")], ParentSource::XRayIgnored),
        (&[("traceparent", "what")], ParentSource::Malformed),
        (&[], ParentSource::None),
    ] {
        assert_eq!(extract(pairs).source, source);
    }
}

#[test]
fn an_untrusted_caller_decides_nothing_by_xray() {
    let header = format!("{XRAY};Lineage=1:a:0;A=b");
    let read = |trust| Inbound::extract([(XRAY_HEADER, header.as_str())], Propagators::default(), trust);
    let (untrusted, trusted) = (read(Trust::Edge), read(Trust::Full));
    assert_eq!((untrusted.parent.is_some(), untrusted.source), (true, ParentSource::XRay));
    let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8";
    assert_eq!(untrusted.xray.unwrap().to_header(), trace);
    assert_eq!(trusted.xray.unwrap().to_header(), header);
}

#[test]
fn the_first_header_of_a_context_that_can_be_read_wins() {
    let parents = ["Parent=53995c3f42cd8ad8;Sampled=1", "Parent=63995c3f42cd8ad8;Sampled=1"]
        .map(|rest| format!("Root=1-5759e988-bd862e3fe1be46a994272793;{rest}"));
    let read = extract(&[(XRAY_HEADER, "what"), (XRAY_HEADER, &parents[0]), (XRAY_HEADER, &parents[1])]);
    assert_eq!(read.parent.map(|parent| parent.span_id.to_string()).as_deref(), Some("53995c3f42cd8ad8"));
    let read = extract(&[(XRAY_HEADER, &parents[0]), (XRAY_HEADER, "what")]);
    assert_eq!((read.source, read.xray.is_some()), (ParentSource::XRay, true));
    let key = CORRELATION_TRACEPARENT;
    for values in [["what", CONTEXT, OTHER], [CONTEXT, OTHER, "what"]] {
        let read = extract(&values.map(|value| (key, value)));
        assert_eq!(read.parent.map(|parent| format_traceparent(&parent)).as_deref(), Some(CONTEXT));
    }
}

#[test]
fn a_list_in_several_headers_is_one_list() {
    let pairs = [("traceparent", CONTEXT), ("tracestate", "a=1"), ("tracestate", "b=2")];
    let read = extract(&[&pairs[..], &[("baggage", "c=3"), ("baggage", "d=4")]].concat());
    assert_eq!(read.parent.unwrap().trace_state.as_deref(), Some("a=1,b=2"));
    assert_eq!(read.baggage.as_deref(), Some("c=3,d=4"));
}

#[test]
fn a_context_that_comes_twice_is_malformed() {
    let other = ("TraceParent", OTHER);
    for second in [other, ("traceparent", CONTEXT), ("traceparent", "what"), ("TRACEPARENT", "")] {
        for pairs in [[("traceparent", CONTEXT), second], [second, ("traceparent", CONTEXT)]] {
            let read = extract(&[&pairs[..], &[("tracestate", "a=1")]].concat());
            assert_eq!((read.parent, read.source), (None, ParentSource::Malformed), "{pairs:?}");
        }
        let thrice = extract(&[("traceparent", CONTEXT), second, ("traceparent", CONTEXT)]);
        assert_eq!(thrice.parent, None, "{second:?}");
    }
}

#[test]
fn dropped_values_are_counted() {
    let long = "x".repeat(257);
    let pairs = [
        ("traceparent", CONTEXT),
        ("tracestate", "a=1,b"),
        ("baggage", "a=1,b\u{3000}=2"),
        ("baggage", "c=\n"),
        ("x-correlation-a", long.as_str()),
        ("x-correlation-b", "1"),
        ("x-correlation-b", "2"),
    ];
    let read = extract(&pairs);
    assert_eq!((read.dropped, read.baggage.as_deref()), (4, Some("a=1")));
    let ids: Vec<_> = (0..9).map(|n| (format!("x-correlation-{n}"), "v".repeat(250))).collect();
    let ids = || ids.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    let read = |trust| Inbound::extract(ids(), Propagators::default(), trust);
    assert_eq!([Trust::Full, Trust::Edge].map(|trust| read(trust).dropped), [0, 6]);
    assert_eq!(read(Trust::Edge).or(read(Trust::Edge)).dropped, 12);
}

#[test]
fn lists_in_many_headers_are_read_once() {
    // Each header is read once, in place. No list is joined again for each header.
    let started = std::time::Instant::now();
    let lists = || (0..200_000).flat_map(|_| [("tracestate", "a=1"), ("baggage", "a=1"), ("x-correlation-a", "1")]);
    let read = Inbound::extract(lists(), Propagators::default(), Trust::Edge);
    assert_eq!((read.baggage.map(|list| list.split(',').count()), read.dropped), (Some(64), 199_936 + 1));
    assert!(started.elapsed() < std::time::Duration::from_secs(8), "{:?}", started.elapsed());
}

#[test]
fn a_second_carrier_fills_the_gaps() {
    let body = extract(&[("traceparent", CONTEXT), ("x-correlation-id", "from-body"), ("x-correlation-a", "1")]);
    let both = extract(&[("x-correlation-id", "c-1"), ("AWSTraceHeader", "Root=1-5759e988-bd862e3fe1be46a994272793")])
        .or(body);
    assert_eq!(both.source, ParentSource::TraceParent);
    assert_eq!((both.correlation.get("id"), both.correlation.get("a")), (Some("c-1"), Some("1")));
}
