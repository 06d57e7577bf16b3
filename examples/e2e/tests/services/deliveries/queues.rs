//! SQS: only failed messages are delivered again.

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::json;
use thundra_examples::harness::cloud::Queue;

use super::{Stage, Work};
use crate::sent::Sent;
use crate::soon;

/// The number of messages in a batch.
const BATCH: i32 = 10;

/// The attribute with the number of deliveries.
const RECEIVE_COUNT: &str = "aws.sqs.receive_count";

/// The seconds until a failed message is delivered again.
const REDELIVERY: u32 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn only_failed_messages_are_delivered_again() {
    let stage = Stage::open("standard").await;
    let queue = stage.cloud.create_queue("orders", REDELIVERY).await.unwrap();
    let mapping = stage.cloud.map_queue(&queue, stage.name, BATCH).await.unwrap();
    // The messages of a pause are one batch.
    stage.cloud.enable(&mapping, false).await.unwrap();
    let first = stage.send(&queue, "first", None, 0).await;
    let fails = stage.send(&queue, "fails-once", None, 1).await;
    let last = stage.send(&queue, "last", None, 0).await;
    stage.cloud.enable(&mapping, true).await.unwrap();
    stage.empties(&queue).await;

    let again = stage.works(&fails, 2).await;
    let ways = ["process orders › work", "standard › process orders › work"];
    assert_eq!(again.iter().map(|work| work.way.as_str()).collect::<Vec<_>>(), ways, "the second time it is alone");
    for sent in [&first, &last] {
        let [work] = &stage.works(sent, 1).await[..] else { panic!("one expected") };
        assert_eq!(work.way, "process orders › work");
        assert_eq!(work.invocation.id, again[0].invocation.id, "one batch");
        sent.assert_same(&work.seen);
    }
    for work in &again {
        fails.assert_same(&work.seen);
        assert_eq!(work.invocation.attribute("messaging.system"), Some("aws_sqs"));
        assert_eq!(work.invocation.attribute("faas.trigger"), Some("pubsub"));
    }
    assert_eq!(failed(&again), [true, false]);
    assert_eq!(receive_counts(&again), ["1", "2"]);
    assert_eq!(again[1].invocation.attribute(RECEIVE_COUNT), Some("2"), "of its one message");
    let waited = again[1].record.as_ref().unwrap().attribute("thundra.queue.time_ms").unwrap();
    assert!(
        waited.parse::<f64>().unwrap() >= 1000.0 * f64::from(REDELIVERY),
        "it waited to be delivered again: {waited}"
    );
    assert_eq!(again[0].invocation.attribute("thundra.batch.failures"), Some("1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_and_the_rest_of_its_group_are_delivered_again() {
    let stage = Stage::open("fifo").await;
    let queue = stage.cloud.create_queue("parcels.fifo", REDELIVERY).await.unwrap();
    let mapping = stage.cloud.map_queue(&queue, stage.name, BATCH).await.unwrap();
    stage.cloud.enable(&mapping, false).await.unwrap();
    let before = stage.send(&queue, "before", Some("red"), 0).await;
    let fails = stage.send(&queue, "fails-once", Some("red"), 1).await;
    let behind = stage.send(&queue, "behind", Some("red"), 0).await;
    let other = stage.send(&queue, "other-group", Some("blue"), 0).await;
    stage.cloud.enable(&mapping, true).await.unwrap();
    stage.empties(&queue).await;

    let again = stage.works(&fails, 2).await;
    assert_eq!((failed(&again), receive_counts(&again)), (vec![true, false], vec!["1", "2"]));
    for sent in [&before, &other] {
        let [work] = &stage.works(sent, 1).await[..] else { panic!("one expected") };
        assert_eq!(work.invocation.id, again[0].invocation.id, "one batch");
    }
    let [work] = &stage.works(&behind, 1).await[..] else { panic!("one expected") };
    assert_eq!(work.span.attribute("delivery"), Some("2"), "it waited for the one before");
    assert_eq!(work.invocation.id, again[1].invocation.id, "one batch");
    assert!(work.span.start_time_unix_nano >= again[1].span.end_time_unix_nano, "in order");
    behind.assert_same(&work.seen);
    assert_eq!(again[0].invocation.attribute("thundra.batch.failures"), Some("2"), "with the one that did not run");
}

impl Stage {
    /// Sends an order that fails `fails` times, in a separate trace.
    async fn send(&self, queue: &Queue, order: &str, group: Option<&str>, fails: u32) -> Sent {
        let body = json!({ "order": order, "fails": fails }).to_string();
        let send = async {
            let sqs = thundra_aws::sqs::client(&self.config);
            let message = sqs.send_message().queue_url(&queue.url).message_body(body);
            let message = message.set_message_group_id(group.map(str::to_owned));
            message.set_message_deduplication_id(group.map(|_| order.to_owned())).send().await.unwrap();
        };
        Sent::by(order, "SQS.SendMessage", send).await
    }

    /// Waits until a queue is empty and no further delivery follows.
    async fn empties(&self, queue: &Queue) {
        use QueueAttributeName::{ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible};
        let sqs = aws_sdk_sqs::Client::new(&self.config);
        soon(&queue.arn, async || {
            let names = [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible];
            let request = sqs.get_queue_attributes().queue_url(&queue.url).set_attribute_names(Some(names.into()));
            let attributes = request.send().await.unwrap().attributes.unwrap();
            attributes.values().all(|number| number == "0").then_some(())
        })
        .await;
    }
}

/// Returns the failures of the records.
fn failed(works: &[Work]) -> Vec<bool> {
    works.iter().map(|work| work.record.as_ref().unwrap().error.is_some()).collect()
}

fn receive_counts(works: &[Work]) -> Vec<&str> {
    works.iter().map(|work| work.record.as_ref().unwrap().attribute(RECEIVE_COUNT).unwrap()).collect()
}
