use super::*;

#[test]
fn a_receiver_reads_what_was_sent() {
    let mut received = extract(&[
        ("traceparent", CONTEXT),
        ("tracestate", "a=1"),
        ("baggage", "tenant=7"),
        ("X-Correlation-Id", "c-1"),
        ("x-correlation-order", "o-9"),
        ("call-chain-length", "3"),
        ("debug-log-enabled", "true"),
        ("user-agent", "curl/8"),
    ]);
    received.correlation.complete(|| unreachable!());
    let outbound = Outbound {
        context: received.parent.clone().unwrap(),
        correlation: received.correlation.clone(),
        baggage: received.baggage.clone(),
        xray: None,
        formats: Propagators::default(),
        received: None,
    };
    let pairs = outbound.pairs();
    let again = extract(&pairs.iter().map(|(k, v)| (*k, v.as_str())).collect::<Vec<_>>());
    // It is another program's, one call further.
    received.received = again.received.clone();
    assert_eq!(again, received);
    assert_eq!(
        pairs.iter().map(|(key, _)| *key).collect::<Vec<_>>(),
        [
            "x-correlation-id",
            "call-chain-length",
            "debug-log-enabled",
            "traceparent",
            "tracestate",
            "x-correlation-traceparent",
            "x-correlation-order",
            "baggage",
            "User-Agent"
        ]
    );
    let json: Vec<_> = outbound.payload_pairs().into_iter().take(3).map(|(_, json)| json).collect();
    assert_eq!(json, [r#""c-1""#, "4", r#""true""#]);
}

#[test]
fn an_xray_header_over_its_limit_loses_the_received_parts() {
    let received = extract(&[(XRAY_HEADER, &format!("{XRAY};Lineage=1:a:0"))]);
    let outbound = Outbound {
        context: received.parent.clone().unwrap(),
        correlation: CorrelationIds::default(),
        baggage: None,
        xray: received.xray,
        formats: Propagators::default(),
        received: None,
    };
    let full = format!("{XRAY};Lineage=1:a:0");
    for (bytes, expected) in [
        (full.len() + 1, Some(full.as_str())),
        (full.len(), Some(&full)),
        (full.len() - 1, Some(XRAY)),
        (XRAY.len(), Some(XRAY)),
        (XRAY.len() - 1, None),
    ] {
        assert_eq!(outbound.xray_header_within(bytes).as_deref(), expected, "{bytes}");
    }
}
