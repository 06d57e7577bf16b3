//! Invocations that the head sampler left out, but the function exports after all.

use serde_json::json;

use crate::peers::{Lambda, Seen};

#[tokio::test]
async fn the_end_of_an_unsampled_invocation_decides_on_its_export() {
    for (keep, kept) in [
        ("none", &[][..]),
        ("errors", &[("request-1", "error"), ("request-2", "error"), ("request-3", "error")]),
        ("slow:1m", &[]),
        (
            "slow:0,errors",
            &[
                ("request-0", "slow"),
                ("request-1", "error,slow"),
                ("request-2", "error,slow"),
                ("request-3", "error,slow"),
                ("request-4", "slow"),
            ],
        ),
        ("cold", &[("request-0", "cold")]),
    ] {
        let lambda = Lambda::start("traced", &[("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_KEEP", keep)]).await;
        for event in [json!("ann"), json!("error"), json!("panic"), json!({ "not": "text" }), json!("bob")] {
            let fails = event != json!("ann") && event != json!("bob");
            assert_eq!(lambda.invoke(event).await.is_err(), fails, "{keep}");
        }
        let (seen, stderr) = lambda.stop().await;
        let roots: Vec<_> = seen.iter().flat_map(Seen::roots).collect();
        let reasons = |key: &str| roots.iter().map(|root| root.text(key)).collect::<Vec<_>>();
        let found: Vec<_> = reasons("faas.invocation_id").into_iter().zip(reasons("thundra.keep.reason")).collect();
        let expected: Vec<_> = kept.iter().map(|(id, reason)| (id.to_string(), reason.to_string())).collect();
        assert_eq!(found, expected, "{keep}: {stderr}");
        assert!(seen.iter().flat_map(Seen::spans).all(|span| !span.sampled), "{keep}");
        assert_eq!(seen.iter().filter(|seen| seen.name() == "traces").count(), kept.len(), "nothing else leaves");
    }
}

#[tokio::test]
async fn one_kept_invocation_links_to_a_kept_initialisation() {
    for (keep, exported, links) in [
        ("errors", [0, 0], 0),
        ("cold", [1, 1], 1),
        // The first invocation has the link, and the second has none.
        ("slow:0", [1, 2], 1),
    ] {
        let lambda = Lambda::start("init", &[("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_KEEP", keep)]).await;
        lambda.invoke(json!("ann")).await.unwrap();
        lambda.invoke(json!("bob")).await.unwrap();
        let (seen, stderr) = lambda.stop().await;
        let spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
        let count = |kind| spans.iter().filter(|span| span.kind == kind && span.name == "init").count();
        assert_eq!([count(1), count(2)], exported, "{keep}: {stderr}");
        assert_eq!(spans.iter().map(|span| span.links.len()).sum::<usize>(), links, "{keep}: {stderr}");
    }
}

#[tokio::test]
async fn an_unsampled_invocation_that_reaches_its_deadline_is_kept_as_failed() {
    for (keep, names) in [("errors", &["afterwards", "deadline", "done", "inner", "outer"][..]), ("slow:1m", &[])] {
        let lambda = Lambda::start("deadline", &[("OTEL_TRACES_SAMPLER", "always_off"), ("THUNDRA_KEEP", keep)]).await;
        lambda.invoke(json!({ "deadline_in_ms": 1_000, "sleeps_ms": 1_500 })).await.unwrap();
        lambda.invoke(json!({})).await.unwrap();
        let (seen, stderr) = lambda.stop().await;
        let mut spans: Vec<_> = seen.iter().flat_map(Seen::spans).collect();
        spans.sort_by(|a, b| a.name.cmp(&b.name));
        assert_eq!(spans.iter().map(|span| span.name.as_str()).collect::<Vec<_>>(), names, "{keep}: {stderr}");
        let reasons: Vec<_> = spans.iter().map(|span| span.text("thundra.keep.reason")).collect();
        assert_eq!(reasons.concat(), if names.is_empty() { "" } else { "error" }, "{keep}: {spans:?}");
        let is_reported = stderr.contains("ended after it was exported as unfinished");
        assert_eq!(is_reported, !names.is_empty(), "{keep}: {stderr}");
    }
}
