use super::*;

#[test]
fn a_received_value_is_recognised_when_it_is_forwarded() {
    let parents = "Parent=53995c3f42cd8ad8";
    let full = format!("Root=1-5759e988-bd862e3fe1be46a994272793;{parents};Sampled=1;Lineage=1:a:0");
    let outbound = |trust| {
        let pairs = [
            ("TraceParent", CONTEXT),
            ("AWSTraceHeader", full.as_str()),
            ("X-Correlation-Order", "o-9"),
            ("call-chain-length", "3"),
            ("debug-log-enabled", "true"),
            ("x-correlation-id", "\u{1}"),
            ("content-type", "text/plain"),
        ];
        let received = Inbound::extract(pairs, Propagators::default(), trust);
        Outbound {
            context: received.parent.clone().unwrap(),
            correlation: received.correlation,
            baggage: None,
            xray: received.xray,
            formats: Propagators::default(),
            received: received.received,
        }
    };
    for trust in [Trust::Full, Trust::Edge] {
        let outbound = outbound(trust);
        for (key, value, expected, why) in [
            ("traceparent", CONTEXT, true, "the caller's context"),
            ("traceparent", OTHER, false, "another one"),
            ("x-amzn-trace-id", full.as_str(), true, "under the name it has in HTTP"),
            ("AWSTraceHeader", &full, true, "and in a queue"),
            ("x-amzn-trace-id", &full[..full.len() - 6], true, "the same parent in other words"),
            ("x-amzn-trace-id", &full.replace("Parent=5", "Parent=6"), false, "another parent"),
            ("x-amzn-trace-id", "Root=1", true, "what is malformed is all alike"),
            ("x-correlation-order", "o-9", true, "an id"),
            ("x-correlation-order", "o-8", false, "another one"),
            ("call-chain-length", "3", true, "though it may not be obeyed"),
            ("debug-log-enabled", "true", true, "nor this"),
            ("x-correlation-id", "\u{1}", true, "though it is malformed"),
            ("x-correlation-id", "own", false, "what is well-formed was not received"),
            ("x-correlation-traceparent", CONTEXT, true, "the caller's context under another key"),
            ("traceparent", &CONTEXT.replace("-01", "-00"), false, "with another decision"),
            ("x-amzn-trace-id", &full.replace("Sampled=1", "Sampled=0"), trust == Trust::Edge, "the same in X-Ray"),
            ("call-chain-length", "4", false, "another length"),
            ("call-chain-length", "what", true, "what is malformed is all alike"),
            ("tracestate", "a=1", false, "a list that was not received"),
            ("tracestate", "", false, "none"),
            ("content-type", "text/plain", false, "no key of ours"),
        ] {
            assert_eq!(outbound.is_forwarded(key, value), expected, "{trust:?}: {why}");
        }
    }
}

#[test]
fn a_list_is_recognised_as_a_whole() {
    for key in ["baggage", "tracestate"] {
        let outbound = outbound_of(&[(key, "a=1,b=2"), (key, "c=3")]);
        for (values, expected, why) in [
            (&["a=1,b=2", "c=3"][..], true, "as it came"),
            (&["a=1, b=2 ,c=3"], true, "in one header"),
            (&["a=1", "b=2", "c=3"], true, "in more"),
            (&["c=3"], false, "one of its headers"),
            (&["a=1,c=3"], false, "a member less"),
            (&["a=1,b=2,c=3,d=4"], false, "a member more"),
            (&["c=3,a=1,b=2"], false, "in another order"),
        ] {
            assert_eq!(outbound.are_forwarded(key, values), expected, "{key}: {why}");
        }
    }
}

#[test]
fn a_sender_of_many_values_gets_none_through() {
    let outbound = outbound_of(&[
        ("traceparent", CONTEXT),
        ("traceparent", OTHER.replace("-b7", "-c7").as_str()),
        ("call-chain-length", "1"),
        ("call-chain-length", "2"),
        ("debug-log-enabled", "true"),
    ]);
    let lengths = ["1", "2", "3", "4"].map(|length| ("call-chain-length", length));
    let many = outbound_of(&lengths);
    assert!(many.is_forwarded("call-chain-length", "7"), "any is one of many");
    for (key, values, expected, why) in [
        ("traceparent", &[CONTEXT][..], true, "the first"),
        ("traceparent", &[OTHER.replace("-b7", "-c7").as_str()], true, "the last"),
        ("traceparent", &[CONTEXT, OTHER.replace("-b7", "-c7").as_str()], true, "both"),
        ("traceparent", &[CONTEXT, OTHER.replace("-b7", "-d7").as_str()], false, "one of two"),
        ("call-chain-length", &["1", "2"], true, "both"),
        ("call-chain-length", &["7"], false, "another one"),
        ("debug-log-enabled", &["true"], true, "the only one"),
        ("debug-log-enabled", &["false"], false, "another one"),
    ] {
        assert_eq!(outbound.are_forwarded(key, values), expected, "{key}: {why}");
    }
}

#[test]
fn each_line_of_a_header_is_recognised_alone_and_joined() {
    let parents = [CONTEXT, &OTHER.replace("-b7", "-c7"), &OTHER.replace("-b7", "-d7")].map(str::to_owned);
    let xrays = [XRAY, &XRAY.replace("Parent=5", "Parent=6")].map(str::to_owned);
    let lengths = ["3".to_owned(), "3".to_owned()];
    let orders = ["o-1", "o-2", "o,3"].map(str::to_owned);
    for (key, lines) in [
        ("traceparent", &parents[..]),
        ("x-correlation-traceparent", &parents),
        ("x-amzn-trace-id", &xrays),
        ("call-chain-length", &lengths),
        ("x-correlation-id", &orders),
        ("x-correlation-order", &orders),
    ] {
        let pairs: Vec<_> = lines.iter().map(|line| (key, line.as_str())).collect();
        let mut outbound = outbound_of(&pairs);
        outbound.correlation.set(key, "own");
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        assert!(outbound.are_forwarded(key, &lines), "{key}: as they came");
        assert!(lines.iter().all(|line| outbound.is_forwarded(key, line)), "{key}: one of them");
        let lines = &lines[..2];
        assert!(outbound.is_forwarded(key, &lines.join(", ")), "{key}: joined");
        assert!(outbound.is_forwarded(key, &lines.join(",")), "{key}: joined without spaces");
        assert!(!outbound.is_forwarded(key, &[lines[0], "another"].join(",")), "{key}: with another one");
    }
}

#[test]
fn an_untrusted_callers_lines_take_no_room() {
    let values: Vec<_> = (0..100_000).map(|n| n.to_string()).collect();
    let pairs: Vec<_> = values.iter().map(|value| ("x-correlation-order", value.as_str())).collect();
    let outbound = outbound_of(&pairs);
    let known = |value: &str| outbound.is_forwarded("x-correlation-order", value);
    assert_eq!([0, 8, 9].map(|n: u32| known(&n.to_string())), [true, true, false]);
}

#[test]
fn values_of_two_carriers_are_recognised() {
    let one = extract(&[("traceparent", CONTEXT), ("call-chain-length", "3"), ("x-correlation-a", "1")]);
    let other = extract(&[
        ("traceparent", OTHER.replace("-b7", "-c7").as_str()),
        ("call-chain-length", "3"),
        ("x-correlation-b", "2"),
        ("baggage", "a=1"),
    ]);
    let mut both = one.or(other);
    assert!(both.correlation.set("b", "3"));
    let outbound = Outbound { correlation: both.correlation, received: both.received, ..outbound_of(&[]) };
    for (key, value, expected) in [
        ("traceparent", CONTEXT, true),
        ("traceparent", &OTHER.replace("-b7", "-c7"), true),
        ("call-chain-length", "3", true),
        ("call-chain-length", "4", false),
        ("x-correlation-b", "2", true),
        ("baggage", "a=1", true),
    ] {
        assert_eq!(outbound.is_forwarded(key, value), expected, "{key}: {value}");
    }
}

#[test]
fn a_context_for_a_link_has_no_received_values() {
    let pairs = [
        ("traceparent", CONTEXT),
        ("tracestate", "a=1"),
        ("baggage", "b=2"),
        ("AWSTraceHeader", XRAY),
        ("x-correlation-id", "\u{1}"),
        ("x-correlation-order", "o-9"),
        ("call-chain-length", "3"),
        ("debug-log-enabled", "true"),
    ];
    let read = |extraction: Extraction| {
        let mut extraction = extraction;
        pairs.iter().for_each(|(key, value)| extraction.take(key, value));
        extraction.finish()
    };
    let begin = || Extraction::new(Propagators::default(), Trust::Full);
    let (for_scope, for_link) = (read(begin()), read(begin().for_link()));
    assert!(for_scope.received.is_some());
    assert_eq!(for_link, Inbound { received: None, ..for_scope });
}
