//! Failures of records, and the response with the failed records.

use super::*;

#[test]
fn failures_are_reported_one_by_one() {
    let config = config(&[]);
    let event = sqs("orders", &[("", r#"{"id":0}"#), ("", "hello"), ("", r#"{"id":2}"#), ("", r#"{"id":3}"#)]);
    let (response, spans) = invocation(&config, || {
        let work = async |order: Order| match order.id {
            2 => Err(std::fmt::Error),
            _ => Ok(()),
        };
        each(event, work).with_config(&config).into_future()
    });
    assert_eq!(failures(&response.unwrap()), ["m-1", "m-2"]);
    let recorded = |id| {
        let span = span(&spans, "messaging.message.id", id);
        let error_type = span.attributes.iter().find(|(key, _)| key == "error.type").map(|(_, v)| v.to_string());
        (span.status.clone(), error_type, span.events.len())
    };
    assert_eq!(recorded("m-0"), (thundra_core::Status::Unset, None, 0));
    let (status, error_type, events) = recorded("m-1");
    assert!(format!("{status:?}").contains("Order: expected value at line 1 column 1"), "{status:?}");
    assert_eq!((error_type.as_deref(), events), (Some("unreadable"), 1));
    let (status, error_type, events) = recorded("m-2");
    assert!(status.is_error());
    assert_eq!((error_type.as_deref(), events), (Some("core::fmt::Error"), 1));
    span(&spans, "thundra.batch.failures", "2");
}

#[test]
fn the_failures_of_all_batches_of_an_invocation_are_counted() {
    let config = config(&[]);
    let (_, spans) = invocation(&config, async || {
        for count in 1..=2 {
            let event = sqs("orders", &vec![("", "no JSON"); count]);
            let _ = each(event, async |_: Order| Ok::<_, std::fmt::Error>(())).with_config(&config).await;
        }
    });
    span(&spans, "thundra.batch.failures", "3");
}

#[test]
fn the_error_of_a_record_keeps_no_credentials() {
    let config = config(&[]);
    let event = sqs("orders", &[("", "{}")]);
    let (response, spans) = invocation(&config, || {
        let text = "POST https://user:s3cr3t@partner.example/pay?token=s3cr3t failed: password=s3cr3t";
        each_record(event, move |_| std::future::ready(Err::<(), _>(text))).with_config(&config).into_future()
    });
    assert!(response.is_err());
    let span = span(&spans, "messaging.message.id", "m-0");
    let shown = "POST https://REDACTED@partner.example/pay?REDACTED failed: password=REDACTED";
    assert_eq!(span.status, thundra_core::Status::error(shown));
    assert!(!format!("{spans:?}").contains("s3cr3t"), "{spans:?}");
}

#[test]
fn an_empty_batch_has_an_empty_response() {
    assert!(failures(&run(each(SqsEvent::default(), succeed::<Json>)).unwrap()).is_empty());
    assert!(failures(&run(each(KinesisEvent::default(), succeed::<Json>)).unwrap()).is_empty());
    let nameless = SqsEvent::clone(&serde_json::from_value(json!({"Records": [{}]})).unwrap());
    assert_eq!(
        failures(&run(each(nameless, succeed::<Json>).report_full_failure()).unwrap()),
        [""],
        "AWS takes it for all of them"
    );
}

#[test]
fn a_batch_without_order_that_failed_as_a_whole_is_an_error() {
    let fail = |_: String| std::future::ready(Err::<(), _>("out of stock"));
    let error = run(each_text(sqs("orders", &[("", "a"), ("", "b")]), fail)).unwrap_err();
    assert_eq!(error.to_string(), "2 of 2 records of the batch failed, first: out of stock");
    let error = error.downcast::<BatchError>().unwrap();
    assert_eq!((error.failed, error.records, error.first.as_deref()), (2, 2, Some("out of stock")));
    let list = run(each_text(sqs("orders", &[("", "a"), ("", "b")]), fail).report_full_failure()).unwrap();
    assert_eq!(failures(&list), ["m-0", "m-1"]);
    let ordered = run(each_text(sqs("orders.fifo", &[("a", "a"), ("a", "b")]), fail)).unwrap();
    assert_eq!(failures(&ordered), ["m-0", "m-1"], "with order the list is the answer");
    let some =
        run(each_text(
            sqs("orders", &[("", "a"), ("", "b")]),
            async |text: String| {
                if text == "a" { Ok(()) } else { Err("out of stock") }
            },
        ));
    assert_eq!(failures(&some.unwrap()), ["m-1"]);
}

#[test]
fn a_panic_passes_through_and_is_recorded() {
    let config = config(&[]);
    let event = kinesis(&[("a", order(0)), ("b", order(1)), ("c", order(2))]);
    let (panicked, spans) = testing::record_with(&config, "invocation", || {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let work = async |order: Order| {
                tokio::task::yield_now().await;
                assert_ne!(order.id, 1, "a test's own panic");
                std::future::pending::<Result<(), String>>().await
            };
            run(each(event, work).concurrency(3).with_config(&config).into_future())
        }))
        .is_err()
    });
    assert!(panicked);
    for (id, error_type) in [("0", "cancelled"), ("1", "panic"), ("2", "cancelled")] {
        let span = span(&spans, "messaging.message.id", id);
        assert!(span.attributes.contains(&("error.type".to_owned(), error_type.into())), "{id}: {:?}", span.attributes);
    }
}

/// An error without a `Display` text: formatting fails.
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("broken")
    }
}

#[test]
fn an_error_that_cannot_be_formatted_fails_its_record_alone() {
    let config = config(&[]);
    let event = sqs("orders", &[("", r#"{"id":0}"#), ("", r#"{"id":1}"#), ("", r#"{"id":2}"#)]);
    let (response, spans) = invocation(&config, || {
        let work = async |order: Order| if order.id == 1 { Err(Broken) } else { Ok(()) };
        each(event, work).with_config(&config).into_future()
    });
    assert_eq!(failures(&response.unwrap()), ["m-1"]);
    let failed = span(&spans, "messaging.message.id", "m-1");
    assert_eq!(failed.status, thundra_core::Status::error("(its text is not known: formatting it panicked)"));
    assert_eq!(spans.iter().filter(|span| span.status.is_error()).count(), 1, "{}", testing::tree(&spans));
}
