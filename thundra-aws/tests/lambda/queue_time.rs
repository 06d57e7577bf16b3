//! The waiting time of messages, on the span of the invocation and before the span.

use std::time::UNIX_EPOCH;

use serde_json::{Value, json};

use crate::peers::{Lambda, Seen};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PRODUCER: &str = "b7ad6b7169203331";

/// Returns messages of a queue, with ages in seconds.
fn messages(ages: &[i64]) -> Value {
    let now = UNIX_EPOCH.elapsed().unwrap().as_millis() as i64;
    let message = |(n, age): (usize, &i64)| {
        json!({"messageId": format!("m-{n}"), "body": "{}", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:orders.fifo",
            "attributes": {"SentTimestamp": (now - age * 1000).to_string(), "ApproximateReceiveCount": (n + 2).to_string()},
            "messageAttributes": {"traceparent": {"stringValue": format!("00-{TRACE}-{PRODUCER}-01"), "dataType": "String"}}})
    };
    json!({"Records": ages.iter().enumerate().map(message).collect::<Vec<_>>()})
}

#[tokio::test]
async fn an_invocation_says_how_long_its_messages_waited() {
    for (variables, ages, waited, count, why) in [
        (&[][..], &[90][..], Some(90_000), "2", "one message"),
        (&[], &[5, 90, 60], Some(90_000), "", "a batch waited as long as its oldest message"),
        (&[], &[-3600], Some(0), "2", "by a clock ahead"),
        (&[("THUNDRA_QUEUE_SPANS", "off")], &[90], None, "2", "off"),
        (&[("THUNDRA_QUEUE_SPANS", "span")], &[5, 90], Some(90_000), "", "no span of many producers"),
    ] {
        let lambda = Lambda::start("batch", variables).await;
        lambda.invoke(messages(ages)).await.unwrap();
        let root = lambda.traced().await;
        let millis = root.text("thundra.queue.time_ms").parse::<u64>().ok();
        let as_expected = match (waited, millis) {
            (Some(waited), Some(millis)) => (waited..waited + 60_000).contains(&millis),
            (waited, millis) => waited == millis,
        };
        assert!(as_expected, "{why}: {millis:?}");
        assert_eq!(root.text("aws.sqs.receive_count"), count, "{why}");
        let (seen, _) = lambda.stop().await;
        assert!(!seen.iter().flat_map(Seen::spans).any(|span| span.name.starts_with("queue")), "{why}");
    }
}

#[tokio::test]
async fn the_wait_of_one_message_is_a_span_before_the_invocation() {
    for (age, parent, why) in [(90, PRODUCER, "below the producer"), (3 * 3600, "", "a redrive has links only")] {
        let lambda = Lambda::start("batch", &[("THUNDRA_QUEUE_SPANS", "span")]).await;
        lambda.invoke(messages(&[age])).await.unwrap();
        let root = lambda.traced().await;
        let (seen, _) = lambda.stop().await;
        let waits: Vec<_> = seen.iter().flat_map(Seen::spans).filter(|span| span.name == "queue orders.fifo").collect();
        let [wait] = waits.as_slice() else { panic!("{why}: {waits:?}") };
        assert_eq!((wait.kind, wait.parent.as_str()), (5, parent), "{why}");
        assert_eq!((&root.parent, &root.trace), (&wait.id, &wait.trace), "{why}");
        assert_eq!(root.links.len(), usize::from(parent.is_empty()), "{why}");
        assert_eq!(wait.text("messaging.message.id"), "m-0", "{why}");
    }
}
