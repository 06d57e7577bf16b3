//! Streamed responses that end late, too early or never. The programs come from the [endings](crate::endings).

use serde_json::json;

use crate::endings::{TWO, event};
use crate::peers::{Lambda, Seen};

#[tokio::test]
async fn a_span_of_a_stream_belongs_to_the_invocation() {
    let lambda = Lambda::start("endings_sole", &[]).await;
    lambda.invoke(event(&json!("stream"))).await.unwrap();
    let root = lambda.traced().await;
    let (seen, _) = lambda.stop().await;
    let children: Vec<_> = seen.iter().flat_map(Seen::children).map(|child| (child.name, child.parent)).collect();
    assert_eq!(children, [("first chunk".to_owned(), root.id)]);
}

#[tokio::test]
async fn a_stream_that_goes_on_after_the_answer_ends_its_invocation() {
    let lambda = Lambda::start("endings_sole", &[("TEST_EARLY", "1")]).await;
    lambda.invoke(event(&json!("stream late"))).await.unwrap();
    lambda.invoke(event(&json!("ok"))).await.unwrap();
    lambda.invoke(event(&json!("ok"))).await.unwrap();
    lambda.wait_for(|seen| seen.iter().flat_map(Seen::spans).filter(|span| span.kind == 2).count() == 3).await;
    let failed: Vec<_> = lambda.roots().into_iter().filter_map(|root| root.status).collect();
    assert_eq!(failed, ["declined: invalid digit found in string"]);
}

#[tokio::test]
async fn a_stream_that_the_runtime_drops_is_incomplete() {
    const HANGS_UP: (&str, &str) = ("TEST_HANGS_UP", "1");
    for (program, variables) in [("endings_sole", &[HANGS_UP][..]), ("endings_sole_concurrent", &[HANGS_UP, TWO])] {
        let lambda = Lambda::start(program, variables).await;
        lambda.invoke(event(&json!("stream for ever"))).await.unwrap();
        let root = || lambda.roots().into_iter().find(|root| root.text("faas.invocation_id") == "request-0");
        // A flush after the end of the stream exports the spans of the stream.
        while root().is_none() {
            lambda.invoke(event(&json!("ok"))).await.unwrap();
        }
        let root = root().unwrap();
        assert_eq!(root.text("error.type"), "response_incomplete", "{program}: {root:?}");
        assert_eq!(root.status.as_deref(), Some("the response stream was dropped before its end"), "{program}");
    }
}

#[tokio::test]
async fn a_stream_that_nobody_ends_is_exported_at_the_deadline_once() {
    const EARLY: (&str, &str) = ("TEST_EARLY", "1");
    let unfinished = Some("still running shortly before the deadline");
    for (program, variables, why) in [
        ("endings_sole", &[EARLY][..], "answered before its end"),
        ("endings_sole_concurrent", &[EARLY, TWO], "answered before its end, beside another"),
        ("endings_sole_concurrent", &[TWO], "never answered, beside another"),
    ] {
        let lambda = Lambda::start(program, variables).await;
        lambda.send(json!({ "how": "stream hangs", "deadline_in_ms": 1_500 })).await;
        assert_eq!(lambda.invoke(event(&json!("while it hangs"))).await, Ok(json!("while it hangs")), "{why}");
        lambda
            .wait_for(|seen| seen.iter().flat_map(Seen::spans).any(|span| span.status.as_deref() == unfinished))
            .await;
        if variables.contains(&EARLY) {
            lambda.wait_for_line("ended after it was exported as unfinished").await;
        }
        assert_eq!(lambda.invoke(event(&json!("afterwards"))).await, Ok(json!("afterwards")), "{why}");
        lambda.wait_for(|seen| seen.iter().flat_map(Seen::spans).filter(|span| span.kind == 2).count() == 3).await;
        let spans = lambda.spans();
        let ended: Vec<_> = spans.iter().map(|span| (span.name.as_str(), span.text("error.type"))).collect();
        let mut ended: Vec<_> = ended.iter().map(|(name, error_type)| (*name, error_type.as_str())).collect();
        ended.sort_unstable();
        assert_eq!(ended, [(program, ""), (program, ""), (program, "timeout"), ("first chunk", "")], "{why}");
    }
}
