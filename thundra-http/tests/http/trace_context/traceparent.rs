//! The cases of `traceparent`.

use super::{PARENT, SAMPLED, TRACE, continued, each, make_request, restarted, restarted_by};

#[tokio::test]
async fn test_both_traceparent_and_tracestate_missing() {
    each(&[], |context, _| assert!(context.state.is_empty())).await;
}

#[tokio::test]
async fn test_traceparent_included_tracestate_missing() {
    continued(&[("traceparent", SAMPLED)]).await;
}

#[tokio::test]
async fn test_traceparent_duplicated() {
    restarted_by(&[
        ("traceparent", "00-12345678901234567890123456789011-1234567890123456-01"),
        ("traceparent", "00-12345678901234567890123456789012-1234567890123456-01"),
    ])
    .await;
    // Two values joined as by a proxy or API Gateway.
    restarted(&format!("00-12345678901234567890123456789011-1234567890123456-01, {SAMPLED}")).await;
}

#[tokio::test]
async fn test_traceparent_header_name() {
    restarted_by(&[("trace-parent", SAMPLED)]).await;
    restarted_by(&[("trace.parent", SAMPLED)]).await;
}

#[tokio::test]
async fn test_traceparent_header_name_valid_casing() {
    for name in ["TraceParent", "TrAcEpArEnT", "TRACEPARENT"] {
        continued(&[(name, SAMPLED)]).await;
    }
}

#[tokio::test]
async fn test_traceparent_version_0x00() {
    restarted(&format!("{SAMPLED}.")).await;
    restarted(&format!("{SAMPLED}-what-the-future-will-be-like")).await;
}

#[tokio::test]
async fn test_traceparent_version_0xcc() {
    let future = SAMPLED.replacen("00", "cc", 1);
    continued(&[("traceparent", &future)]).await;
    continued(&[("traceparent", &format!("{future}-what-the-future-will-be-like"))]).await;
    restarted(&format!("{future}.what-the-future-will-be-like")).await;
}

#[tokio::test]
async fn test_traceparent_version_0xff() {
    restarted(&SAMPLED.replacen("00", "ff", 1)).await;
}

#[tokio::test]
async fn test_traceparent_version_illegal_characters() {
    restarted(&SAMPLED.replacen("00", ".0", 1)).await;
    restarted(&SAMPLED.replacen("00", "0.", 1)).await;
}

#[tokio::test]
async fn test_traceparent_version_too_long() {
    restarted(&format!("0{SAMPLED}")).await;
    restarted(&format!("00{SAMPLED}")).await;
}

#[tokio::test]
async fn test_traceparent_version_too_short() {
    restarted(&SAMPLED[1..]).await;
}

#[tokio::test]
async fn test_traceparent_trace_id_all_zero() {
    restarted(&SAMPLED.replace(TRACE, &"0".repeat(32))).await;
}

#[tokio::test]
async fn test_traceparent_trace_id_illegal_characters() {
    restarted(&SAMPLED.replace(TRACE, ".2345678901234567890123456789012")).await;
    restarted(&SAMPLED.replace(TRACE, "1234567890123456789012345678901.")).await;
}

#[tokio::test]
async fn test_traceparent_trace_id_too_long() {
    restarted(&SAMPLED.replace(TRACE, "123456789012345678901234567890123")).await;
}

#[tokio::test]
async fn test_traceparent_trace_id_too_short() {
    restarted(&SAMPLED.replace(TRACE, "1234567890123456789012345678901")).await;
}

#[tokio::test]
async fn test_traceparent_parent_id_all_zero() {
    restarted("00-12345678901234567890123456789012-0000000000000000-01").await;
}

#[tokio::test]
async fn test_traceparent_parent_id_illegal_characters() {
    restarted("00-12345678901234567890123456789012-.234567890123456-01").await;
    restarted("00-12345678901234567890123456789012-123456789012345.-01").await;
}

#[tokio::test]
async fn test_traceparent_parent_id_too_long() {
    restarted("00-12345678901234567890123456789012-12345678901234567-01").await;
}

#[tokio::test]
async fn test_traceparent_parent_id_too_short() {
    restarted("00-12345678901234567890123456789012-123456789012345-01").await;
}

#[tokio::test]
async fn test_traceparent_trace_flags_illegal_characters() {
    restarted("00-12345678901234567890123456789012-1234567890123456-.0").await;
    restarted("00-12345678901234567890123456789012-1234567890123456-0.").await;
}

#[tokio::test]
async fn test_traceparent_trace_flags_too_long() {
    restarted("00-12345678901234567890123456789012-1234567890123456-001").await;
}

#[tokio::test]
async fn test_traceparent_trace_flags_too_short() {
    restarted("00-12345678901234567890123456789012-1234567890123456-1").await;
}

#[tokio::test]
async fn test_traceparent_ows_handling() {
    for (before, after) in [(" ", ""), ("\t", ""), ("", " "), ("", "\t"), ("\t ", " \t")] {
        continued(&[("traceparent", &format!("{before}{SAMPLED}{after}"))]).await;
    }
}

/// Asserts that three calls have three parents and one trace.
async fn three_calls(headers: &[(&str, &str)], check: impl Fn(&str)) {
    for (carrier, contexts) in make_request(headers, 3).await.0 {
        let mut parents: Vec<_> = contexts.iter().map(|context| &context.parent_id).collect();
        parents.sort_unstable();
        parents.dedup();
        assert_eq!(parents.len(), 3, "{carrier}");
        assert!(contexts.iter().all(|context| context.trace_id == contexts[0].trace_id), "{carrier}");
        check(&contexts[0].trace_id);
    }
}

#[tokio::test]
async fn test_multiple_requests_with_valid_traceparent() {
    three_calls(&[("traceparent", SAMPLED)], |trace_id| assert_eq!(trace_id, TRACE)).await;
}

#[tokio::test]
async fn test_multiple_requests_without_traceparent() {
    three_calls(&[], |_| {}).await;
}

#[tokio::test]
async fn test_multiple_requests_with_illegal_traceparent() {
    let illegal = SAMPLED.replace(TRACE, &"0".repeat(32));
    three_calls(&[("traceparent", &illegal)], |trace_id| assert_ne!(trace_id, "0".repeat(32))).await;
}

#[tokio::test]
async fn test_propagates_random_flag() {
    let parent = |flags: &str| format!("00-{TRACE}-{PARENT}-{flags}");
    for (flags, random) in [("02", true), ("03", true), ("00", false), ("01", false), ("fd", false), ("ff", true)] {
        each(&[("traceparent", &parent(flags))], |context, carrier| {
            assert_eq!((context.trace_id.as_str(), context.flags & 2 == 2), (TRACE, random), "{carrier}: {flags}");
            assert_ne!(context.parent_id, PARENT, "{carrier}: {flags}");
            assert_eq!(context.flags & !3, 0, "{carrier}: no other flag is known");
        })
        .await;
    }
    each(&[], |context, carrier| assert_eq!(context.flags & 2, 2, "{carrier}: our own trace ids are random")).await;
}
